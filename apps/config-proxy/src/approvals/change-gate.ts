import { siteErrors, type Approval, type DeploymentDetail, type NewDeployment } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { ActionCatalogue } from './action.catalogue.js';
import { deploy, type ChangingRooms } from './actions/change.action.js';
import { targetsOf, type ChangeParams } from './actions/change.params.js';
import type { ActionRequest, ApprovalService } from './approval.service.js';
import type { ApprovalPolicies } from './approval.policies.js';
import type { Person } from './approvable-action.js';
import type { Reached, Weigh } from './weigh.js';

export interface ChangeGateOptions {
  readonly db: Database;
  readonly rooms: Pick<ChangingRooms, 'deployments' | 'reach'>;
  readonly actions: ActionCatalogue;
  readonly policies: ApprovalPolicies;
  readonly approvals: Pick<ApprovalService, 'repeated' | 'countAlone' | 'ask'>;
}

/** What came of a change: it was made, or waits for a second person. */
export type Passed<T> = { readonly done: T } | { readonly approval: Approval };

const KIND = 'large-deployment';

/** Says of everything that reaches devices through deployments whether one person may do it alone. */
export class ChangeGate {
  constructor(private readonly options: ChangeGateOptions) {}

  /**
   * Makes a change, and counts the devices that it reaches, in one transaction; or leaves nothing of it behind, and
   * has it wait.
   * @param params what `perform` does, for whoever has to do it once it is approved
   * @param perform gives `weigh` on to the room that makes the change
   * @throws EspalierError as `perform`; ESP_APPROVAL_REASON_MISSING, ESP_APPROVAL_CAP_REACHED,
   * ESP_APPROVAL_CAP_EXCEEDED, ESP_SITE_KEY_REUSED
   */
  async pass<T>(
    params: ChangeParams,
    person: Person,
    request: Omit<ActionRequest, 'facts'>,
    perform: (weigh: Weigh) => Promise<T>,
  ): Promise<Passed<T>> {
    const { db, actions, approvals, policies } = this.options;
    const action = actions.of(KIND);
    const approval = await approvals.repeated(action, params, person, request.key);
    if (approval !== undefined) return { approval };
    try {
      return { done: await perform((tx, reached) => this.#weigh(tx, reached, person)) };
    } catch (error) {
      if (!(error instanceof TooFar)) throw error;
      const { devices, seen, summary } = error;
      return {
        approval: await approvals.ask({
          action,
          params: { ...params, stood: { seen, devices } },
          person,
          policy: await policies.of(db, KIND),
          targets: targetsOf(params),
          devices,
          request: { ...request, facts: { summary } },
        }),
      };
    }
  }

  /** Makes a deployment, for `perform`. */
  deploy(tx: Tx, wanted: NewDeployment, by: string, weigh: Weigh): Promise<DeploymentDetail> {
    return deploy(this.options.rooms, tx, wanted, by, weigh);
  }

  /** For whoever makes a change that was approved: @throws EspalierError ESP_SITE_CHANGED_MEANWHILE */
  stillSo(stood: ChangeParams['stood']): Weigh {
    return async (tx, reached) => {
      if (stood === undefined) return;
      if (JSON.stringify(reached.seen) !== stood.seen)
        throw siteErrors.ESP_SITE_CHANGED_MEANWHILE({
          detail: 'What it changes is not what it was when this was asked for.',
        });
      const { threshold } = await this.options.policies.of(tx, KIND);
      const devices = await this.#devices(tx, reached);
      if (devices > stood.devices + threshold)
        throw siteErrors.ESP_SITE_CHANGED_MEANWHILE({
          detail: `It would reach ${devices} devices; when it was asked for, they were ${stood.devices}.`,
        });
    };
  }

  async #weigh(tx: Tx, reached: Reached, person: Person): Promise<void> {
    // A collection of which nobody joins or leaves.
    if (reached.devices === 0) return;
    const { policies, approvals } = this.options;
    const devices = await this.#devices(tx, reached);
    const policy = await policies.of(tx, KIND);
    const isLarge = policies.asksForApproval(policy, devices);
    if (!isLarge && (await approvals.countAlone(tx, policy, devices, person))) return;
    const why = isLarge ? '' : ', and whoever asks has reached others within the hour';
    const summary = `${reached.summary.slice(0, 300)}. It reaches ${devices} devices${why}.`;
    throw new TooFar(devices, JSON.stringify(reached.seen), summary);
  }

  async #devices(tx: Tx, { devices }: Reached): Promise<number> {
    return typeof devices === 'number' ? devices : this.options.rooms.reach.devices(tx, devices);
  }
}

/** Undoes a change that one person may not make alone. */
class TooFar extends Error {
  constructor(
    readonly devices: number,
    readonly seen: string,
    readonly summary: string,
  ) {
    super(summary);
  }
}
