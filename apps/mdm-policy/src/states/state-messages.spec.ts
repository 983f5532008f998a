import type { Decision } from '../planner/planner.types.js';
import { reportGone, reportStates } from './state-messages.js';

const subject = { enrollmentId: 'MAC-1', deploymentId: 'D' };
const now = { at: 10, sequence: 20 };

const decision = (changes: Partial<Decision> = {}): Decision => ({
  deploymentId: 'D',
  ciId: 'C1',
  revision: 1,
  kind: 'profile',
  identifier: 'a',
  desired: 'present',
  state: 'verified',
  reason: 'The device reported it.',
  rule: 'start',
  winnerDeploymentId: null,
  decidedAt: 1,
  nextAt: null,
  attempts: 1,
  commandId: null,
  lastError: null,
  errorCode: null,
  steps: {
    targetedAt: 1,
    evaluatedAt: 2,
    queuedAt: 3,
    pushedAt: 4,
    fetchedAt: 5,
    acknowledgedAt: 6,
    verifiedAt: 7,
  },
  ...changes,
});

describe('state messages', () => {
  it('are told once, and again when something of them changes', () => {
    const first = reportStates(subject, [decision()], {}, now);
    expect(first.messages.map(({ topicType, stateId }) => [topicType, stateId])).toEqual([
      [302, 2],
      [301, 10],
      [300, 1],
      [401, 1],
    ]);
    expect(reportStates(subject, [decision({ decidedAt: 99 })], first.told, now).messages).toEqual([]);
    const drifted = reportStates(subject, [decision({ state: 'waiting', rule: 'window' })], first.told, now);
    expect(drifted.messages.map(({ topicType, stateId }) => [topicType, stateId])).toEqual([
      [301, 4],
      [300, 2],
      [401, 2],
    ]);
  });

  it('of several items say the worst, and no step that one of them has not passed', () => {
    const failed = decision({
      ciId: 'C2',
      identifier: 'b',
      state: 'failed',
      reason: 'No.',
      errorCode: 'E 1',
    });
    const behind = { ...failed, steps: { ...failed.steps, acknowledgedAt: null, queuedAt: 9 } };
    const { messages } = reportStates(subject, [decision(), behind], {}, now);
    const enforcement = messages.find((message) => message.topicType === 301);
    expect(enforcement).toMatchObject({ stateId: 6, reason: 'b: No.', errorCode: 'E 1' });
    expect(enforcement?.steps).toMatchObject({ queuedAt: 9, acknowledgedAt: null });
    expect(messages.filter((message) => message.topicType === 401).map((message) => message.stateId)).toEqual(
      [1, 4],
    );
  });

  it('say what is gone: a configuration item that left, and in the end all topics', () => {
    const both = reportStates(subject, [decision(), decision({ ciId: 'C2' })], {}, now);
    const one = reportStates(subject, [decision()], both.told, now);
    expect(one.messages).toMatchObject([{ topicType: 401, topicId: 'D/C2', gone: true }]);
    expect(
      reportGone(subject, one.told, now).map(({ topicType, topicId, gone }) => [topicType, topicId, gone]),
    ).toEqual([
      [300, 'D', true],
      [301, 'D', true],
      [302, 'D', true],
      [401, 'D/C1', true],
    ]);
  });
});
