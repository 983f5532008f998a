import type {
  AssetStatus,
  Deployment,
  DeploymentDetail,
  DeploymentDevice,
  DeploymentSummary,
  Job,
} from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { both, quoted, showList } from '../api/list.js';
import { findCollection, findDeployment, findThing } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { addListOptions, type ListOptions } from '../options.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { deleteConfirmed } from './deletion.js';
import { showDeployment } from './deployment.view.js';
import { addWaitOption, finishJob, type WaitOptions } from './job.watch.js';

interface DeploymentListOptions extends ListOptions {
  readonly collection?: string;
  readonly thing?: string;
}

/** The last step that a device has done. */
function lastStep({ steps }: DeploymentDevice): string {
  const done = (
    [
      ['verified', steps.verifiedAt],
      ['acknowledged', steps.acknowledgedAt],
      ['fetched', steps.fetchedAt],
      ['pushed', steps.pushedAt],
      ['queued', steps.queuedAt],
      ['evaluated', steps.evaluatedAt],
      ['targeted', steps.targetedAt],
    ] as const
  ).find(([, at]) => at !== null && at !== undefined);
  return done === undefined ? '-' : `${done[0]} ${showTime(done[1]) ?? ''}`;
}

/** `espalier deployments`. */
export function deployments(command: Command, cli: Cli): void {
  const deployment = (name: string): Promise<Deployment> => findDeployment(cli.api, name);

  addListOptions(
    subcommand(command, 'list', {
      summary: 'list deployments, newest first, with how devices stand',
      example: 'espalier deployments list --collection "All Macs"',
      examples: ['espalier deployments list --filter "error gt 0"'],
    })
      .option('-c, --collection <collection>', 'only those to it')
      .option('-t, --thing <thing>', 'only those of it'),
    'error gt 0',
  ).action((options: DeploymentListOptions) => list(cli, options));

  subcommand(command, 'show <deployment>', {
    summary: 'see a deployment, and how its devices stand',
    description:
      'See a deployment, and how its devices stand. It is named by its id, assignment number or exact name.',
    example: 'espalier deployments show 3',
  }).action(async (name: string) => {
    const { id } = await deployment(name);
    const [detail, summary] = await Promise.all([
      cli.api.get<DeploymentDetail>(path`/api/v1/deployments/${id}`),
      cli.api.get<DeploymentSummary>(path`/api/v1/deployments/${id}/summary`),
    ]);
    showDeployment(cli, detail, summary);
  });

  addListOptions(
    subcommand(command, 'devices <deployment>', {
      summary: 'list the devices of a deployment, and how far each is',
      example: 'espalier deployments devices 3 --status error',
    }).addOption(
      new Option('-s, --status <status>', 'only those that stand so').choices([
        'success',
        'in-progress',
        'requirements-not-met',
        'unknown',
        'error',
      ]),
    ),
    "contains(name,'lab')",
  ).action(async (name: string, { status, ...options }: ListOptions & { readonly status?: AssetStatus }) => {
    const { id } = await deployment(name);
    await showList<DeploymentDevice>(
      cli,
      {
        path: path`/api/v1/deployments/${id}/devices`,
        query: { status },
        columns: [
          number('ID', ({ resourceId }) => resourceId),
          text('NAME', (device) => device.name),
          whole('STATUS', (device) => device.status),
          whole('LAST STEP', lastStep),
          text('REASON', ({ reason, errorCode }) => [reason, errorCode].filter(Boolean).join(' ')),
        ],
        nothing: 'No device fits.',
      },
      options,
    );
  });

  addWaitOption(
    subcommand(command, 'evaluate <deployment>', {
      summary: 'have all devices of a deployment looked at now, and mended',
      example: 'espalier deployments evaluate 3 --wait',
    }),
  ).action(async (name: string, options: WaitOptions) => {
    const { id } = await deployment(name);
    await finishJob(cli, await cli.api.post<Job>(path`/api/v1/deployments/${id}/evaluate`), options);
  });

  for (const [verb, enabled, summary] of [
    ['disable', false, 'stop a deployment for now: devices keep what they have'],
    ['enable', true, 'let a deployment go on'],
  ] as const)
    subcommand(command, `${verb} <deployment>`, {
      summary,
      example: `espalier deployments ${verb} 3`,
    }).action(async (name: string) => {
      const { id, version } = await deployment(name);
      const at = path`/api/v1/deployments/${id}`;
      showDeployment(cli, await cli.api.change<DeploymentDetail>('PATCH', at, { enabled }, version));
    });

  subcommand(command, 'delete <deployment>', {
    summary: 'end a deployment: devices lose what it had put on them',
    example: 'espalier deployments delete 3',
  }).action(async (name: string) => {
    const { id, name: called, collectionName, counts } = await deployment(name);
    await deleteConfirmed(cli, {
      path: path`/api/v1/deployments/${id}`,
      id,
      question: `End the deployment ${called} to ${collectionName}? ${counts.targeted} devices lose what it put on them.`,
      done: `${called} is ended; devices follow.`,
    });
  });
}

async function list(cli: Cli, { collection, thing, ...options }: DeploymentListOptions): Promise<void> {
  const [to, of] = await Promise.all([
    collection === undefined ? undefined : findCollection(cli.api, collection),
    thing === undefined ? undefined : findThing(cli.api, thing),
  ]);
  const filter = both(
    to === undefined ? undefined : `collectionId eq ${quoted(to.id)}`,
    of === undefined ? undefined : `thingId eq ${quoted(of.thingId)}`,
  );
  await showList<Deployment>(
    cli,
    {
      path: '/api/v1/deployments',
      query: { filter },
      columns: [
        number('NO', ({ assignmentId }) => assignmentId),
        text('NAME', ({ name }) => name),
        minor(text('THING', ({ thingName }) => thingName)),
        text('COLLECTION', ({ collectionName }) => collectionName),
        whole('INTENT', ({ intent, enabled }) => (enabled ? intent : 'disabled')),
        number('DEVICES', ({ counts }) => counts.targeted),
        number('OK', ({ counts }) => counts.success),
        number('RUNS', ({ counts }) => counts.inProgress),
        number('ERROR', ({ counts }) => counts.error),
        number('?', ({ counts }) => counts.unknown + counts.requirementsNotMet),
        minor(whole('DEADLINE', ({ deadlineAt }) => showTime(deadlineAt))),
      ],
      nothing: 'No deployment fits.',
    },
    options,
  );
}
