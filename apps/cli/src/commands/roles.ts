import type { Role, RoleAssignment } from '@espalier/contracts';
import type { Command } from 'commander';
import { only } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { number, text, whole } from '../terminal/table.js';
import { subcommand } from './define.js';

/** `espalier roles`. */
export function roles(command: Command, cli: Cli): void {
  subcommand(command, 'list', {
    summary: 'list the roles that administrators can have',
    example: 'espalier roles list',
  }).action(async () => {
    const items = await allRoles(cli);
    cli.out.result({ items }, () =>
      cli.out.table(items, [
        whole('ID', ({ id }) => id),
        text('NAME', ({ name }) => name),
        number('SCOPES', ({ scopes }) => scopes.length),
        text('FOR', ({ description }) => description),
      ]),
    );
  });

  subcommand(command, 'show <role>', {
    summary: 'see what a role allows',
    description: 'See what a role allows. Roles are named by id or name.',
    example: 'espalier roles show helpdesk',
  }).action(async (name: string) => {
    const role = await findRole(cli, name);
    cli.out.result(role, () => {
      cli.out.record([
        ['Name', role.name],
        ['Id', role.id],
        ['For', role.description],
      ]);
      cli.out.heading('Allows');
      for (const scope of role.scopes) cli.out.say(`  ${scope}`);
    });
  });
}

const allRoles = async ({ api }: Cli): Promise<readonly Role[]> =>
  (await api.get<{ readonly items: readonly Role[] }>('/api/v1/roles')).items;

/** The role with this id or name, in any case. @throws CliError */
export async function findRole(cli: Cli, asked: string): Promise<Role> {
  const wanted = asked.toLowerCase();
  const isId = ({ id }: Role): boolean => id === wanted;
  return only(
    (await allRoles(cli)).filter((role) => isId(role) || role.name.toLowerCase() === wanted),
    {
      what: 'role',
      see: 'espalier roles list',
      asked,
      isId,
      describe: ({ id, name }) => `${id}  ${name}`,
    },
  );
}

/** Roles in one line, each with where it holds. */
export function rolesOf(assignments: readonly RoleAssignment[]): string {
  return assignments
    .map(({ roleId, collectionIds }) =>
      collectionIds === null ? roleId : `${roleId} in ${collectionIds.join(' and ')}`,
    )
    .join(', ');
}
