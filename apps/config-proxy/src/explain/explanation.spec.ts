import type { Explanation, MembershipReason } from '@espalier/contracts';
import {
  away,
  deviceState,
  explainFacts,
  mdmEnrollment,
  MINUTE,
  NOW,
  queuedCommand,
  said,
  stepsUntil,
} from './explain.fixture.js';
import { NO_STEPS } from './explain.types.js';
import { explain } from './explanation.js';

/** The chain as `link:state`, to see at a glance where it stops. */
const pathOf = ({ chain }: Explanation): string[] => chain.map(({ link, state }) => `${link}:${state}`);
const last = ({ chain }: Explanation): Explanation['chain'][number] | undefined => chain.at(-1);

const TARGETED = ['resource:ok', 'enrollment:ok', 'collection:ok', 'membership:ok', 'deployment:ok'];

function notMember(
  ...reasons: [MembershipReason['kind'], string][]
): Partial<Parameters<typeof explainFacts>[0]> {
  return {
    membership: {
      collectionId: 'ESP00014',
      collectionName: 'Lab',
      isMember: false,
      joinedAt: null,
      reasons: reasons.map(([kind, text]) => ({ kind, text, ruleId: null, collectionId: null })),
    },
    decision: undefined,
  };
}

describe('an explanation', () => {
  it('of a device that has the thing names every link with its time and cause', () => {
    const found = explain(explainFacts());
    expect(pathOf(found)).toEqual([
      ...TARGETED,
      'policy:ok',
      'command:ok',
      'push:ok',
      'fetch:ok',
      'report:ok',
      'verification:ok',
    ]);
    expect(found).toMatchObject({ complies: true, answer: 'It has it since 2026-11-21 09:46 UTC.' });
    expect(found.chain.map(({ at }) => at)).not.toContain(undefined);
    expect(found.chain.find(({ link }) => link === 'membership')).toMatchObject({
      at: NOW - 60 * MINUTE,
      by: 'The query rule "Macs" matches it.',
    });
    expect(found.chain.find(({ link }) => link === 'command')).toMatchObject({ by: 'mdm-policy' });
  });

  it('of an uninstallation says that it is gone', () => {
    const found = explain(
      explainFacts({ settings: { action: 'uninstall' }, decision: { desired: 'absent' } }),
    );
    expect(found).toMatchObject({ complies: true, answer: 'It is gone since 2026-11-21 09:46 UTC.' });
  });

  it('of a device that had it before anybody asked shows no command', () => {
    const steps = { ...NO_STEPS, verifiedAt: NOW };
    const found = explain(explainFacts({ decision: { commandId: null, steps }, command: undefined }));
    expect(pathOf(found)).toEqual([...TARGETED, 'policy:ok', 'verification:ok']);
    expect(found.complies).toBe(true);
  });

  describe('stops at the first link that is missing:', () => {
    it.each([
      [
        'an obsolete record',
        { resource: { id: 1, name: 'Mac 0', state: 'obsolete' } },
        'resource:lost',
        /obsolete/,
      ],
      [
        'never enrolled',
        { enrollment: undefined },
        'enrollment:missing',
        /^Missing link: Mac 0 was never enrolled\.$/,
      ],
      [
        'enrolment removed',
        {
          enrollment: { id: 'MAC-0', kind: 'device', isActive: false, userResourceId: null },
          mdmEnrollment: said(mdmEnrollment({ state: 'removed', removedAt: NOW - MINUTE })),
        },
        'enrollment:lost',
        /not enrolled any more/,
      ],
      [
        'enrolment begun',
        { mdmEnrollment: said(mdmEnrollment({ state: 'pending' })) },
        'enrollment:waiting',
        /has not finished/,
      ],
      [
        'no rule matches',
        notMember(['no-rule', 'No rule names it.']),
        'membership:missing',
        /not a member of Lab: No rule names it\./,
      ],
      [
        'excluded',
        notMember(['exclude', 'It is excluded by X.'], ['query', 'Y matches it.']),
        'membership:missing',
        /excluded by X/,
      ],
      [
        'not in the limiting collection',
        notMember(['limiting', 'It is not in the limiting collection Z.']),
        'membership:missing',
        /limiting collection Z/,
      ],
      [
        'to be evaluated',
        notMember(['query', 'Y matches it.'], ['pending', 'The next evaluation will add it.']),
        'membership:waiting',
        /next evaluation/,
      ],
      ['disabled', { settings: { enabled: false } }, 'deployment:missing', /is disabled/],
      [
        'not started',
        { settings: { startAt: NOW + MINUTE } },
        'deployment:waiting',
        /^Not yet: the deployment .* starts at 2026-11-21 10:01 UTC\.$/,
      ],
      [
        'available only',
        { settings: { intent: 'available' as const }, decision: { state: 'available' as const } },
        'deployment:missing',
        /nothing installs it by itself/,
      ],
      [
        'policy unknown',
        { policy: { kind: 'unknown' as const }, decision: undefined },
        'policy:waiting',
        /not heard of the enrolment/,
      ],
      [
        'policy never heard of the enrolment',
        {
          policy: said({ known: false, inScope: [], evaluatedAt: null, dueAt: null, decisions: [] }),
          decision: undefined,
        },
        'policy:waiting',
        /not heard of the enrolment/,
      ],
      [
        'policy has not heard of the membership',
        {
          policy: said({ known: true, inScope: [], evaluatedAt: NOW, dueAt: null, decisions: [] }),
          decision: undefined,
        },
        'policy:waiting',
        /not heard yet that the deployment is for this device/,
      ],
      ['policy has not decided', { decision: undefined }, 'policy:waiting', /has not decided/],
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
      expect(last(found)?.mend).toEqual(expect.stringMatching(/\w/));
    });
  });

  describe('says what the policy waits for or decided against it:', () => {
    it.each([
      [
        'window',
        { state: 'waiting', rule: 'window', nextAt: NOW + 60 * MINUTE },
        'policy:waiting',
        /^Not yet: it waits for its maintenance window, which opens at 2026-11-21 11:00 UTC\.$/,
      ],
      [
        'no window',
        { state: 'waiting', rule: 'window', reason: 'No maintenance window opens any more.' },
        'policy:waiting',
        /No maintenance window opens/,
      ],
      [
        'deadline',
        { state: 'waiting', rule: 'deadline', nextAt: NOW + MINUTE },
        'policy:waiting',
        /waits for its deadline: 2026-11-21 10:01 UTC/,
      ],
      [
        'local start',
        { state: 'waiting', rule: 'start', nextAt: NOW + MINUTE },
        'policy:waiting',
        /has not started on this device/,
      ],
      [
        'back-off',
        { state: 'waiting', rule: 'back-off', nextAt: NOW + MINUTE },
        'policy:waiting',
        /mended after a pause: 2026-11-21 10:01/,
      ],
      [
        'facts',
        { state: 'waiting', rule: 'facts', reason: 'The device has not told what it is yet.' },
        'policy:waiting',
        /has not told what it is/,
      ],
      [
        'unsupported',
        {
          state: 'unsupported',
          rule: 'requirements',
          reason: 'It is for iphone, and the device is of platform mac.',
        },
        'policy:missing',
        /platform mac/,
      ],
    ] as const)('%s', (_what, decision, expected, answer) => {
      const found = explain(explainFacts({ decision: { steps: NO_STEPS, ...decision } }));
      expect(pathOf(found)).toEqual([...TARGETED, expected]);
      expect(found.answer).toMatch(answer);
      expect(last(found)?.mend).toEqual(expect.stringMatching(/\w/));
    });

    it('a conflict lost, and to whom', () => {
      const reason = 'The deployment "Guests" wins: its priority is higher.';
      const found = explain(
        explainFacts({ decision: { state: 'lost', rule: 'priority', reason }, winnerName: 'Guests' }),
      );
      expect(last(found)).toMatchObject({
        link: 'policy',
        state: 'lost',
        by: 'the deployment "Guests"',
        mend: expect.any(String),
      });
      expect(found.answer).toMatch(/^It was lost: another deployment has the say .* "Guests" wins/);
    });
  });

  describe('goes on where a service does not answer:', () => {
    it('mdm: the policy still tells how far it came', () => {
      const found = explain(explainFacts({ mdmEnrollment: away('mdm'), command: away('mdm') }));
      expect(found.complies).toBe(true);
      expect(found.answer).toMatch(/^It has it since .*\(mdm does not answer now\.\)$/);
      expect(found.chain.find(({ link }) => link === 'enrollment')?.facts).toMatchObject({ away: 'mdm' });
    });

    it('mdm-policy: what the device reported still tells whether it complies', () => {
      const found = explain(
        explainFacts({ policy: away('mdm-policy'), decision: undefined, state: deviceState() }),
      );
      expect(pathOf(found)).toContain('policy:waiting');
      expect(found.complies).toBe(true);
      expect(found.answer).toMatch(
        /^It has it since 2026-11-21 09:46 UTC\. \(mdm-policy does not answer now\.\)$/,
      );
    });

    it('mdm-policy: what the device reported still tells why it does not', () => {
      const state = deviceState({ status: 'error', reason: 'No room', steps: stepsUntil('fetchedAt') });
      const command = said(queuedCommand({ state: 'error' }));
      const found = explain(
        explainFacts({ policy: away('mdm-policy'), decision: undefined, state, command }),
      );
      expect(found.answer).toMatch(
        /^It failed: the device refused it: No room \(mdm-policy does not answer now\.\)/,
      );
    });

    it('both, with nothing reported: it says that it does not know', () => {
      const found = explain(
        explainFacts({
          policy: away('mdm-policy'),
          decision: undefined,
          mdmEnrollment: away('mdm'),
          command: undefined,
        }),
      );
      expect(found.complies).toBe(false);
      expect(found.answer).toMatch(/^Not known: mdm-policy does not answer/);
    });
  });
});
