import { randomUUID } from 'node:crypto';
import type { MaintenanceWindow, PolicyDeployment, PolicyItem } from '@espalier/contracts';
import fc from 'fast-check';
import { complete } from './observe.js';
import { plan } from './planner.js';
import { serverTokenOf } from './server-token.js';
import type {
  ActualState,
  DeclaredItem,
  EnrollmentFacts,
  ManagedItem,
  Plan,
  PlannerInput,
  PolicyAction,
  Questions,
  ReportedDeclaration,
  ReportedProfile,
} from './planner.types.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const T0 = Date.UTC(2026, 10, 21, 12);

export const MAC: EnrollmentFacts = {
  id: 'MAC-1',
  kind: 'device',
  state: 'enrolled',
  platform: 'mac',
  timeZone: 'Europe/Berlin',
};

export function profileItem(identifier: string, changes: Partial<PolicyItem> = {}): PolicyItem {
  return {
    ciId: randomUUID(),
    revision: 1,
    kind: 'profile',
    identifier,
    version: `UUID-${identifier}-1`,
    displayName: identifier,
    scope: 'system',
    platforms: ['mac'],
    ...changes,
  };
}

export function deploymentOf(
  items: readonly PolicyItem[],
  changes: Partial<PolicyDeployment> = {},
): PolicyDeployment {
  return {
    id: randomUUID(),
    version: 1,
    name: 'A deployment',
    collectionId: 'ESP00014',
    intent: 'required',
    action: 'install',
    enabled: true,
    startAt: T0 - DAY,
    deadlineAt: null,
    localTime: false,
    priority: 1,
    overrideWindows: false,
    createdAt: T0 - DAY,
    items: [...items],
    ...changes,
  };
}

export function windowOf(changes: Partial<MaintenanceWindow> = {}): MaintenanceWindow {
  return {
    id: randomUUID(),
    name: 'Night',
    enabled: true,
    type: 'general',
    startAt: T0 - DAY + 2 * HOUR,
    durationMinutes: 60,
    localTime: false,
    recurrence: { kind: 'daily', every: 1 },
    ...changes,
  };
}

const NOTHING_ASKED: Questions = { profilesAskedAt: null, deviceAskedAt: null, wanted: false };

/** What can become of a declaration on a device. */
export type Flaw = 'lost' | 'inactive' | 'invalid';

/** A device that does what it is told, unless a spec spoils something, and what mdm and the policy's stores keep of it. */
export class PerfectDevice {
  readonly profiles = new Map<string, ReportedProfile>();
  declared: readonly DeclaredItem[] = [];
  /** What is wrong with declarations, until the device compares what it has with what it is to have. */
  readonly spoilt = new Map<string, Flaw>();
  /** Declarations that stay inactive for as long as their server token is this one. */
  readonly stuck = new Map<string, string>();
  /** What is wrong with declarations again whenever the device has compared. */
  readonly stubborn = new Map<string, Flaw>();
  actual: ActualState = { profiles: null, declarations: [], declarationsFullAt: null };
  items: readonly ManagedItem[] = [];
  questions = NOTHING_ASKED;
  now = T0;
  /** Everything that it was told to do. */
  readonly log: { at: number; type: string; identifiers: readonly string[] }[] = [];

  constructor(
    readonly versions: (ciId: string) => string,
    readonly enrollment: EnrollmentFacts = MAC,
  ) {}

  input(deployments: readonly PolicyDeployment[], windows: readonly MaintenanceWindow[] = []): PlannerInput {
    return {
      now: this.now,
      enrollment: this.enrollment,
      deployments,
      assignments: new Map(),
      windows,
      actual: this.actual,
      items: this.items,
      questions: this.questions,
      checkEveryMs: 6 * HOUR,
    };
  }

  /** One round, carried out at once. */
  round(deployments: readonly PolicyDeployment[], windows: readonly MaintenanceWindow[] = []): Plan {
    const planned = plan(this.input(deployments, windows));
    this.items = planned.items;
    this.questions = planned.questions;
    for (const action of planned.actions) {
      this.now += 1;
      if (action.type === 'ask') {
        if (action.kinds.includes('profiles')) this.report();
        continue;
      }
      const identifiers = action.type === 'declare' ? action.identifiers : [action.identifier];
      this.log.push({ at: planned.decisions[0]?.decidedAt ?? 0, type: action.type, identifiers });
      if (action.type === 'install')
        this.profiles.set(action.identifier, {
          identifier: action.identifier,
          uuid: this.versions(action.ciId),
          managed: true,
          enrolls: false,
        });
      else if (action.type === 'remove') this.profiles.delete(action.identifier);
      else if (!this.#declare(action)) continue;
      const kind = action.type === 'declare' ? 'declaration' : 'profile';
      this.items = this.items.map((item) =>
        item.kind === kind && identifiers.includes(item.identifier)
          ? complete({ ...item, phase: 'queued', commandId: randomUUID() }, acknowledged(this.now))
          : item,
      );
      if (action.type === 'declare') this.reportDeclarations();
    }
    return planned;
  }

  /** Rounds until nothing is left to do; gives how many had something to do. */
  settle(deployments: readonly PolicyDeployment[], windows: readonly MaintenanceWindow[] = []): number {
    for (let rounds = 0; rounds < 10; rounds += 1) {
      this.now += 1;
      if (this.round(deployments, windows).actions.length === 0) return rounds;
    }
    return Number.POSITIVE_INFINITY;
  }

  report(): void {
    this.actual = {
      ...this.actual,
      profiles: { asOf: this.now, reportedAt: this.now, profiles: [...this.profiles.values()] },
    };
  }

  /** As mdm: a set that is the same, and that the device is not to compare with, makes no command. */
  #declare({ set, identifiers, resync }: Extract<PolicyAction, { type: 'declare' }>): boolean {
    const text = (items: readonly DeclaredItem[]): string =>
      JSON.stringify(items.map(({ identifier, version, renewals }) => [identifier, version, renewals]));
    if (!resync && text(set) === text(this.declared)) {
      this.items = this.items.map((item) =>
        item.kind === 'declaration' && identifiers.includes(item.identifier)
          ? { ...item, phase: 'acknowledged', acknowledgedAt: this.now, actedAt: null }
          : item,
      );
      return false;
    }
    this.declared = set;
    this.spoilt.clear();
    return true;
  }

  /** Everything, as devices do once a day. */
  reportDeclarations(): void {
    const declarations = this.declared.flatMap(({ identifier, version, renewals }): ReportedDeclaration[] => {
      const serverToken = serverTokenOf(version, renewals);
      const stuck = this.stuck.get(identifier) === serverToken ? ('inactive' as const) : undefined;
      const flaw = this.spoilt.get(identifier) ?? this.stubborn.get(identifier) ?? stuck;
      if (flaw === 'lost') return [];
      return [
        {
          identifier,
          serverToken,
          active: flaw === undefined,
          valid: flaw === 'invalid' ? 'invalid' : 'valid',
          reasons: flaw === 'invalid' ? 'Missing: MinimumLength' : '',
          reportedAt: this.now,
        },
      ];
    });
    this.actual = { ...this.actual, declarations, declarationsFullAt: this.now };
  }
}

export const acknowledged = (at: number): Parameters<typeof complete>[1] => ({
  state: 'acknowledged',
  at,
  pushedAt: at,
  fetchedAt: at,
  error: null,
});

/** A site in small: a few identifiers that several deployments fight over. */
export interface SmallSite {
  readonly deployments: readonly PolicyDeployment[];
  readonly windows: readonly MaintenanceWindow[];
}

const ciOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

/** Each configuration item has one version, as in a library. */
export const versionOf = (ciId: string): string => `VERSION-${ciId.slice(-4)}`;

export const device = (): PerfectDevice => new PerfectDevice(versionOf);
/** The decision of a plan that makes but one. */
export const only = (planned: Plan): Plan['decisions'][number] => {
  expect(planned.decisions).toHaveLength(1);
  return planned.decisions[0] as Plan['decisions'][number];
};
/** An item whose version is what the perfect device makes of its configuration item. */
export const item = (identifier: string, changes: Parameters<typeof profileItem>[1] = {}) => {
  const made = profileItem(identifier, changes);
  return { ...made, version: versionOf(made.ciId) };
};

const anyItem: fc.Arbitrary<PolicyItem> = fc
  .record({
    ci: fc.integer({ min: 1, max: 9 }),
    kind: fc.constantFrom('profile' as const, 'profile' as const, 'declaration' as const, 'script' as const),
    scope: fc.constantFrom('system' as const, 'system' as const, 'user' as const),
    platforms: fc.constantFrom<PolicyItem['platforms']>(['mac'], ['mac', 'ipad'], ['iphone']),
  })
  .map(({ ci, kind, scope, platforms }) => ({
    ciId: ciOf(ci),
    revision: 1,
    kind,
    // Three configuration items for each identifier, so that they meet.
    identifier: `org.example.${ci % 3}`,
    version: versionOf(ciOf(ci)),
    displayName: 'Item',
    scope,
    platforms,
  }));

const anyDeployment = (index: number): fc.Arbitrary<PolicyDeployment> =>
  fc.record({
    id: fc.constant(`10000000-0000-4000-8000-${String(index).padStart(12, '0')}`),
    version: fc.constant(1),
    name: fc.constant(`Deployment ${index}`),
    collectionId: fc.constant('ESP00014'),
    intent: fc.constantFrom('required' as const, 'required' as const, 'available' as const),
    action: fc.constantFrom('install' as const, 'install' as const, 'uninstall' as const),
    enabled: fc.constantFrom(true, true, true, false),
    startAt: fc.integer({ min: -30, max: 30 }).map((hours) => T0 + hours * HOUR),
    deadlineAt: fc.option(fc.integer({ min: 0, max: 48 }).map((hours) => T0 + hours * HOUR)),
    localTime: fc.boolean(),
    priority: fc.integer({ min: 0, max: 2 }),
    overrideWindows: fc.boolean(),
    createdAt: fc.integer({ min: 0, max: 3 }).map((days) => T0 - days * DAY),
    items: fc.uniqueArray(anyItem, { maxLength: 4, selector: (one) => one.ciId }),
  });

export const anySite: fc.Arbitrary<SmallSite> = fc.record({
  deployments: fc.tuple(...[1, 2, 3, 4].map(anyDeployment)).chain((all) => fc.subarray(all)),
  windows: fc.array(
    fc.record({
      id: fc.uuid(),
      name: fc.constant('Window'),
      enabled: fc.boolean(),
      type: fc.constantFrom('general' as const, 'updates' as const),
      startAt: fc.integer({ min: 0, max: 47 }).map((hours) => T0 - 2 * DAY + hours * HOUR),
      durationMinutes: fc.constantFrom(30, 240, 1_440),
      localTime: fc.boolean(),
      recurrence: fc.constant({ kind: 'daily' as const, every: 1 }),
    }),
    { maxLength: 2 },
  ),
});
