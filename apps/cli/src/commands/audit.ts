import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { AuditCheckpoint, AuditRecord, DeviceDetail, Job } from '@espalier/contracts';
import type { Command } from 'commander';
import { collect, limitOf, showList } from '../api/list.js';
import { findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { addListOptions, wholeNumber, type ListOptions } from '../options.js';
import { minor, number, text, whole, type Column } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';
import { finishJob } from './job.watch.js';

interface AuditListOptions extends ListOptions {
  readonly actor?: string;
  readonly target?: string;
  readonly device?: string;
}

const MOST = 9_007_199_254_740_991;
const sequence = wholeNumber(1, MOST);
const named = (targets: AuditRecord['targets']): string =>
  targets.map(({ type, id, name }) => `${type}:${id}${name === null ? '' : ` (${name})`}`).join(', ');

const columns: readonly Column<AuditRecord>[] = [
  number('NO', (record) => record.sequence),
  whole('AT', ({ at }) => showTime(at)),
  text('WHO', (record) => record.actor?.name),
  text('ACTION', ({ action }) => action),
  whole('OUTCOME', ({ outcome }) => outcome),
  text('ABOUT', ({ targets }) => named(targets)),
  minor(text('FROM', ({ address }) => address)),
  minor(text('ERROR', ({ errorCode }) => errorCode)),
];
const NOTHING = 'Nothing of that kind was done.';

/** `espalier audit`. */
export function audit(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'who did what, newest first',
      example: 'espalier audit list --device mac-042',
      examples: [
        `espalier audit list --filter "outcome eq 'refused'" --limit 50`,
        'espalier audit list --target approval:0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10',
      ],
    })
      .option('--actor <id>', 'only what this administrator did')
      .option('--device <device>', 'only what was done to it, commands too')
      .option('--target <type:id>', 'only what was done to it'),
    "outcome eq 'refused'",
  ).action((options: AuditListOptions) => list(cli, options));

  subcommand(command, 'show <number>', {
    summary: 'see a record of the audit log',
    example: 'espalier audit show 4711',
  }).action(async (written: string) => {
    const record = await cli.api.get<AuditRecord>(path`/api/v1/audit/${written}`);
    cli.out.result(record, () => showRecord(cli, record));
  });

  subcommand(command, 'verify', {
    summary: 'verify that no record was changed, removed or put elsewhere',
    description:
      'Verify that no record was changed, removed or put elsewhere, showing how far it is. Ends with 1 where one was, and names the first that cannot be relied on.',
    example: 'espalier audit verify',
  })
    .option('--from <number>', 'first record to look at (default: the oldest)', sequence)
    .action(async ({ from }: { readonly from?: number }) => {
      const job = await cli.api.post<Job>('/api/v1/audit/verify', from === undefined ? {} : { from });
      await finishJob(cli, job, { wait: true });
    });

  subcommand(command, 'export', {
    summary: 'export the log as JSON lines, with its checkpoints',
    description:
      'Export the log as JSON lines, in the order of the chain, with its checkpoints. Where it breaks off, what was written is not whole: go on with --from.',
    example: 'espalier audit export --output audit.jsonl',
    examples: ['espalier audit export --from 4712 >> audit.jsonl'],
  })
    .option('--from <number>', 'first record (default: 1)', sequence)
    .option('--output <file>', 'a new file (default: standard output)')
    .action((options: { readonly from?: number; readonly output?: string }) => exportLog(cli, options));

  subcommand(command, 'checkpoints', {
    summary: 'list the signed checkpoints, newest first',
    description:
      'List the signed checkpoints, newest first. Keep one elsewhere now and then: nobody can change what is before it unnoticed.',
    example: 'espalier audit checkpoints --limit 1 --json',
  })
    .option('-n, --limit <count>', 'show so many at most (default: 200)', wholeNumber(1, 1_000_000))
    .action((options: ListOptions) =>
      showList<AuditCheckpoint>(
        cli,
        {
          path: '/api/v1/audit/checkpoints',
          columns: [
            number('UP TO', (checkpoint) => checkpoint.sequence),
            whole('AT', ({ at }) => showTime(at)),
            text('HASH', ({ hash }) => hash),
            text('KEY', ({ keyId }) => keyId),
          ],
          nothing: 'No checkpoint was signed yet.',
        },
        options,
      ),
    );
}

async function exportLog(
  { api, world }: Cli,
  { from, output }: { readonly from?: number; readonly output?: string },
): Promise<void> {
  const response = await api.open({
    method: 'GET',
    path: '/api/v1/audit/export',
    query: { from },
    headers: { accept: 'application/x-ndjson' },
  });
  const to =
    output === undefined
      ? (world.stdout as NodeJS.WriteStream)
      : createWriteStream(output, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(response, to, { end: output !== undefined });
  } catch (error) {
    throw new CliError(
      `The export broke off: ${error instanceof Error ? error.message : String(error)}`,
      exitCodes.unavailable,
      'What was written is not whole. Its last whole line names a record: go on with --from the one after it.',
      { cause: error },
    );
  }
}

async function list(
  cli: Cli,
  { actor: actorId, target, device, ...options }: AuditListOptions,
): Promise<void> {
  const at = '/api/v1/audit';
  if (device === undefined)
    return showList<AuditRecord>(
      cli,
      { path: at, query: { actorId, target }, columns, nothing: NOTHING },
      options,
    );
  if (target !== undefined) throw usageError('--device cannot be combined with --target.');
  if (options.orderBy !== undefined) throw usageError('--device cannot be combined with --order-by.');
  const limit = limitOf(options);
  const lists = await Promise.all(
    (await targetsOf(cli, device)).map((one) =>
      collect<AuditRecord>(cli.api, at, { actorId, target: one, filter: options.filter }, limit),
    ),
  );
  const records = new Map(lists.flat().map((record) => [record.sequence, record]));
  const items = [...records.values()].sort((a, b) => b.sequence - a.sequence).slice(0, limit);
  cli.out.result({ items }, () => {
    if (items.length === 0) cli.out.note(NOTHING);
    else cli.out.table(items, columns);
  });
}

/** The log knows a device by its record, and what was sent to it by its enrolments. */
async function targetsOf({ api }: Cli, device: string): Promise<string[]> {
  const { resourceId } = await findDevice(api, device);
  const { enrollments } = await api.get<DeviceDetail>(path`/api/v1/devices/${resourceId}`);
  return [`device:${resourceId}`, ...enrollments.map(({ enrollmentId }) => `enrollment:${enrollmentId}`)];
}

function showRecord({ out }: Cli, record: AuditRecord): void {
  out.record([
    ['Number', record.sequence],
    ['At', showTime(record.at)],
    ['Who', record.actor === null ? null : `${record.actor.name} (${record.actor.type} ${record.actor.id})`],
    ['Signed in by', record.actor?.auth],
    ['Credential', record.credentialId],
    ['From', record.address],
    ['Action', record.action],
    ['Outcome', record.outcome],
    ['Error', record.errorCode],
    ['About', named(record.targets)],
    ['Request', record.requestId],
    ['Approval', record.approvalId],
    ['Hash', record.hash],
    ['Hash before', record.prevHash],
  ]);
  const details = Object.entries(record.details);
  if (details.length === 0) return;
  out.heading('Details');
  for (const [name, value] of details) out.say(`  ${name}: ${String(value)}`);
}
