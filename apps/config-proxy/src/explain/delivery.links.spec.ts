import type { Explanation } from '@espalier/contracts';
import {
  explainFacts,
  mdmEnrollment,
  MINUTE,
  NOW,
  queuedCommand,
  said,
  stepsUntil,
} from './explain.fixture.js';
import { explain } from './explanation.js';

/** The chain as `link:state`, to see at a glance where it stops. */
const pathOf = ({ chain }: Explanation): string[] => chain.map(({ link, state }) => `${link}:${state}`);

describe('an explanation says where the command is:', () => {
  const open = { state: 'queued', completedAt: null, sentAt: null } as const;
  it.each([
    [
      'being handed over',
      {
        decision: { state: 'planned', commandId: null, steps: stepsUntil('evaluatedAt') },
        command: undefined,
      },
      'command:waiting',
      /being handed to mdm/,
    ],
    [
      'taken back',
      {
        decision: { state: 'queued', steps: stepsUntil('queuedAt') },
        command: said(queuedCommand({ state: 'cancelled' })),
      },
      'command:failed',
      /taken back/,
    ],
    [
      'local time of a device that tells no zone',
      {
        decision: {
          state: 'waiting',
          rule: 'deadline',
          reason: 'The deadline is not reached yet. The local time is taken to be UTC.',
          nextAt: NOW + MINUTE,
        },
      },
      'policy:waiting',
      /^Not yet: it waits for its deadline: 2026-11-21 10:01 UTC\. The local time is taken to be UTC\.$/,
    ],
    [
      'no push yet',
      {
        decision: { state: 'queued', steps: stepsUntil('queuedAt') },
        command: said(queuedCommand({ ...open, pushedAt: null })),
      },
      'push:waiting',
      /push .* has not gone out/,
    ],
    [
      'push refused',
      {
        decision: { state: 'queued', steps: stepsUntil('queuedAt') },
        command: said(queuedCommand({ ...open, pushedAt: null })),
        mdmEnrollment: said(mdmEnrollment({ push: 'unregistered' })),
      },
      'push:failed',
      /cannot be woken.*unregistered/,
    ],
    [
      'pushed, not fetched',
      { decision: { state: 'queued', steps: stepsUntil('pushedAt') }, command: said(queuedCommand(open)) },
      'fetch:waiting',
      /has not fetched.*last seen at 2026-11-21 09:57 UTC/,
    ],
    [
      'never seen',
      {
        decision: { state: 'queued', steps: stepsUntil('pushedAt') },
        command: said(queuedCommand(open)),
        mdmEnrollment: said(mdmEnrollment({ lastSeenAt: null })),
      },
      'fetch:waiting',
      /never seen/,
    ],
    [
      'NotNow, after which mdm does not call it fetched',
      {
        decision: { state: 'queued', steps: stepsUntil('pushedAt') },
        command: said(
          queuedCommand({
            state: 'not-now',
            sentAt: null,
            completedAt: null,
            notNowCount: 3,
            notNowSince: NOW - 9 * MINUTE,
          }),
        ),
      },
      'report:waiting',
      /NotNow since 2026-11-21 09:51 UTC \(3 times\)/,
    ],
    [
      'sent, not answered',
      {
        decision: { state: 'queued', steps: stepsUntil('fetchedAt') },
        command: said(queuedCommand({ state: 'sent', completedAt: null })),
      },
      'report:waiting',
      /has not answered/,
    ],
    [
      'error chain',
      {
        decision: {
          state: 'failed',
          rule: 'back-off',
          steps: stepsUntil('fetchedAt'),
          nextAt: NOW + MINUTE,
          lastError: 'bad',
        },
        command: said(
          queuedCommand({
            state: 'error',
            errorChain: [{ code: 4001, domain: 'MCInstall', description: 'No room' }],
          }),
        ),
      },
      'report:failed',
      /^It failed: the device refused it: No room \(MCInstall 4001\)/,
    ],
    [
      'acknowledged, not verified',
      { decision: { state: 'acknowledged', steps: stepsUntil('acknowledgedAt') } },
      'verification:waiting',
      /has not yet reported to have it/,
    ],
    [
      'acknowledged, and yet not there',
      {
        decision: {
          state: 'failed',
          steps: stepsUntil('fetchedAt'),
          lastError: 'Acknowledged, and yet: The device does not list it.',
        },
      },
      'verification:failed',
      /does not list it/,
    ],
    [
      'drifted',
      {
        decision: {
          state: 'planned',
          rule: 'drift',
          steps: stepsUntil('evaluatedAt'),
          lastError: 'The device does not list it.',
        },
      },
      'verification:lost',
      /^It was lost: it was there and is not any more: The device does not list it\.$/,
    ],
  ] as const)('%s', (_what, changes, expected, answer) => {
    const found = explain(explainFacts(changes));
    expect(pathOf(found).at(-1)).toBe(expected);
    expect(
      pathOf(found)
        .slice(0, -1)
        .every((path) => path.endsWith(':ok')),
    ).toBe(true);
    expect(found.complies).toBe(false);
    expect(found.answer).toMatch(answer);
  });

  it('a device that came by itself needed no push', () => {
    const found = explain(
      explainFacts({
        command: said(queuedCommand({ pushedAt: null })),
        decision: { steps: { ...stepsUntil('verifiedAt'), pushedAt: null } },
      }),
    );
    expect(found.complies).toBe(true);
    expect(found.chain.find(({ link }) => link === 'push')).toMatchObject({ state: 'ok', at: null });
  });

  it('a command that mdm has forgotten is told by the steps', () => {
    const found = explain(explainFacts({ command: { kind: 'unknown' } }));
    expect(found.complies).toBe(true);
    expect(found.chain.map(({ link }) => link)).toContain('report');
  });

  it('nobody is told to switch on a device that is there, but has not come to the command', () => {
    const mendOf = (lastSeenAt: number): string | undefined =>
      explain(
        explainFacts({
          decision: { state: 'queued', steps: stepsUntil('pushedAt') },
          command: said(
            queuedCommand({ state: 'queued', completedAt: null, sentAt: null, createdAt: NOW - MINUTE }),
          ),
          mdmEnrollment: said(mdmEnrollment({ lastSeenAt })),
        }),
      ).chain.at(-1)?.mend;
    expect(mendOf(NOW - 2 * MINUTE)).toMatch(/^Switch the device on/);
    expect(mendOf(NOW)).toMatch(/^Wait: the device has been there/);
  });
});
