import type { DeviceDetail, QueuedCommand } from '@espalier/contracts';
import type { Command } from 'commander';
import { collect } from '../api/list.js';
import { findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { several, wholeNumber } from '../options.js';
import { sendCommand, type SendOptions } from './command.sending.js';
import { commandColumns, showCommand, type CommandDetail } from './command.view.js';
import { subcommand } from './define.js';
import { addWaitOption } from './job.watch.js';

const DEFAULT_COUNT = 20;

/** `espalier commands`. */
export function commands(command: Command, cli: Cli): void {
  addWaitOption(
    subcommand(command, 'send <request-type> [device...]', {
      summary: 'send a command to devices, or to a collection',
      description:
        'Send a command to devices, to all of them or, where one cannot get commands, to none; or to a collection, as a job. What loses data, locks people out or interrupts them asks first, and never goes to a collection.',
      example: 'espalier commands send DeviceInformation mac-042 --wait',
      examples: [
        'espalier commands send DeviceLock mac-042 --argument PIN=123456 --argument "Message=Please call 4711"',
        'espalier commands send SecurityInfo --collection "All Macs" --wait',
      ],
    }),
  )
    .option(
      '-a, --argument <key=value>',
      "key of Apple's command, a text; key:=value is JSON; several times",
      several,
    )
    .option('--arguments <json>', "the keys of Apple's command as a JSON object; @FILE reads it from a file")
    .option('-c, --collection <collection>', 'instead of devices: all of its members')
    .option('--priority <number>', 'higher goes first', wholeNumber(-100, 100))
    .option('--no-push', 'let devices sleep: they get it when they next connect')
    .option('--raw', 'send also what is not known here')
    .action((requestType: string, names: readonly string[], options: SendOptions) =>
      sendCommand(cli, requestType, names, options),
    );

  subcommand(command, 'list <device>', {
    summary: 'list the commands of a device, newest first',
    example: 'espalier commands list mac-042',
  })
    .option('-n, --limit <count>', `show so many at most (default: ${DEFAULT_COUNT})`, wholeNumber(1, 10_000))
    .action(async (name: string, { limit = DEFAULT_COUNT }: { readonly limit?: number }) => {
      const { api, out } = cli;
      const { resourceId } = await findDevice(api, name);
      const { enrollments } = await api.get<DeviceDetail>(path`/api/v1/devices/${resourceId}`);
      const lists = await Promise.all(
        enrollments.map(({ enrollmentId }) =>
          collect<QueuedCommand>(api, path`/api/v1/enrollments/${enrollmentId}/commands`, {}, limit),
        ),
      );
      const items = lists
        .flat()
        .sort((a, b) => b.createdAt - a.createdAt)
        .slice(0, limit);
      out.result({ items }, () => {
        if (items.length === 0) out.note('No commands were sent to it, or they are forgotten by now.');
        else out.table(items, commandColumns);
      });
    });

  subcommand(command, 'show <id>', {
    summary: 'see a command, and what the device answered',
    example: 'espalier commands show 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => {
    const detail = await cli.api.get<CommandDetail>(path`/api/v1/commands/${id}`);
    showCommand(cli, detail);
  });

  subcommand(command, 'cancel <id>', {
    summary: 'take a command back, until the device has fetched it',
    example: 'espalier commands cancel 0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
  }).action(async (id: string) => {
    const { body } = await cli.api.send({ method: 'DELETE', path: path`/api/v1/commands/${id}` });
    const { command: cancelled } = JSON.parse(body.toString('utf8')) as CommandDetail;
    if (cancelled.state !== 'cancelled')
      throw new CliError(`It is too late: the command is ${cancelled.state}.`, exitCodes.conflict);
    cli.out.result(cancelled, () => cli.out.say(`${cancelled.requestType} is cancelled.`));
  });
}
