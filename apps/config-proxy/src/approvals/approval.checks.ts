import { approvalErrors, type ApprovalTarget, type RoleAssignment } from '@espalier/contracts';
import type { Queryable, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import type { VisibilityStore } from '../access/visibility.store.js';
import { Rights, type Reach } from '../roles/rights.js';
import type { ActionCatalogue } from './action.catalogue.js';
import type { ApprovalPolicies } from './approval.policies.js';
import { scopesOf, type StoredApproval } from './approval.rows.js';
import type { HourlyCap } from './hourly-cap.js';

/** What is known of administrators. */
export interface People {
  find(
    on: Queryable,
    id: string,
  ): Promise<
    | {
        readonly kind: 'person' | 'service';
        readonly isEnabled: boolean;
        readonly changedAt: number;
        readonly assignments: readonly RoleAssignment[];
      }
    | undefined
  >;
}

/** What is known of the tokens that people ask with. */
export interface Credentials {
  /** Whether it is a token that was revoked; one that expired meanwhile was good. */
  isRevoked(on: Queryable, credentialId: string): Promise<boolean>;
}

export interface ApprovalChecksOptions {
  readonly actions: ActionCatalogue;
  readonly policies: ApprovalPolicies;
  readonly caps: HourlyCap;
  readonly people: People;
  readonly credentials: Credentials;
  readonly visibility: Pick<VisibilityStore, 'devicesIn' | 'enrollmentsIn' | 'collectionsIn'>;
  readonly vault: Keyring;
}

/** What must hold of an approval when it is given and when it begins to be carried out: days may lie between. */
export class ApprovalChecks {
  constructor(private readonly options: ApprovalChecksOptions) {}

  /**
   * Whoever asked could ask for it still: with what they asked with, and their roles give what the action needs, where
   * its targets are now.
   * @throws EspalierError ESP_APPROVAL_RIGHTS_LOST
   */
  async requester(tx: Tx, approval: StoredApproval): Promise<void> {
    const { requester, targets } = approval;
    const administrator = await this.options.people.find(tx, requester.id);
    if (administrator?.isEnabled !== true)
      throw approvalErrors.ESP_APPROVAL_RIGHTS_LOST({
        detail: `${requester.name} is not an enabled administrator any more.`,
      });
    // Who revokes a token that was stolen takes back what the thief has asked for.
    if (await this.options.credentials.isRevoked(tx, approval.credentialId))
      throw approvalErrors.ESP_APPROVAL_RIGHTS_LOST({
        detail: `The token of ${requester.name} that it was asked for with was revoked.`,
      });
    const rights = Rights.of(administrator.assignments);
    const { actions, vault } = this.options;
    for (const scope of scopesOf(approval, actions.of(approval.kind), vault)) {
      const reach = rights.reach(scope);
      if (reach !== 'site' && !(await this.#reaches(tx, targets, reach)))
        throw approvalErrors.ESP_APPROVAL_RIGHTS_LOST({
          detail: `${requester.name} lacks ${scope} for what was asked.`,
        });
    }
  }

  /**
   * Counts its devices as acted on by whoever asked.
   * @throws EspalierError ESP_APPROVAL_CAP_REACHED, ESP_APPROVAL_CAP_EXCEEDED
   */
  async count(tx: Tx, { kind, requester, deviceCount }: StoredApproval, at: number): Promise<void> {
    const { policies, caps } = this.options;
    const { hourlyCap: cap } = await policies.of(tx, kind);
    const booking = { administratorId: requester.id, kind, phase: 'done', devices: deviceCount } as const;
    await caps.book(tx, { ...booking, cap, at });
  }

  async #reaches(
    on: Queryable,
    targets: readonly ApprovalTarget[],
    reach: Exclude<Reach, 'site'>,
  ): Promise<boolean> {
    if (reach.length === 0) return false;
    const { visibility } = this.options;
    const idsOf = (wanted: ApprovalTarget['type']): string[] =>
      targets.flatMap(({ type, id }) => (type === wanted ? [id] : []));
    const seen = {
      device: new Set([...(await visibility.devicesIn(on, idsOf('device').map(Number), reach))].map(String)),
      enrollment: await visibility.enrollmentsIn(on, idsOf('enrollment'), reach),
      collection: await visibility.collectionsIn(on, idsOf('collection'), reach),
    };
    // A deployment is where its collection is, which is a target too; policies and the library are the whole site's.
    return targets.every(
      ({ type, id }) =>
        type === 'deployment' || (type !== 'policy' && type !== 'thing' && seen[type].has(id)),
    );
  }
}
