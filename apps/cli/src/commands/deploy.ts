import type { DeploymentDetail, LibraryKind } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { findCollection, findThing } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { usageError } from '../cli.error.js';
import { wholeNumber } from '../options.js';
import { readTime } from '../terminal/times.js';
import { about } from './define.js';
import { showDeployment } from './deployment.view.js';

interface DeployOptions {
  readonly kind?: LibraryKind;
  readonly available?: boolean;
  readonly uninstall?: boolean;
  readonly start?: string;
  readonly deadline?: string;
  readonly localTime?: boolean;
  readonly priority: keyof typeof priorities;
  readonly overrideWindows?: boolean;
  readonly notify: boolean;
  readonly disabled?: boolean;
  readonly revision?: number;
  readonly name?: string;
  readonly comment?: string;
}

const priorities = { low: 0, medium: 1, high: 2 } as const;

/** `espalier deploy`. */
export function deploy(command: Command, cli: Cli): void {
  about(command, {
    summary: 'deploy something to a collection',
    description:
      'Deploy a configuration item, baseline, application or package to a collection. From then on the collection decides who gets it: a device that joins gets it, one that leaves loses it.',
    example: 'espalier deploy "Security baseline" "All Macs"',
    examples: ['espalier deploy "Login window" Pilot --deadline +3d --local-time --priority high'],
  })
    .argument('<thing>', 'id or exact name')
    .argument('<collection>', 'id or exact name')
    .addOption(
      new Option('--kind <kind>', 'where several things have the name').choices([
        'configuration-item',
        'baseline',
        'application',
        'package',
      ]),
    )
    .option('--available', 'people may choose it; otherwise it is required')
    .option('--uninstall', 'take it off instead')
    .option('--start <time>', 'available from then on (default: now); 2026-12-01T18:00, +2h')
    .option('--deadline <time>', 'enforced from then on (default: from the start)')
    .option('--local-time', 'both times by the clock of each device')
    .addOption(
      new Option('--priority <priority>', 'of two that exclude each other')
        .choices(Object.keys(priorities))
        .default('medium'),
    )
    .option('--override-windows', 'do not wait for maintenance windows')
    .option('--no-notify', 'tell people at the device nothing')
    .option('--disabled', 'make it, but do nothing yet')
    .option(
      '--revision <number>',
      'always this revision (default: always the newest)',
      wholeNumber(1, 2_147_483_647),
    )
    .option('--name <name>', 'of the deployment')
    .option('--comment <text>', 'for people')
    .action(async (thingName: string, collectionName: string, options: DeployOptions) => {
      const { api } = cli;
      const settings = readSettings(options, cli.world.now());
      const [thing, collection] = await Promise.all([
        findThing(api, thingName, options.kind === undefined ? undefined : [options.kind]),
        findCollection(api, collectionName),
      ]);
      const { thingKind, thingId } = thing;
      const body = { thingKind, thingId, collectionId: collection.id, ...settings };
      const made = await api.post<DeploymentDetail>('/api/v1/deployments', body);
      showDeployment(cli, made);
      cli.out.note(`See how devices stand: espalier deployments show ${made.id}`);
    });
}

function readSettings(options: DeployOptions, now: Date): Record<string, unknown> {
  const { start, deadline, revision, name, comment, localTime = false } = options;
  if (localTime && start === undefined && deadline === undefined)
    throw usageError('--local-time needs --start or --deadline.');
  const at = (option: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : readTime(option, text, now, localTime);
  const deadlineAt = at('--deadline', deadline);
  // A start that is not named is now, by the clock that the deadline goes by.
  const startAt = at('--start', start ?? (localTime ? 'now' : undefined));
  return {
    intent: options.available === true ? 'available' : 'required',
    action: options.uninstall === true ? 'uninstall' : 'install',
    enabled: options.disabled !== true,
    localTime,
    priority: priorities[options.priority],
    overrideWindows: options.overrideWindows === true,
    notify: options.notify,
    ...(startAt !== undefined && { startAt }),
    ...(deadlineAt !== undefined && { deadlineAt }),
    ...(revision !== undefined && { revision }),
    ...(name !== undefined && { name }),
    ...(comment !== undefined && { comment }),
  };
}
