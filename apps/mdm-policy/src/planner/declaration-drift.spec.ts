import type { PolicyItem } from '@espalier/contracts';
import {
  DAY,
  deploymentOf,
  MINUTE,
  PerfectDevice,
  profileItem,
  versionOf,
  type Flaw,
} from './planner.fixture.js';
import { plan } from './planner.js';
import type { Plan } from './planner.types.js';

const item = (identifier: string): PolicyItem => profileItem(identifier, { kind: 'declaration' });

describe('a declaration that the device does not have as it was told, its set unchanged', () => {
  const deployment = deploymentOf([item('a'), item('b')]);
  const settled = (): PerfectDevice => {
    const mac = new PerfectDevice(versionOf);
    mac.settle([deployment]);
    mac.now += MINUTE;
    return mac;
  };
  const ofA = (planned: Plan): unknown => planned.decisions.find(({ identifier }) => identifier === 'a');

  it.each(['lost', 'inactive'] as const)(
    'is %s: the device is asked to compare, and has it again',
    (flaw) => {
      const mac = settled();
      mac.spoilt.set('a', flaw);
      mac.reportDeclarations();
      const planned = mac.round([deployment]);
      expect(planned.actions).toMatchObject([
        {
          type: 'declare',
          resync: true,
          identifiers: ['a'],
          set: [{ identifier: 'a' }, { identifier: 'b' }],
        },
      ]);
      expect(ofA(planned)).toMatchObject({ state: 'planned', rule: 'drift' });
      expect(ofA(mac.round([deployment]))).toMatchObject({ state: 'verified' });
      expect(mac.round([deployment]).actions).toEqual([]);
    },
  );

  it('is invalid: an error with what the device says, and it is asked again after a while, ever more slowly', () => {
    const mac = settled();
    mac.stubborn.set('a', 'invalid');
    mac.reportDeclarations();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const planned = mac.round([deployment]);
      expect(planned.actions).toEqual([]);
      expect(ofA(planned)).toMatchObject({ state: 'failed', lastError: 'Missing: MinimumLength' });
      waits.push(Math.round(((planned.nextAt as number) - mac.now) / MINUTE));
      mac.now = planned.nextAt as number;
      expect(mac.round([deployment]).actions).toMatchObject([{ type: 'declare', resync: true }]);
    }
    expect(waits).toEqual([5, 30, 120, 360, 1_440]);
    mac.stubborn.clear();
    mac.reportDeclarations();
    expect(ofA(mac.round([deployment]))).toMatchObject({ state: 'verified' });
  });

  it('is invalid after it held for a day: what went wrong before that does not count any more', () => {
    const mac = settled();
    const spoil = (flaw: Flaw): Plan => {
      mac.spoilt.set('a', flaw);
      mac.reportDeclarations();
      return mac.round([deployment]);
    };
    spoil('inactive');
    mac.settle([deployment]);
    mac.now += MINUTE;
    mac.now = spoil('inactive').nextAt as number;
    mac.settle([deployment]);
    mac.now += 2 * DAY;
    const failed = spoil('invalid');
    expect(ofA(failed)).toMatchObject({ state: 'failed' });
    expect(failed.nextAt).toBe(mac.now + 5 * MINUTE);
  });

  it('stays inactive although it was told, and says nothing more: has failed after half an hour, not before', () => {
    const mac = settled();
    mac.spoilt.set('a', 'inactive');
    mac.reportDeclarations();
    const silent = mac.actual;
    mac.round([deployment]);
    // Devices report what changes; here nothing did.
    mac.actual = silent;
    const waiting = mac.round([deployment]);
    expect(ofA(waiting)).toMatchObject({ state: 'acknowledged', nextAt: waiting.nextAt });
    expect(((waiting.nextAt as number) - mac.now) / MINUTE).toBeCloseTo(30, 0);
    mac.now = waiting.nextAt as number;
    expect(ofA(mac.round([deployment]))).toMatchObject({
      state: 'failed',
      lastError: 'The device has not activated it.',
    });
  });

  it('waits for its turn, and is not taken off meanwhile by what else is declared', () => {
    const mac = settled();
    for (let fight = 0; fight < 2; fight += 1) {
      mac.spoilt.set('a', 'inactive');
      mac.now += MINUTE;
      mac.reportDeclarations();
      if (fight === 0) mac.settle([deployment]);
    }
    const more = deploymentOf([item('c')]);
    const planned = plan(mac.input([deployment, more]));
    expect(ofA(planned)).toMatchObject({ state: 'waiting', rule: 'back-off' });
    const declared = planned.actions.find((action) => action.type === 'declare');
    expect(declared?.identifiers).toEqual(['c']);
    expect(declared?.set.map(({ identifier }) => identifier)).toEqual(['a', 'b', 'c']);
  });

  it('is still there after it was to go: the device is asked to compare with the set without it', () => {
    const mac = settled();
    const onlyB = deploymentOf(deployment.items.slice(1));
    mac.round([onlyB]);
    mac.actual = {
      ...mac.actual,
      declarations: [
        ...mac.actual.declarations,
        { ...(mac.actual.declarations[0] as object), identifier: 'a', reportedAt: mac.now + 1 },
      ] as typeof mac.actual.declarations,
    };
    mac.now += 31 * MINUTE;
    const failed = plan(mac.input([onlyB]));
    expect(ofA(failed)).toMatchObject({ state: 'failed', desired: 'absent' });
    mac.now = failed.nextAt as number;
    const again = plan({ ...mac.input([onlyB]), items: failed.items });
    expect(again.actions).toMatchObject([
      { type: 'declare', resync: true, identifiers: ['a'], set: [{ identifier: 'b' }] },
    ]);
  });
});
