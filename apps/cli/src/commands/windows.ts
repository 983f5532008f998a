import type { MaintenanceWindow, StoredMaintenanceWindow } from '@espalier/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import { findCollection, only } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { wholeNumber } from '../options.js';
import { minor, text, whole } from '../terminal/table.js';
import { readLength, readTime, showDuration, showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import {
  addRecurrenceOptions,
  readRecurrence,
  showRecurrence,
  type RecurrenceOptions,
} from './recurrence.js';

interface AddOptions extends RecurrenceOptions {
  readonly start: string;
  readonly duration: number;
  readonly localTime?: boolean;
  readonly updates?: boolean;
  readonly disabled?: boolean;
}

const MINUTE_MS = 60_000;

/** `espalier windows`. */
export function windows(command: Command, cli: Cli): void {
  const idOf = async (name: string): Promise<string> => (await findCollection(cli.api, name)).id;
  const pathOf = (id: string): string => path`/api/v1/collections/${id}/maintenance-windows`;
  const all = async (id: string): Promise<readonly StoredMaintenanceWindow[]> =>
    (await cli.api.get<{ readonly items: readonly StoredMaintenanceWindow[] }>(pathOf(id))).items;

  subcommand(command, 'list <collection>', {
    summary: 'list the maintenance windows of a collection',
    example: 'espalier windows list "All Macs"',
  }).action(async (collection: string) => showWindows(cli, await all(await idOf(collection))));

  addRecurrenceOptions(
    subcommand(command, 'add <collection> <name>', {
      summary: 'add a maintenance window: required work is done only inside of them',
      description:
        'Add a maintenance window. A device in a collection that has some does required work only inside one of them; of several collections all count.',
      example:
        'espalier windows add "All Macs" Nights --start 2026-12-01T22:00 --duration 6h --daily --local-time',
      examples: [
        'espalier windows add "Lab Macs" Saturdays --start 2026-12-05T08:00 --duration 4h --weekly saturday',
        'espalier windows add Servers Patchday --start 2026-12-08T20:00 --duration 3h --monthly "second tuesday"',
      ],
    })
      .requiredOption('--start <time>', 'the first time; 2026-12-01T22:00, +2h')
      .requiredOption('--duration <time>', 'how long it is open, from 5m to 24h', (written) => {
        const ms = readLength(written);
        if (ms === undefined) throw new InvalidArgumentError('It must be a time such as 90m or 4h.');
        return ms / MINUTE_MS;
      }),
    wholeNumber(1, 31),
  )
    .option('--local-time', 'by the clock of each device')
    .option('--updates', 'for software updates only')
    .option('--disabled', 'make it, but let it not count yet')
    .action(async (collection: string, name: string, options: AddOptions) => {
      const { localTime = false } = options;
      const body = {
        name,
        enabled: options.disabled !== true,
        type: options.updates === true ? 'updates' : 'general',
        startAt: readTime('--start', options.start, cli.world.now(), localTime),
        durationMinutes: options.duration,
        localTime,
        recurrence: readRecurrence(options),
      };
      const made = await cli.api.post<StoredMaintenanceWindow>(pathOf(await idOf(collection)), body);
      showWindows(cli, [made], made);
    });

  subcommand(command, 'remove <collection> <window>', {
    summary: 'remove a maintenance window, named by its id or name',
    description:
      'Remove a maintenance window, named by its id or name. Without any window left, work is done at any time.',
    example: 'espalier windows remove "All Macs" Nights',
  }).action(async (collection: string, asked: string) => {
    const collectionId = await idOf(collection);
    const { id, name } = find(await all(collectionId), asked);
    await deleteConfirmed(cli, {
      path: path`/api/v1/collections/${collectionId}/maintenance-windows/${id}`,
      id,
      question: `Remove the maintenance window ${name} of ${collection}?`,
      done: `${name} is removed.`,
    });
  });
}

function find(all: readonly StoredMaintenanceWindow[], asked: string): StoredMaintenanceWindow {
  const isId = ({ id }: StoredMaintenanceWindow): boolean => id === asked.toLowerCase();
  return only(
    all.filter((one) => isId(one) || one.name === asked),
    {
      what: 'maintenance window',
      see: 'espalier windows list COLLECTION',
      asked,
      isId,
      describe: ({ id, name, recurrence }) => `${id}  ${name}  ${showRecurrence(recurrence)}`,
    },
  );
}

/** @param document for programs, where it is no list */
function showWindows(
  { out }: Cli,
  items: readonly StoredMaintenanceWindow[],
  document: unknown = { items },
): void {
  out.result(document, () => {
    if (items.length === 0) out.note('It has no maintenance windows: work is done at any time.');
    else
      out.table(items, [
        minor(whole('ID', ({ id }) => id)),
        text('NAME', ({ name }) => name),
        whole('START', startOf),
        whole('OPEN', ({ durationMinutes }) => showDuration(durationMinutes * MINUTE_MS)),
        whole('AGAIN', ({ recurrence }) => showRecurrence(recurrence)),
        minor(whole('FOR', ({ type }) => type)),
        minor(whole('ENABLED', ({ enabled }) => enabled)),
      ]);
  });
}

/** The clock of each device shows what is kept as if it were UTC. */
function startOf({ startAt, localTime }: MaintenanceWindow): string | null {
  if (!localTime) return showTime(startAt);
  return `${new Date(startAt).toISOString().slice(0, 16).replace('T', ' ')} there`;
}
