import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Cli } from '../cli.js';
import { wholeNumber } from '../options.js';
import { readLength, showTime } from '../terminal/times.js';
import { subcommand } from './define.js';

interface Link {
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

const MOST_USES = 100_000;

/** `espalier links`. */
export function links(command: Command, cli: Cli): void {
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
      const link = await cli.api.post<Link>('/api/v1/enrollment-links', body, { neverTwice: true });
      cli.out.result(link, () => {
        cli.out.line(link.url);
        const many = link.maxUses === 1 ? 'one device' : `${link.maxUses} devices`;
        cli.out.note(`It is for ${many}, until ${showTime(link.expiresAt) ?? ''}.`);
      });
    });
}
