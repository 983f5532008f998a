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
import { serverTokenOf } from './server-token.js';

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

  describe('stays inactive for as long as its server token is the same', () => {
    const tokens = (planned: Plan): string[] =>
      planned.actions.flatMap((action) =>
        action.type === 'declare'
          ? action.set.map(({ identifier, version, renewals }) => {
              return `${identifier} ${serverTokenOf(version, renewals) === version ? 'as ever' : renewals}`;
            })
          : [],
      );
    const stuck = (): PerfectDevice => {
      const mac = settled();
      mac.stuck.set('a', deployment.items[0]?.version ?? '');
      mac.reportDeclarations();
      return mac;
    };
    /** Until something is declared again. */
    const untilDeclared = (mac: PerfectDevice): Plan => {
      for (let round = 0; round < 10; round += 1) {
        const planned = mac.round([deployment]);
        if (tokens(planned).length > 0) return planned;
        mac.now = planned.nextAt as number;
      }
      throw new Error('nothing was declared');
    };

    it('gets another one, it alone, once comparing did not help, and keeps that', () => {
      const mac = stuck();
      expect(tokens(untilDeclared(mac))).toEqual(['a as ever', 'b as ever']);
      const since = mac.now;
      expect(tokens(untilDeclared(mac))).toEqual(['a 1', 'b as ever']);
      // Half an hour until it has failed, half an hour until it is tried again.
      expect(Math.round((mac.now - since) / MINUTE)).toBe(60);
      expect(ofA(mac.round([deployment]))).toMatchObject({ state: 'verified' });
      mac.now += 2 * DAY;
      expect(mac.settle([deployment])).toBe(0);
      mac.spoilt.set('a', 'lost');
      mac.reportDeclarations();
      expect(tokens(mac.round([deployment]))).toEqual(['a 1', 'b as ever']);
      const next = {
        ...deployment,
        items: [{ ...item('a'), version: 'NEXT' }, ...deployment.items.slice(1)],
      };
      expect(tokens(mac.round([next]))).toEqual(['a as ever', 'b as ever']);
    });

    it('is renewed ever more slowly where that does not help either, and has failed meanwhile', () => {
      const mac = stuck();
      mac.stubborn.set('a', 'inactive');
      const waits: number[] = [];
      untilDeclared(mac);
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        const since = mac.now;
        expect(tokens(untilDeclared(mac))).toEqual([`a ${attempt}`, 'b as ever']);
        waits.push(Math.round((mac.now - since) / MINUTE) - 30);
      }
      expect(waits).toEqual([30, 120, 360, 1_440]);
    });

    it('has failed, too, where the device does not take the other one, which it is told of by the back-off only', () => {
      const mac = stuck();
      untilDeclared(mac);
      const before = mac.actual;
      untilDeclared(mac);
      // It says again and again what it said before.
      const say = (): void => {
        const declarations = before.declarations.map((one) => ({ ...one, reportedAt: mac.now }));
        mac.actual = { ...mac.actual, declarations, declarationsFullAt: mac.now };
      };
      mac.now += 29 * MINUTE;
      say();
      expect(ofA(mac.round([deployment]))).toMatchObject({ state: 'acknowledged' });
      mac.now += 2 * MINUTE;
      say();
      const failed = mac.round([deployment]);
      expect(ofA(failed)).toMatchObject({
        state: 'failed',
        lastError: 'The device has not taken it anew.',
        nextAt: mac.now + 120 * MINUTE,
      });
    });

    it('is not renewed where the command was refused: nobody tried the declaration', () => {
      const mac = settled();
      const failed = mac.items.map((one) => ({
        ...one,
        phase: 'idle' as const,
        setback: 'failure' as const,
        strikes: 4,
        errorCode: 'ESP_MDM_DECLARATIONS_INVALID',
      }));
      mac.items = failed;
      mac.actual = { ...mac.actual, declarations: [], declarationsFullAt: null };
      expect(tokens(mac.round([deployment]))).toEqual(['a as ever']);
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
