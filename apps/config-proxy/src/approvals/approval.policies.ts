import {
  allApprovalKinds,
  approvalErrors,
  approvalKinds,
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
  'retire-device': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 50 },
  'delete-device': { required: true, threshold: 0, expiryHours: 7 * DAYS, hourlyCap: 50 },
  'large-deployment': { required: true, threshold: 500, expiryHours: 7 * DAYS, hourlyCap: null },
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

  /** As the policy stands now: for what is worth finding out only where somebody will read it. */
  async wouldAsk(kind: ApprovalKind, devices: number): Promise<boolean> {
    return this.asksForApproval(await this.of(this.options.db, kind), devices);
  }

  /**
   * @throws EspalierError ESP_APPROVAL_POLICY_UNKNOWN, ESP_APPROVAL_CAP_EXCEEDED where a kind must have a limit and
   * none is given
   */
  check(kind: ApprovalKind, settings: ApprovalPolicySettings): void {
    if (!Object.hasOwn(approvalKinds, kind))
      throw approvalErrors.ESP_APPROVAL_POLICY_UNKNOWN({ detail: kind });
    if (settings.hourlyCap === null && defaultPolicies[kind].hourlyCap !== null)
      throw approvalErrors.ESP_APPROVAL_CAP_EXCEEDED({
        detail: `Actions of the kind ${kind} always have a limit.`,
        fields: { hourlyCap: 'must be a number' },
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
  if (stored !== undefined) return { description, ...stored };
  return { kind, description, ...defaultPolicies[kind], version: 0, changedAt: null, changedBy: null };
}
