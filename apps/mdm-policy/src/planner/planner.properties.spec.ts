import fc from 'fast-check';
import { timesOf } from './contest.js';
import { anySite, DAY, device, MAC, MINUTE, T0, type Flaw } from './planner.fixture.js';
import { plan } from './planner.js';
import type { Plan } from './planner.types.js';
import { windowState } from './windows.js';

describe('the planner, on any site', () => {
  const runs = { numRuns: 200 };
  const anyFlaw = fc.tuple(
    fc.integer({ min: 0, max: 2 }).map((n) => `org.example.${n}`),
    fc.constantFrom<Flaw[]>('lost', 'inactive', 'invalid'),
  );

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

  it('has again what became of declarations on the device, whichever and however, and then does nothing', () => {
    fc.assert(
      fc.property(anySite, fc.array(anyFlaw, { minLength: 1, maxLength: 5 }), ({ deployments }, flaws) => {
        const mac = device();
        mac.settle(deployments);
        const had = [...mac.declared];
        for (const [identifier, flaw] of flaws) mac.spoilt.set(identifier, flaw);
        // Before the next of the deployments starts.
        mac.now += MINUTE;
        mac.reportDeclarations();
        // Drift is mended at once, what the device calls invalid after five minutes.
        mac.settle(deployments);
        mac.now += 6 * MINUTE;
        mac.settle(deployments);
        const after = mac.round(deployments);
        expect(after.actions).toEqual([]);
        expect(mac.declared).toEqual(had);
        for (const { kind, state } of after.decisions)
          if (kind === 'declaration') expect(['failed', 'acknowledged', 'planned']).not.toContain(state);
        for (const { identifier } of had)
          expect(mac.actual.declarations.find((one) => one.identifier === identifier)?.active).toBe(true);
      }),
      runs,
    );
  });

  it('does not hammer a device that fights back, however it does', () => {
    fc.assert(
      fc.property(anySite, fc.array(anyFlaw, { minLength: 1, maxLength: 3 }), ({ deployments }, flaws) => {
        const mac = device();
        mac.settle(deployments);
        for (const [identifier, flaw] of flaws) mac.stubborn.set(identifier, flaw);
        mac.log.length = 0;
        const end = mac.now + 2 * DAY;
        mac.reportDeclarations();
        for (let rounds = 0; mac.now < end && rounds < 1_000; rounds += 1) {
          const { nextAt } = mac.round(deployments);
          mac.now = Math.min(end, Math.max(nextAt ?? end, mac.now + MINUTE));
        }
        // At once, then after 5 min, 30 min, 2 h, 6 h, 24 h, each with half an hour of patience: for each identifier.
        for (const identifier of ['org.example.0', 'org.example.1', 'org.example.2'])
          expect(
            mac.log.filter((entry) => entry.type === 'declare' && entry.identifiers.includes(identifier))
              .length,
          ).toBeLessThanOrEqual(8);
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
