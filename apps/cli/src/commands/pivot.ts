import type { ClientOperation, ClientTask, ClientTaskDetail } from '@espalier/contracts';
import type { Command } from 'commander';
import { collect } from '../api/list.js';
import { findCollection } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { several, wholeNumber } from '../options.js';
import { text, whole, type Column } from '../terminal/table.js';
import { about } from './define.js';
import {
  deviceIdsOf,
  getOperation,
  operationId,
  recordOperation,
  watchOperation,
} from './operation.watch.js';

interface PivotOptions {
  readonly collection?: string;
  readonly device?: readonly string[];
  readonly operation?: number;
  readonly wait?: boolean;
  readonly limit?: number;
}

/** A row with the device that it is of. */
interface PivotRow {
  readonly device: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const DEFAULT_LIMIT = 200;
/** Answers that are fetched side by side: each is a request of its own. */
const AT_ONCE = 8;
const ANSWERED = "state eq 'succeeded' or state eq 'failed'";

/** `espalier pivot`. */
export function pivot(command: Command, cli: Cli): void {
  about(command, {
    summary: 'ask devices a CMPivot query, and see their rows',
    description:
      'Ask devices, or all members of a collection, a CMPivot query, and see their rows. Devices without a Mac client are told apart at once. --operation shows the rows of a query that was asked before.',
    example: 'espalier pivot "OS | project Caption, Version" --collection Lab --wait',
    examples: [
      'espalier pivot "Disk" --device LAB-01 --device LAB-02 --wait',
      'espalier pivot --operation 4711 --json',
    ],
  })
    .argument('[query]')
    .option('-c, --collection <collection>', 'all members of this collection')
    .option('-d, --device <device>', 'this device; may be given several times', several)
    .option('--operation <number>', 'what was asked before', operationId)
    .option('-w, --wait', 'until every device has ended; 1 where one did not succeed')
    .option(
      '-n, --limit <count>',
      `rows of so many devices at most (default: ${DEFAULT_LIMIT})`,
      wholeNumber(1, 100_000),
    )
    .action(async (query: string | undefined, options: PivotOptions) => {
      const { operation, wait, limit = DEFAULT_LIMIT } = options;
      if ((query === undefined) === (operation === undefined))
        throw usageError('Say what to ask, or name the --operation of what was asked before.');
      if (operation !== undefined && (options.device ?? options.collection) !== undefined)
        throw usageError('What was asked before has its devices already.');
      const begun =
        operation === undefined ? await ask(cli, query ?? '', options) : await getOperation(cli, operation);
      if (operation === undefined && wait !== true) {
        cli.out.result(begun, () =>
          recordOperation(cli, begun, `See their rows: espalier pivot --operation ${begun.id}`),
        );
        return;
      }
      await showRows(cli, wait === true ? await watchOperation(cli, begun) : begun, limit);
    });
}

async function ask(
  cli: Cli,
  query: string,
  { collection, device = [] }: PivotOptions,
): Promise<ClientOperation> {
  if ((device.length === 0) === (collection === undefined))
    throw usageError('Name devices with --device, or a --collection.');
  if (collection === undefined)
    return cli.api.post<ClientOperation>('/api/v1/pivot', {
      query,
      deviceIds: await deviceIdsOf(cli, device),
    });
  const { id } = await findCollection(cli.api, collection);
  return cli.api.post<ClientOperation>(path`/api/v1/collections/${id}/pivot`, { query });
}

async function showRows(cli: Cli, operation: ClientOperation, limit: number): Promise<void> {
  const { out } = cli;
  const answers = await answersOf(cli, operation.id, limit);
  const rows = answers.flatMap(({ deviceName, rows: its }) =>
    (its ?? []).map((values): PivotRow => ({ device: deviceName, values })),
  );
  const without = answers.filter((answer) => answer.rows === null);
  out.result({ ...operation, answers }, () => {
    recordOperation(cli, operation, `See what devices did: espalier scripts result ${operation.id}`);
    if (rows.length > 0) {
      out.heading('Rows');
      out.table(rows, columnsOf(rows));
    }
    if (without.length > 0) {
      out.heading('Without rows');
      out.table(without, [
        text('DEVICE', ({ deviceName }) => deviceName),
        whole('STATE', ({ state }) => state),
        text('WHY', ({ reason, output }) => reason ?? output),
      ]);
    }
  });
  const { succeeded, failed } = operation.tasks;
  if (answers.length === limit && succeeded + failed > limit) out.note('There is more: say --limit N.');
}

/** What devices answered, in the order of their ids. */
async function answersOf({ api }: Cli, operation: number, limit: number): Promise<ClientTaskDetail[]> {
  const tasks = path`/api/v1/client-operations/${operation}/tasks`;
  const ended = await collect<ClientTask>(api, tasks, { filter: ANSWERED }, limit);
  const answers: ClientTaskDetail[] = [];
  for (let from = 0; from < ended.length; from += AT_ONCE)
    answers.push(
      ...(await Promise.all(
        ended
          .slice(from, from + AT_ONCE)
          .map(({ deviceId }) => api.get<ClientTaskDetail>(`${tasks}${path`/${deviceId}`}`)),
      )),
    );
  return answers;
}

/** The device, and whatever some row has, in the order in which it turns up. */
function columnsOf(rows: readonly PivotRow[]): Column<PivotRow>[] {
  const names = new Set(rows.flatMap(({ values }) => Object.keys(values)));
  return [
    text('DEVICE', ({ device }) => device),
    ...[...names].map((name) => text<PivotRow>(name.toUpperCase(), ({ values }) => shown(values[name]))),
  ];
}

function shown(value: unknown): string | number | boolean | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}
