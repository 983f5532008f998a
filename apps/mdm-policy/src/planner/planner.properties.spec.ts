import fc from 'fast-check';
import { timesOf } from './contest.js';
import { anySite, MAC, PerfectDevice, T0, versionOf } from './planner.fixture.js';
import { plan } from './planner.js';
import type { Plan } from './planner.types.js';
import { windowState } from './windows.js';

const device = (): PerfectDevice => new PerfectDevice(versionOf);

describe('the planner, on any site', () => {
  const runs = { numRuns: 200 };

  it('gives the same plan for the same input, in whatever order its lists are', () => {
    fc.assert(
      fc.property(anySite, fc.integer({ min: 0, max: 3 }), ({ deployments, windows }, rounds) => {
        const mac = device();
        for (let round = 0; round < rounds; round += 1) mac.round(deployments, windows);
        const straight = mac.input(deployments, windows);
        const turned = {
          ...straight,
          deployments: deployments.map((one) => ({ ...one, items: one.items.toReversed() })).toReversed(),
          windows: windows.toReversed(),
          items: straight.items.toReversed(),
        };
        expect(plan(turned)).toEqual(plan(straight));
        expect(plan(straight)).toEqual(plan(straight));
      }),
      runs,
    );
  });

  it('converges in a few rounds, and then does nothing until something changes', () => {
    fc.assert(
      fc.property(anySite, ({ deployments, windows }) => {
        const mac = device();
        expect(mac.settle(deployments, windows)).toBeLessThanOrEqual(4);
        const after = mac.round(deployments, windows);
        expect(after.actions).toEqual([]);
        for (const { state } of after.decisions)
          expect(['planned', 'queued', 'acknowledged', 'failed']).not.toContain(state);
      }),
      runs,
    );
  });

  it('never acts twice on one identifier in one plan, nor while a command for it is under way', () => {
    fc.assert(
      fc.property(anySite, anySite, (first, second) => {
        const mac = device();
        const planned = plan(mac.input(first.deployments, first.windows));
        expectNoDoubles(planned);
        const underWay = planned.items.filter((one) => one.phase === 'planned');
        const next = plan({ ...mac.input(second.deployments, second.windows), items: planned.items });
        expectNoDoubles(next);
        for (const one of underWay) expect(targets(next)).not.toContain(`${one.kind} ${one.identifier}`);
      }),
      runs,
    );
  });

  it('acts for nobody before its start or deadline, and outside of windows only where that is overridden', () => {
    fc.assert(
      fc.property(anySite, ({ deployments, windows }) => {
        const planned = plan(device().input(deployments, windows));
        const { open } = windowState(windows, T0, MAC.timeZone);
        for (const { deploymentId, state } of planned.decisions) {
          if (state !== 'planned') continue;
          const by = deployments.find((one) => one.id === deploymentId);
          expect(by?.intent).toBe('required');
          expect(by?.enabled).toBe(true);
          expect(timesOf(by as (typeof deployments)[number], MAC.timeZone).actsAt).toBeLessThanOrEqual(T0);
        }
        // Allies ride along with a winner that may: so it is the action that counts.
        if (!open && !deployments.some((one) => one.overrideWindows)) expect(targets(planned)).toEqual([]);
      }),
      runs,
    );
  });

  it('leaves nothing of ours behind once nothing is in scope, and never touches what is not ours', () => {
    fc.assert(
      fc.property(anySite, ({ deployments }) => {
        const mac = device();
        const foreign = { identifier: 'org.example.0', uuid: 'BY-HAND', managed: false, enrolls: false };
        const enrolment = { identifier: 'org.example.mdm', uuid: 'ENROL', managed: true, enrolls: true };
        const byAdmin = { identifier: 'org.example.command', uuid: 'ADMIN', managed: true, enrolls: false };
        for (const profile of [foreign, enrolment, byAdmin]) mac.profiles.set(profile.identifier, profile);
        mac.report();
        mac.now += 1;
        mac.settle(
          deployments.map((one) => ({
            ...one,
            items: one.items.filter((it) => it.identifier !== 'org.example.0'),
          })),
        );
        mac.settle([]);
        expect([...mac.profiles.values()]).toEqual([foreign, enrolment, byAdmin]);
        expect(mac.declared).toEqual([]);
        expect(mac.items).toEqual([]);
        expect(mac.log.flatMap((entry) => entry.identifiers)).not.toContain('org.example.0');
      }),
      runs,
    );
  });

  it('decides about every item of every deployment, with a reason', () => {
    fc.assert(
      fc.property(anySite, ({ deployments, windows }) => {
        const { decisions } = plan(device().input(deployments, windows));
        expect(decisions).toHaveLength(deployments.reduce((sum, one) => sum + one.items.length, 0));
        for (const { reason, rule } of decisions) expect([reason, rule]).not.toContain('');
      }),
      runs,
    );
  });

  function targets({ actions }: Plan): string[] {
    return actions.flatMap((action) => {
      if (action.type === 'ask') return [];
      if (action.type === 'declare')
        return action.identifiers.map((identifier) => `declaration ${identifier}`);
      return [`profile ${action.identifier}`];
    });
  }

  function expectNoDoubles(planned: Plan): void {
    expect(new Set(targets(planned)).size).toBe(targets(planned).length);
  }
});
