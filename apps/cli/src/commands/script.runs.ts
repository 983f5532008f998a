import type { ClientOperation, ClientTask, ClientTaskDetail } from '@espalier/contracts';
import type { Command } from 'commander';
import { showList } from '../api/list.js';
import { findCollection, findDevice, findScript } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { addListOptions, readPair, several, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deviceIdsOf, getOperation, operationId, showOperation, watchOperation } from './operation.watch.js';

interface RunOptions {
  readonly collection?: string;
  readonly parameter?: readonly string[];
  readonly wait?: boolean;
}

/** What `espalier scripts` has for running them. */
export function runs(command: Command, cli: Cli): void {
  subcommand(command, 'run <script> [devices...]', {
    summary: 'run an approved script on devices, or on a collection',
    description:
      'Run an approved script on devices, or on a collection. Devices without a Mac client are told apart at once. On many devices it waits for a second person.',
    example: 'espalier scripts run "Free space" LAB-01 LAB-02 --wait',
    examples: ['espalier scripts run "Free space" --collection Lab --reason "Disks are full"'],
  })
    .option('-c, --collection <collection>', 'all members of this collection')
    .option('-p, --parameter <name=value>', 'may be given several times', several)
    .option('-w, --wait', 'until every device has ended; 1 where one did not succeed')
    .action((name: string, devices: readonly string[], options: RunOptions) =>
      run(cli, name, devices, options),
    );

  addListOptions(
    subcommand(command, 'result <operation>', {
      summary: 'see how far a run is, and what devices did; with --device what one printed',
      example: 'espalier scripts result 4711 --device LAB-01',
    }).option('-d, --device <device>', 'what this device printed'),
    "state eq 'failed'",
  ).action((operation: string, options: ListOptions & { readonly device?: string }) =>
    showResult(cli, operationId(operation), options),
  );

  subcommand(command, 'cancel <operation>', {
    summary: 'take a run back from the devices that have not fetched it',
    example: 'espalier scripts cancel 4711',
  }).action(async (operation: string) => {
    const cancelled = await cli.api.post<ClientOperation>(
      path`/api/v1/client-operations/${operationId(operation)}/cancel`,
      {},
    );
    showOperation(cli, cancelled);
  });
}

async function run(
  cli: Cli,
  name: string,
  devices: readonly string[],
  { collection, parameter = [], wait }: RunOptions,
): Promise<void> {
  const { api } = cli;
  if ((devices.length === 0) === (collection === undefined))
    throw usageError('Name devices, or a --collection.');
  const script = await findScript(api, name);
  const target =
    collection === undefined
      ? { deviceIds: await deviceIdsOf(cli, devices) }
      : { collectionId: (await findCollection(api, collection)).id };
  await cli.confirm(
    `Run ${script.name}, version ${script.scriptVersion}, on ${collection ?? devices.join(', ')}?`,
  );
  const parameters = Object.fromEntries(parameter.map((pair) => readPair(pair)));
  const begun = await api.post<ClientOperation>(path`/api/v1/scripts/${script.id}/run`, {
    ...target,
    parameters,
  });
  showOperation(cli, wait === true ? await watchOperation(cli, begun) : begun);
}

async function showResult(
  cli: Cli,
  operation: number,
  { device, ...options }: ListOptions & { readonly device?: string },
): Promise<void> {
  const { api, out } = cli;
  if (device !== undefined) {
    const { resourceId } = await findDevice(api, device);
    const task = await api.get<ClientTaskDetail>(
      path`/api/v1/client-operations/${operation}/tasks/${resourceId}`,
    );
    out.result(task, () => {
      out.record([
        ['Device', task.deviceName],
        ['State', task.state],
        ['Reason', task.reason],
        ['Exit code', task.exitCode],
        ['Fetched', showTime(task.fetchedAt)],
        ['Ended', showTime(task.finishedAt)],
      ]);
      if (task.outputBytes === 0) return;
      out.heading(task.isTruncated ? 'Output (its beginning)' : 'Output');
      out.foreign(task.output);
    });
    return;
  }
  const shown = await getOperation(cli, operation);
  if (!out.isJson) showOperation(cli, shown);
  await showList<ClientTask>(
    cli,
    {
      path: path`/api/v1/client-operations/${operation}/tasks`,
      columns: [
        number('ID', ({ deviceId }) => deviceId),
        text('DEVICE', ({ deviceName }) => deviceName),
        whole('STATE', ({ state }) => state),
        number('EXIT', ({ exitCode }) => exitCode),
        minor(text('REASON', ({ reason }) => reason)),
        minor(whole('ENDED', ({ finishedAt }) => showTime(finishedAt))),
      ],
      nothing: 'No device has a task of it yet.',
    },
    options,
  );
}
