import { setTimeout as pause } from 'node:timers/promises';
import type { ClientOperation, ClientTaskState } from '@espalier/contracts';
import { findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { wholeNumber } from '../options.js';
import { Progress } from '../terminal/progress.js';
import { showTime } from '../terminal/times.js';

const POLL_MS = 1_000;
const OPEN: readonly ClientTaskState[] = ['waiting', 'fetched'];

/** Reads the number of an operation. */
export const operationId = wholeNumber(1, 2_147_483_647);

/** Resource ids of devices as people name them, each once. @throws CliError */
export async function deviceIdsOf({ api }: Cli, named: readonly string[]): Promise<number[]> {
  return Promise.all([...new Set(named)].map(async (one) => (await findDevice(api, one)).resourceId));
}

export function getOperation({ api }: Cli, id: number): Promise<ClientOperation> {
  return api.get<ClientOperation>(path`/api/v1/client-operations/${id}`);
}

/** Shows how far an operation is until every device has ended; the process ends with 1 where one did not succeed. */
export async function watchOperation(cli: Cli, begun: ClientOperation): Promise<ClientOperation> {
  const progress = new Progress(cli.world);
  try {
    for (;;) {
      const isMade = begun.jobId === null || (await jobIsOver(cli, begun.jobId));
      // Looked at only now: the job may have made the last tasks since the last look.
      const operation = await getOperation(cli, begun.id);
      const all = total(operation);
      const open = OPEN.reduce((sum, state) => sum + operation.tasks[state], 0);
      if (open === 0 && isMade) {
        if (operation.tasks.succeeded < all) cli.exitCode = exitCodes.failed;
        return operation;
      }
      progress.show(`${operation.title}: ${all - open} of ${all} devices.`);
      await pause(POLL_MS);
    }
  } finally {
    progress.end();
  }
}

async function jobIsOver({ api }: Cli, id: string): Promise<boolean> {
  const { state } = await api.get<{ readonly state: string }>(path`/api/v1/jobs/${id}`);
  return state !== 'queued' && state !== 'running';
}

const total = ({ tasks }: ClientOperation): number =>
  Object.values(tasks).reduce((sum, count) => sum + count, 0);

/** Shows an operation to people. @param more what shows the devices of it */
export function recordOperation({ out }: Cli, shown: ClientOperation, more: string): void {
  out.record([
    ['Operation', shown.id],
    ['What', shown.title],
    ['Collection', shown.collectionId],
    ['Asked by', `${shown.requestedBy}, ${showTime(shown.requestedAt) ?? ''}`],
    ['Lapses', showTime(shown.expiresAt)],
    ...Object.entries(shown.tasks)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => [state, count] as [string, number]),
  ]);
  out.note(more);
}

/** Shows an operation. */
export function showOperation(cli: Cli, shown: ClientOperation): void {
  cli.out.result(shown, () =>
    recordOperation(cli, shown, `See what devices did: espalier scripts result ${shown.id}`),
  );
}
