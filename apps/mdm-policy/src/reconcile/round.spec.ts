import { randomUUID } from 'node:crypto';
import { deploymentOf, HOUR, profileItem, T0, windowOf } from '../planner/planner.fixture.js';
import { playRound } from './round.js';
import type { Surroundings } from './surroundings.js';

const fail = (_id: string, error: unknown): never => {
  throw error;
};

const surroundings = (id: string, more: Partial<Surroundings> = {}): Surroundings => ({
  agenda: {
    enrollment_id: id,
    due_at: T0,
    evaluated_at: null,
    sequence: 0,
    profiles_asked_at: null,
    device_asked_at: null,
    is_wanted: 0,
  },
  enrollment: {
    id,
    kind: 'device',
    state: 'enrolled',
    state_at: T0,
    epoch_at: T0,
    platform: 'mac',
    time_zone: 'Europe/Berlin',
    facts_at: T0,
  },
  deployments: [deploymentOf([profileItem('a')])],
  windows: [],
  memberSince: new Map(),
  actual: { profiles: null, declarations: [], declarationsFullAt: null },
  items: [],
  assignments: [],
  ...more,
});

describe('a round', () => {
  it('plans for all others where one cannot be planned for, which is tried again later', () => {
    const failed: string[] = [];
    // A time of which no calendar knows the day: a database may hold what is refused today.
    const poison = [windowOf({ startAt: 9e15, localTime: true })];
    const { agenda, handovers } = playRound([surroundings('A', { windows: poison }), surroundings('B')], {
      now: T0,
      checkEveryMs: HOUR,
      uuid: randomUUID,
      failed: (id) => failed.push(id),
    });
    expect(failed).toEqual(['A']);
    expect(agenda.map(({ enrollment_id, due_at }) => [enrollment_id, (due_at ?? 0) > T0])).toEqual([
      ['A', true],
      ['B', true],
    ]);
    const installs = handovers.filter(({ spec }) => spec.type === 'install');
    expect(installs.map(({ enrollmentIds }) => enrollmentIds)).toEqual([['B']]);
  });

  it('asks behind a single command by the same call, behind several by one of its own', () => {
    const deployments = [deploymentOf([profileItem('a')])];
    const played = playRound(
      [
        surroundings('A', { deployments }),
        surroundings('B', { deployments }),
        surroundings('C', { deployments: [deploymentOf([profileItem('a'), profileItem('b')])] }),
      ],
      { now: T0, checkEveryMs: HOUR, uuid: randomUUID, failed: fail },
    );
    const calls = played.handovers.map(({ spec, enrollmentIds }) => [spec, enrollmentIds]);
    const install = { type: 'install', ciId: expect.any(String), revision: expect.any(Number) };
    expect(calls).toEqual([
      [{ ...install, thenAsk: ['profiles'] }, ['A', 'B']],
      [install, ['C']],
      [install, ['C']],
      [{ type: 'ask', kinds: ['profiles'] }, ['C']],
    ]);
  });
});
