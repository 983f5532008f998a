import type { RoleAssignment } from '@espalier/contracts';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import type { Field } from '../terminal/output.js';
import { showDuration, showTime } from '../terminal/times.js';
import { about } from './define.js';
import { rolesOf } from './roles.js';

/** Who one is, as the server tells it; one of an older version tells less. */
export interface Whoami {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly method?: string;
  readonly administrator?: { readonly id: string; readonly name: string };
  readonly roles?: readonly RoleAssignment[];
}

/** `espalier whoami`. */
export function whoami(command: Command, cli: Cli): void {
  about(command, { summary: 'who you are, and what you may do', example: 'espalier whoami' }).action(
    async () => {
      const me = await cli.api.get<Whoami>('/api/v1/whoami');
      const { url, profileName } = cli.api.settings;
      cli.out.result({ profile: profileName, url, ...me }, () => {
        const left =
          me.expiresAt === null
            ? 'never'
            : `${showTime(me.expiresAt) ?? ''}, in ${showDuration(me.expiresAt - cli.world.now().getTime())}`;
        const who: Field[] =
          me.administrator === undefined
            ? []
            : [
                ['Administrator', me.administrator.name],
                ['Roles', rolesOf(me.roles ?? [])],
              ];
        cli.out.record([
          ['Server', url],
          ['Profile', profileName],
          ...who,
          ['Signed in by', me.method ?? me.type],
          ['Name', me.name],
          ['Id', me.id],
          ['Expires', left],
          ['May', me.scopes.join(', ')],
        ]);
      });
    },
  );
}
