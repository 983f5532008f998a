import {
  allApprovalKinds,
  approvalErrors,
  approvalKinds,
  MAX_FLEET_CAP,
  MAX_HOURLY_CAP,
  type ApprovalKind,
  type ApprovalMode,
  type ApprovalPolicy,
  type ApprovalPolicySettings,
} from '@espalier/contracts';
import type { Database, Queryable, Tx } from '@espalier/persistence';
import { checkIfMatch } from '../http/etag.js';
import type { ApprovalPolicyStore, StoredPolicy } from './approval-policy.store.js';

const DAYS = 24;

/** What holds until it is changed. Whoever is in a hurry waits less for a colleague than a fleet takes to restore. */
export const defaultPolicies: Readonly<Record<ApprovalKind, ApprovalPolicySettings>> = {
  erase: { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 20 },
  'remove-management': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 20 },
  'disruptive-command': { required: true, threshold: 1, expiryHours: 7 * DAYS, hourlyCap: 100 },
  'unknown-command': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 20 },
  'run-script': {
    required: true,
    threshold: 50,
    expiryHours: 7 * DAYS,
    hourlyCap: 1_000,
    aloneCap: 200,
  },
  'retire-device': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 50 },
  'delete-device': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 50 },
  'large-deployment': {
    required: true,
    threshold: 500,
    expiryHours: 7 * DAYS,
    hourlyCap: 500_000,
    aloneCap: 2_000,
  },
  'policy-change': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: null },
};

export interface ApprovalPoliciesOptions {
  readonly db: Database;
  readonly store: ApprovalPolicyStore;
  readonly mode: ApprovalMode;
}

/** When actions need a second person, and how many devices one person may act on within an hour. */
export class ApprovalPolicies {
  constructor(private readonly options: ApprovalPoliciesOptions) {}

  get mode(): ApprovalMode {
    return this.options.mode;
  }

  async list(): Promise<ApprovalPolicy[]> {
    const changed = new Map((await this.options.store.all(this.options.db)).map((row) => [row.kind, row]));
    return allApprovalKinds.map((kind) => withDefaults(kind, changed.get(kind)));
  }

  async of(on: Queryable, kind: ApprovalKind): Promise<ApprovalPolicy> {
    return withDefaults(kind, await this.options.store.find(on, kind));
  }

  /** True where an action on so many devices waits for a second person. */
  asksForApproval({ required, threshold }: ApprovalPolicySettings, devices: number): boolean {
    return this.options.mode === 'required' && required && (threshold === 0 || devices > threshold);
  }

  /** Devices that one person may reach within an hour before everything else waits; null: there is no such limit. */
  aloneCap({ required, aloneCap = null }: ApprovalPolicySettings): number | null {
    return this.options.mode === 'required' && required ? aloneCap : null;
  }

  /** As the policy stands now: for what is worth finding out only where somebody will read it. */
  async wouldAsk(kind: ApprovalKind, devices: number): Promise<boolean> {
    return this.asksForApproval(await this.of(this.options.db, kind), devices);
  }

  /**
   * @throws EspalierError ESP_APPROVAL_POLICY_UNKNOWN, ESP_APPROVAL_CAP_EXCEEDED where a kind must have a limit and
   * none is given, or a smaller one
   */
  check(kind: ApprovalKind, settings: ApprovalPolicySettings): void {
    if (!Object.hasOwn(approvalKinds, kind))
      throw approvalErrors.ESP_APPROVAL_POLICY_UNKNOWN({ detail: kind });
    for (const name of ['hourlyCap', 'aloneCap'] as const)
      if (settings[name] === null && (defaultPolicies[kind][name] ?? null) !== null)
        throw approvalErrors.ESP_APPROVAL_CAP_EXCEEDED({
          detail: `Actions of the kind ${kind} always have a limit.`,
          fields: { [name]: 'must be a number' },
        });
    const most = kind === 'large-deployment' ? MAX_FLEET_CAP : MAX_HOURLY_CAP;
    if (settings.hourlyCap !== null && settings.hourlyCap > most)
      throw approvalErrors.ESP_APPROVAL_CAP_EXCEEDED({
        detail: `Actions of the kind ${kind} have a limit of ${most} at most.`,
        fields: { hourlyCap: `must be at most ${most}` },
      });
  }

  /** Replaces a policy. @throws EspalierError as `check`, ESP_SITE_CHANGED_MEANWHILE */
  async replace(
    tx: Tx,
    kind: ApprovalKind,
    settings: ApprovalPolicySettings,
    change: { readonly at: number; readonly by: string; readonly ifMatch?: string | undefined },
  ): Promise<ApprovalPolicy> {
    this.check(kind, settings);
    const before = withDefaults(kind, await this.options.store.lock(tx, kind));
    checkIfMatch(change.ifMatch, before.version);
    const next = {
      ...settings,
      aloneCap: settings.aloneCap === undefined ? before.aloneCap : settings.aloneCap,
      kind,
      version: before.version + 1,
      changedAt: change.at,
      changedBy: change.by,
    };
    await this.options.store.put(tx, next);
    return withDefaults(kind, next);
  }
}

function withDefaults(kind: ApprovalKind, stored: StoredPolicy | undefined): ApprovalPolicy {
  const description = approvalKinds[kind];
  const shipped = defaultPolicies[kind];
  const { hourlyCap, aloneCap = null } = shipped;
  if (stored === undefined)
    return { kind, description, ...shipped, aloneCap, version: 0, changedAt: null, changedBy: null };
  // Policies from before a kind had a limit.
  return {
    description,
    ...stored,
    hourlyCap: stored.hourlyCap ?? hourlyCap,
    aloneCap: stored.aloneCap ?? aloneCap,
  };
}
