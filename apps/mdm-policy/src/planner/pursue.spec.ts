import {
  acknowledged,
  deploymentOf,
  device,
  HOUR,
  item,
  MINUTE,
  only,
  T0,
  windowOf,
} from './planner.fixture.js';
import { complete, refuse } from './observe.js';
import { plan } from './planner.js';
import type { ManagedItem, Plan } from './planner.types.js';

describe('proof', () => {
  const deployment = deploymentOf([item('a')]);

  it('is the report of the device, not its acknowledgement', () => {
    const mac = device();
    const planned = plan(mac.input([deployment]));
    const [done] = planned.items.map((one) => complete({ ...one, phase: 'queued' }, acknowledged(T0 + 5)));
    const before = { asOf: T0 + 4, reportedAt: T0 + 6, profiles: [] };
    const around = {
      ...mac.input([deployment]),
      items: [done as ManagedItem],
      now: T0 + 10,
      questions: planned.questions,
    };
    const older = plan({ ...around, actual: { ...mac.actual, profiles: before } });
    expect(only(older).state).toBe('acknowledged');
    // The answer is from before the installation: it is asked again at once.
    expect(older.actions).toEqual([{ type: 'ask', kinds: ['profiles'] }]);
    const newer = plan({ ...around, actual: { ...mac.actual, profiles: { ...before, asOf: T0 + 5 } } });
    expect(only(newer)).toMatchObject({ state: 'failed', rule: 'back-off', nextAt: T0 + 10 + 5 * MINUTE });
  });

  it('of a declaration is that the device calls it active and valid; what it calls invalid has failed', () => {
    const mac = device();
    const declaration = item('d', { kind: 'declaration' });
    const planned = plan(mac.input([deploymentOf([declaration])]));
    const done = planned.items.map((one) => complete({ ...one, phase: 'queued' }, acknowledged(T0 + 5)));
    const status = {
      identifier: 'd',
      serverToken: declaration.version,
      reasons: 'no such key',
      reportedAt: T0 + 6,
    };
    const stateOf = (said: {
      active: boolean;
      valid: 'valid' | 'invalid' | 'unknown';
      reportedAt?: number;
    }): unknown => {
      const declarations = [{ ...status, ...said }];
      const actual = { ...mac.actual, declarations };
      return only(plan({ ...mac.input([deploymentOf([declaration])]), items: done, now: T0 + 10, actual }));
    };
    expect(stateOf({ active: true, valid: 'valid' })).toMatchObject({ state: 'verified' });
    expect(stateOf({ active: false, valid: 'unknown' })).toMatchObject({ state: 'acknowledged' });
    expect(stateOf({ active: false, valid: 'invalid' })).toMatchObject({
      state: 'failed',
      lastError: 'no such key',
    });
    expect(stateOf({ active: true, valid: 'valid', reportedAt: T0 - 1 })).toMatchObject({
      state: 'acknowledged',
    });
  });
});

describe('a declaration', () => {
  const acts = (planned: Plan): readonly (readonly string[])[] =>
    planned.actions.flatMap((action) => (action.type === 'declare' ? [action.identifiers] : []));

  it('that failed goes alone, so that what mdm refuses for one does not hold up the others for ever', () => {
    const mac = device();
    const both = [
      deploymentOf([item('bad', { kind: 'declaration' }), item('good', { kind: 'declaration' })]),
    ];
    const first = plan(mac.input(both));
    expect(acts(first)).toEqual([['bad', 'good']]);
    // mdm refuses the whole set, and does not say for which.
    const error = { code: 'ESP_MDM_DECLARATION_TOKEN_REUSED', text: 'no' };
    mac.items = first.items.map((one) => refuse(one, error, T0));
    mac.now = T0 + 6 * MINUTE;
    const second = plan(mac.input(both));
    expect(acts(second)).toEqual([['bad']]);
    mac.items = second.items.map((one) => (one.phase === 'planned' ? refuse(one, error, mac.now) : one));
    const third = plan(mac.input(both));
    expect(acts(third)).toEqual([['good']]);
    expect(third.actions).toMatchObject([{ type: 'declare', set: [{ identifier: 'good' }] }]);
  });

  it('is gone once the device was told so, whatever it said while that was under way', () => {
    const mac = device();
    mac.settle([deploymentOf([item('d', { kind: 'declaration' })])]);
    const [there] = mac.actual.declarations;
    mac.now += 10;
    const leaving = plan(mac.input([]));
    expect(acts(leaving)).toEqual([['d']]);
    const said = [{ ...(there as NonNullable<typeof there>), reportedAt: mac.now + 1 }];
    mac.actual = { ...mac.actual, declarations: said };
    mac.items = leaving.items.map((one) => complete({ ...one, phase: 'queued' }, acknowledged(mac.now + 2)));
    mac.now += 10;
    expect(plan(mac.input([])).items).toEqual([]);
  });
});

describe('drift', () => {
  const deployment = deploymentOf([item('a')]);

  it('is mended at once, then ever more slowly, and at once again after a quiet day', () => {
    const mac = device();
    mac.settle([deployment]);
    const waited: number[] = [];
    for (let fight = 0; fight < 7; fight += 1) {
      mac.now += MINUTE;
      mac.profiles.delete('a');
      mac.report();
      const since = mac.now;
      for (let next = mac.round([deployment]); mac.items[0]?.phase === 'idle'; next = mac.round([deployment]))
        mac.now = Math.min(next.nextAt as number, only(next).nextAt as number);
      waited.push(Math.round((mac.now - since) / MINUTE));
      mac.settle([deployment]);
    }
    expect(waited).toEqual([0, 5, 30, 120, 360, 1_440, 1_440]);
    mac.now += 25 * HOUR;
    mac.profiles.delete('a');
    mac.report();
    expect(only(mac.round([deployment]))).toMatchObject({ state: 'planned', rule: 'drift' });
  });

  it('is mended inside windows only', () => {
    const mac = device();
    mac.settle([deployment]);
    mac.profiles.delete('a');
    mac.report();
    expect(only(mac.round([deployment], [windowOf()]))).toMatchObject({ state: 'waiting', rule: 'window' });
  });
});

describe('failures', () => {
  it('are told, and tried again ever more slowly', () => {
    const mac = device();
    const deployment = deploymentOf([item('a')]);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const planned = plan(mac.input([deployment]));
      expect(planned.actions.map((action) => action.type)).toContain('install');
      mac.items = planned.items.map((one) =>
        refuse(one, { code: 'MCInstallation 4001', text: 'no' }, mac.now),
      );
      const failed = plan(mac.input([deployment]));
      expect(only(failed)).toMatchObject({
        state: 'failed',
        attempts: attempt,
        lastError: 'no',
        errorCode: 'MCInstallation 4001',
      });
      waits.push(((only(failed).nextAt as number) - mac.now) / MINUTE);
      mac.now = only(failed).nextAt as number;
    }
    expect(waits).toEqual([5, 30, 120, 360, 1_440, 1_440]);
  });
});
