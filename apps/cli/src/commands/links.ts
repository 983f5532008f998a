import type { EnrollmentLink } from '@espalier/contracts';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { showList } from '../api/list.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, wholeNumber, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { readLength, showTime } from '../terminal/times.js';
import { subcommand } from './define.js';

interface MadeLink {
  readonly id: string;
  readonly url: string;
  readonly maxUses: number;
  readonly expiresAt: number;
}

interface CreateOptions {
  readonly uses?: number;
  readonly expiresIn?: number;
  readonly signed: boolean;
}

const PATH = '/api/v1/enrollment-links';
const MOST_USES = 100_000;

/** `espalier links`. */
export function links(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'list links, newest first; what they are is shown only when they are made',
      example: 'espalier links list',
      examples: [`espalier links list --filter "state eq 'usable'" --order-by expiresAt`],
    }),
    "state eq 'usable'",
  ).action((options: ListOptions) =>
    showList<EnrollmentLink>(
      cli,
      {
        path: PATH,
        columns: [
          whole('ID', ({ id }) => id),
          whole('STATE', ({ state }) => state),
          number('USES', ({ uses, maxUses }) => `${uses} of ${maxUses}`),
          whole('EXPIRES', ({ expiresAt }) => showTime(expiresAt)),
          minor(whole('MADE', ({ createdAt }) => showTime(createdAt))),
          minor(text('MADE BY', ({ createdBy }) => createdBy)),
          minor(text('REVOKED BY', ({ revokedBy }) => revokedBy)),
        ],
        nothing: 'There are no links.',
      },
      options,
    ),
  );

  subcommand(command, 'create', {
    summary: 'make a link under which devices enrol; it is shown this once',
    description:
      'Make a link under which devices enrol; it is shown this once, alone on standard output. Whoever has it can enrol a device: hand it out like a password.',
    example: 'espalier links create --uses 20 --expires-in 7d',
  })
    .option('--uses <count>', 'profiles that it hands out (default: 1)', wholeNumber(1, MOST_USES))
    .option('--expires-in <time>', 'as in 8h or 7d, up to 90d (default: 1d)', (written) => {
      const ms = readLength(written);
      if (ms === undefined) throw new InvalidArgumentError('It must be a time such as 30m, 8h or 7d.');
      return ms;
    })
    .option('--no-signed', 'hand the profile out without a signature')
    .action(async ({ uses, expiresIn, signed }: CreateOptions) => {
      const body = {
        signed,
        ...(uses !== undefined && { maxUses: uses }),
        ...(expiresIn !== undefined && { expiresInSeconds: expiresIn / 1_000 }),
      };
      const link = await cli.api.post<MadeLink>(PATH, body, { neverTwice: true });
      cli.out.result(link, () => {
        cli.out.line(link.url);
        const many = link.maxUses === 1 ? 'one device' : `${link.maxUses} devices`;
        cli.out.note(`It is for ${many}, until ${showTime(link.expiresAt) ?? ''}.`);
      });
    });

  subcommand(command, 'revoke <id>', {
    summary: 'revoke a link: no device enrols with it any more',
    description:
      'Revoke a link: no device enrols with it any more, nor with a profile that it handed out before. Devices that are enrolled stay so.',
    example: 'espalier links revoke 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => {
    await cli.confirm(`Revoke the link ${id}? No device enrols with it any more.`);
    await cli.api.delete(path`/api/v1/enrollment-links/${id}`);
    cli.out.result({ revoked: id }, () => cli.out.say('Revoked.'));
  });
}
