import type { ApiToken } from '@espalier/contracts';
import type { Command } from 'commander';
import { showList } from '../api/list.js';
import { findAdministrator } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { several, wholeNumber } from '../options.js';
import { minor, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';

interface Made {
  readonly token: ApiToken;
  readonly secret: string;
}

interface CreateOptions {
  readonly scope?: readonly string[];
  readonly expiresInDays?: number;
  readonly administrator?: string;
}

/** `espalier tokens`. */
export function tokens(command: Command, cli: Cli): void {
  const standing = ({ revokedAt, expiresAt }: ApiToken): string => {
    if (revokedAt !== null) return 'revoked';
    return expiresAt !== null && expiresAt <= cli.world.now().getTime() ? 'expired' : 'good';
  };

  subcommand(command, 'list', { summary: 'list API tokens, newest first', example: 'espalier tokens list' })
    .option('-n, --limit <count>', 'show so many at most (default: 200)', wholeNumber(1, 1_000_000))
    .option('--all', 'show all of them')
    .action((options: { readonly limit?: number; readonly all?: boolean }) =>
      showList<ApiToken>(
        cli,
        {
          path: '/api/v1/tokens',
          columns: [
            whole('ID', ({ id }) => id),
            text('NAME', ({ name }) => name),
            whole('IS', standing),
            whole('EXPIRES', ({ expiresAt }) => showTime(expiresAt)),
            minor(whole('LAST USED', ({ lastUsedAt }) => showTime(lastUsedAt))),
            minor(text('MADE BY', ({ createdBy }) => createdBy)),
            minor(text('SCOPES', ({ scopes }) => scopes.join(' '))),
          ],
          nothing: 'There are no tokens.',
        },
        options,
      ),
    );

  subcommand(command, 'create <name>', {
    summary: 'make an API token; it is shown this once',
    description:
      'Make an API token; it is shown this once, alone on standard output. It can have no scope that you do not have; espalier whoami lists yours.',
    example: 'espalier tokens create "inventory report" --scope devices:read --expires-in-days 30',
    examples: [
      'espalier tokens create nightly --scope devices:read,status:read --administrator "CORP\\nightly"',
    ],
  })
    .option('-s, --scope <scope>', 'what it may do; several times, or separated by commas', several)
    .option('--expires-in-days <days>', 'default: 90', wholeNumber(1, 366))
    .option('-a, --administrator <name>', 'whose token it is (default: yours)')
    .action(async (name: string, { scope = [], expiresInDays, administrator }: CreateOptions) => {
      const scopes = scope.flatMap((written) => written.split(',')).map((one) => one.trim());
      if (scopes.length === 0)
        throw usageError(
          'Say what it may do: --scope devices:read',
          'espalier whoami lists the scopes that you have.',
        );
      const owner = administrator === undefined ? undefined : await findAdministrator(cli.api, administrator);
      const body = {
        name,
        scopes,
        ...(expiresInDays !== undefined && { expiresInDays }),
        ...(owner !== undefined && { administratorId: owner.id }),
      };
      const made = await cli.api.post<Made>('/api/v1/tokens', body, { neverTwice: true });
      cli.out.result(made, () => {
        cli.out.line(made.secret);
        cli.out.note(
          `This is the token "${made.token.name}". Keep it well: it is not shown again. It expires ${showTime(made.token.expiresAt) ?? 'never'}.`,
        );
      });
    });

  subcommand(command, 'revoke <id>', {
    summary: 'revoke an API token',
    description: 'Revoke an API token. Takes effect at once on one replica and within seconds on all.',
    example: 'espalier tokens revoke 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => {
    await cli.confirm(`Revoke the token ${id}? Whatever uses it stops working.`);
    await cli.api.delete(path`/api/v1/tokens/${id}`);
    cli.out.result({ revoked: id }, () => cli.out.line('Revoked.'));
  });
}
