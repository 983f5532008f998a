import type { QueuedCommand } from '@espalier/contracts';
import type { Cli } from '../cli.js';
import { printableJson } from '../terminal/printable.js';
import { minor, text, whole, type Column } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';

/** A command with what the device answered; null until it did. */
export interface CommandDetail {
  readonly command: QueuedCommand;
  readonly result: unknown;
}

/** How commands are shown in lists. */
export const commandColumns: readonly Column<QueuedCommand>[] = [
  whole('ID', ({ id }) => id),
  text('COMMAND', ({ requestType }) => requestType),
  whole('STATE', ({ state }) => state),
  minor(text('BY', ({ createdBy }) => createdBy)),
  whole('SENT OFF', ({ createdAt }) => showTime(createdAt)),
  minor(whole('FETCHED', ({ sentAt }) => showTime(sentAt))),
  minor(whole('DONE', ({ completedAt }) => showTime(completedAt))),
  text('ERROR', ({ errorChain }) => errorChain[0]?.description),
];

/** Shows a command with the answer. */
export function showCommand({ out }: Cli, detail: CommandDetail): void {
  const { command, result } = detail;
  out.result(detail, () => {
    out.record([
      ['Command', command.requestType],
      ['Id', command.id],
      ['For', command.enrollmentId],
      ['State', command.state],
      ['Sent off', `${showTime(command.createdAt) ?? ''} by ${command.createdBy}`],
      ['Pushed', showTime(command.pushedAt)],
      ['Fetched', showTime(command.sentAt)],
      [
        'Deferred',
        command.notNowCount === 0
          ? null
          : `${command.notNowCount} times, since ${showTime(command.notNowSince) ?? ''}`,
      ],
      ['Done', showTime(command.completedAt)],
      ...command.errorChain.map(
        ({ code, domain, description }) => ['Error', `${description} (${domain} ${code})`] as const,
      ),
    ]);
    if (result === null) return;
    out.heading('Answer');
    out.line(printableJson(result, 2));
  });
}
