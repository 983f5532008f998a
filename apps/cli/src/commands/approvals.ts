import { setTimeout as pause } from 'node:timers/promises';
import type { Approval, ApprovalState } from '@espalier/contracts';
import { Option, type Command } from 'commander';
import { showList } from '../api/list.js';
import type { Cli } from '../cli.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { addListOptions, type ListOptions } from '../options.js';
import { Progress } from '../terminal/progress.js';
import { minor, number, text, whole } from '../terminal/table.js';
import { showTime } from '../terminal/times.js';
import { about, subcommand } from './define.js';

const POLL_MS = 1_000;
const SHOWN_TARGETS = 20;
const OPEN = new Set<ApprovalState>(['needs-approval', 'approved']);
const EXAMPLE_ID = '0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10';

/** `espalier approve`. */
export function approve(command: Command, cli: Cli): void {
  about(command, {
    summary: 'approve what somebody else asked for',
    description:
      'Approve what somebody else asked for; it is shown first, and carried out at once. Nobody approves what they asked for themselves.',
    example: `espalier approve ${EXAMPLE_ID}`,
  })
    .argument('<id>', 'as espalier approvals list --view waiting shows it')
    .action((id: string) => decide(cli, id, 'approve'));
}

/** `espalier approvals`. */
export function approvals(command: Command, cli: Cli): void {
  addListOptions(
    subcommand(command, 'list', {
      summary: 'list what was asked for, newest first',
      example: 'espalier approvals list --view waiting',
    }).addOption(
      new Option('--view <which>', 'all, those that you asked for, or those that wait for you').choices([
        'all',
        'mine',
        'waiting',
      ]),
    ),
    "kind eq 'erase'",
  ).action(({ view, ...options }: ListOptions & { readonly view?: string }) =>
    showList<Approval>(
      cli,
      {
        path: '/api/v1/approvals',
        query: { view },
        columns: [
          whole('ID', ({ id }) => id),
          whole('STATE', ({ state }) => state),
          text('WHAT', ({ summary }) => summary),
          minor(number('DEVICES', ({ deviceCount }) => deviceCount)),
          text('ASKED BY', ({ requester }) => requester.name),
          minor(text('DECIDED BY', ({ decidedBy }) => decidedBy?.name)),
          minor(whole('SINCE', ({ createdAt }) => showTime(createdAt))),
          minor(whole('LAPSES', ({ expiresAt }) => showTime(expiresAt))),
        ],
        nothing: 'Nothing waits.',
      },
      options,
    ),
  );

  subcommand(command, 'show <id>', {
    summary: 'see what was asked for, and what became of it',
    example: `espalier approvals show ${EXAMPLE_ID}`,
  }).action(async (id: string) => showApproval(cli, await approval(cli, id)));

  subcommand(command, 'watch <id>', {
    summary: 'wait for the decision, and until it is carried out',
    description:
      'Wait for the decision, and until it is carried out. Ends with 0 where it was, with 4 where it was rejected, with 1 otherwise.',
    example: `espalier approvals watch ${EXAMPLE_ID}`,
  }).action((id: string) => watch(cli, id));

  for (const [verb, summary] of [
    ['reject', 'reject what somebody asked for'],
    ['cancel', 'cancel what you asked for; commands also afterwards, until devices have fetched them'],
  ] as const)
    subcommand(command, `${verb} <id>`, {
      summary,
      example: `espalier approvals ${verb} ${EXAMPLE_ID} --reason "Not that one"`,
    }).action((id: string) => decide(cli, id, verb));
}

const approval = ({ api }: Cli, id: string): Promise<Approval> => api.get(path`/api/v1/approvals/${id}`);

/** Decides about exactly what was shown: of a request that has changed since nobody knows whether they mean it. */
async function decide(cli: Cli, id: string, verb: 'approve' | 'reject' | 'cancel'): Promise<void> {
  const asked = await approval(cli, id);
  if (verb === 'approve') {
    if (!cli.out.isJson) showApproval(cli, asked);
    await cli.confirm(`Approve this: ${asked.summary}`);
  }
  const { reason } = cli.options;
  const body = reason === undefined ? {} : { reason };
  const at = path`/api/v1/approvals/${id}/${verb}`;
  const decided = await cli.api.change<Approval>('POST', at, body, asked.version);
  cli.out.result(decided, () => cli.out.say(`It is ${decided.state}.`));
}

async function watch(cli: Cli, id: string): Promise<void> {
  const progress = new Progress(cli.world);
  let now = await approval(cli, id);
  try {
    while (OPEN.has(now.state)) {
      progress.show(
        `${now.summary} ${now.state === 'approved' ? 'It is being carried out.' : 'It waits for a second person.'}`,
      );
      await pause(POLL_MS);
      now = await approval(cli, id);
    }
  } finally {
    progress.end();
  }
  showApproval(cli, now);
  if (now.state !== 'completed')
    cli.exitCode = now.state === 'rejected' ? exitCodes.notAllowed : exitCodes.failed;
}

function showApproval({ out }: Cli, shown: Approval): void {
  out.result(shown, () => {
    out.record([
      ['What', shown.summary],
      ['Id', shown.id],
      ['Kind', shown.kind],
      ['State', shown.state],
      ['Reason', shown.reason],
      ['Devices', shown.deviceCount],
      ['Asked by', `${shown.requester.name}, ${showTime(shown.createdAt) ?? ''}`],
      ['Lapses', showTime(shown.expiresAt)],
      [
        'Decided by',
        shown.decidedBy === null ? null : `${shown.decidedBy.name}, ${showTime(shown.decidedAt) ?? ''}`,
      ],
      ['Because', shown.decisionReason],
      ['Outcome', shown.outcome],
    ]);
    if (shown.targets.length === 0) return;
    out.heading('About');
    out.table(shown.targets.slice(0, SHOWN_TARGETS), [
      whole('TYPE', ({ type }) => type),
      text('ID', ({ id }) => id),
      text('NAME', ({ name }) => name),
    ]);
    if (shown.targets.length > SHOWN_TARGETS) out.line(`… and ${shown.targets.length - SHOWN_TARGETS} more`);
  });
}
