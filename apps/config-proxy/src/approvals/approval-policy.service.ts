import type { Approval, ApprovalMode, ApprovalPolicy } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { checkIfMatch } from '../http/etag.js';
import type { PolicyParams } from './actions/policy.action.js';
import type { Person } from './approvable-action.js';
import type { ApprovalClock } from './approval.clock.js';
import type { ApprovalPolicies } from './approval.policies.js';
import type { ApprovalService } from './approval.service.js';

export interface ApprovalPolicyServiceOptions {
  readonly db: Database;
  readonly policies: ApprovalPolicies;
  readonly approvals: ApprovalService;
  readonly clock: ApprovalClock;
}

/** Shows and changes what needs an approval. */
export class ApprovalPolicyService {
  constructor(private readonly options: ApprovalPolicyServiceOptions) {}

  /** Whether anything waits for a second person. */
  get mode(): ApprovalMode {
    return this.options.policies.mode;
  }

  async list(): Promise<{ mode: ApprovalMode; items: ApprovalPolicy[] }> {
    return { mode: this.mode, items: await this.options.policies.list() };
  }

  /**
   * Replaces a policy, or gives the approval that this waits for.
   * @throws EspalierError ESP_APPROVAL_POLICY_UNKNOWN, ESP_APPROVAL_CAP_EXCEEDED, ESP_APPROVAL_REASON_MISSING,
   * ESP_SITE_CHANGED_MEANWHILE
   */
  async replace(
    params: PolicyParams,
    person: Person,
    request: {
      readonly key: string;
      readonly reason: string | undefined;
      readonly ifMatch: string | undefined;
    },
  ): Promise<ApprovalPolicy | Approval> {
    const { db, policies, approvals, clock } = this.options;
    const { kind, settings } = params;
    const { ifMatch, ...asked } = request;
    policies.check(kind, settings);
    checkIfMatch(ifMatch, (await policies.of(db, kind)).version);
    const approval = await approvals.need('policy-change', params, person, {
      ...asked,
      facts: { devices: 1 },
    });
    if (approval !== 'no') return approval;
    return db.transaction(async (tx) => {
      const change = { at: await clock.tick(tx), by: person.title.slice(0, 255), ifMatch };
      return policies.replace(tx, kind, settings, change);
    });
  }
}
