import type { ApprovalMode, ApprovalPolicy, ApprovalPolicySettings } from '@espalier/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { wholeNumber } from '../options.js';
import { printable } from '../terminal/printable.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { subcommand } from './define.js';

interface Policies {
  readonly mode: ApprovalMode;
  readonly items: readonly ApprovalPolicy[];
}

const PATH = '/api/v1/approval-policies';
const MOST = 1_000_000;
const MOST_HOURS = 720;

/** `espalier policies`. */
export function policies(command: Command, cli: Cli): void {
  subcommand(command, 'list', {
    summary: 'list what needs a second person, and how much one person may do',
    example: 'espalier policies list',
  }).action(async () => {
    const shown = await cli.api.get<Policies>(PATH);
    cli.out.result(shown, () => {
      cli.out.table(shown.items, [
        whole('KIND', ({ kind }) => kind),
        whole('SECOND PERSON', secondPerson),
        number('LAPSES AFTER', ({ expiryHours }) => `${expiryHours} h`),
        number('MOST PER HOUR', ({ hourlyCap }) => hourlyCap),
        number('OF THESE ALONE', ({ aloneCap }) => aloneCap ?? null),
        minor(whole('CHANGED', ({ changedAt }) => showTime(changedAt))),
        minor(text('WHAT', ({ description }) => description)),
      ]);
      if (shown.mode === 'off')
        cli.out.note('At this site nothing waits for a second person (ESPALIER_APPROVALS=off).');
    });
  });

  subcommand(command, 'set <kind>', {
    summary: 'change what needs a second person; what is not named stays',
    description:
      'Change what needs a second person; what is not named stays. That needs a second person itself, unless the site has it otherwise.',
    example: 'espalier policies set large-deployment --above 1000 --reason "ticket 4711"',
    examples: ['espalier policies set erase --required --hourly-cap 5 --reason "after the incident"'],
  })
    .option('--required', 'a second person must approve')
    .option('--not-required', 'nobody needs to')
    .option('--above <devices>', 'only actions on more devices than that', wholeNumber(0, MOST))
    .option('--expiry-hours <hours>', 'requests lapse after so long', wholeNumber(1, MOST_HOURS))
    .option('--hourly-cap <devices>', 'the most that one person may act on in an hour, or none', readCap)
    .option('--alone-cap <devices>', 'the most of these without a second person, or none', readCap)
    .action((kind: string, options: SetOptions) => set(cli, kind, options));
}

interface SetOptions {
  readonly required?: boolean;
  readonly notRequired?: boolean;
  readonly above?: number;
  readonly expiryHours?: number;
  readonly hourlyCap?: number | null;
  readonly aloneCap?: number | null;
}

function readCap(written: string): number | null {
  if (written === 'none') return null;
  try {
    return wholeNumber(1, MOST)(written);
  } catch {
    throw new InvalidArgumentError('It must be a whole number, or none.');
  }
}

async function set(cli: Cli, kind: string, options: SetOptions): Promise<void> {
  const { required, notRequired, above, expiryHours, hourlyCap, aloneCap } = options;
  if (required === true && notRequired === true)
    throw usageError('--required and --not-required exclude each other.');
  if (Object.keys(options).length === 0)
    throw usageError(
      'Say what to change: --required, --not-required, --above, --expiry-hours, --hourly-cap, --alone-cap.',
    );
  const { items } = await cli.api.get<Policies>(PATH);
  const before = items.find((policy) => policy.kind === kind);
  if (before === undefined)
    throw new CliError(
      `There is no kind of action ${printable(kind)}.`,
      exitCodes.notFound,
      `There are: ${items.map((policy) => policy.kind).join(', ')}.`,
    );
  const body: ApprovalPolicySettings = {
    required: required === true || (notRequired !== true && before.required),
    threshold: above ?? before.threshold,
    expiryHours: expiryHours ?? before.expiryHours,
    hourlyCap: hourlyCap === undefined ? before.hourlyCap : hourlyCap,
    ...(aloneCap !== undefined && { aloneCap }),
  };
  const after = await cli.api.change<ApprovalPolicy>(
    'PUT',
    path`/api/v1/approval-policies/${kind}`,
    body,
    before.version,
  );
  cli.out.result(after, () =>
    cli.out.record([
      ['Kind', after.kind],
      ['What', after.description],
      ['Second person', secondPerson(after)],
      ['Lapses after', `${after.expiryHours} h`],
      ['Most per hour', after.hourlyCap],
      ['Of these alone', after.aloneCap ?? null],
      ['Changed', `${showTime(after.changedAt) ?? ''} by ${after.changedBy ?? ''}`],
    ]),
  );
}

function secondPerson({ required, threshold }: ApprovalPolicy): string {
  if (!required) return 'no';
  return threshold === 0 ? 'always' : `above ${threshold} devices`;
}
