import { approvalErrors } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { Person } from '../approvals/approvable-action.js';
import type { ApprovalPolicies } from '../approvals/approval.policies.js';
import type { ApprovalService } from '../approvals/approval.service.js';
import type { IdempotencyService } from '../idempotency/idempotency.service.js';
import { distinct, type OperationService, type TaskTarget, type TaskWork } from './operation.service.js';

export interface ClientWorkServiceOptions {
  readonly operations: Pick<OperationService, 'begin'>;
  readonly idempotency: IdempotencyService;
  readonly approvals: Pick<ApprovalService, 'countAlone'>;
  readonly policies: Pick<ApprovalPolicies, 'of' | 'asksForApproval'>;
}

/** Who asks, and under which key; the same key again answers with what it began. */
export interface Asking {
  readonly person: Person;
  readonly key: string;
}

/** Has Mac clients do what waits for nobody's approval: answer queries, and install one application. */
export class ClientWorkService {
  constructor(private readonly options: ClientWorkServiceOptions) {}

  /**
   * Asks a CMPivot query; gives the number of the operation. Queries only read, and are not counted.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_COLLECTION_UNKNOWN
   */
  pivot(query: string, target: TaskTarget, asking: Asking): Promise<number> {
    return this.#begin({ kind: 'cmpivot', query }, distinct(target), asking);
  }

  /**
   * Installs an application now; gives the number of the operation. What reaches devices one by one counts as what
   * reaches them by deployments.
   * @throws EspalierError ESP_RESOURCE_UNKNOWN, ESP_APPROVAL_CAP_REACHED
   */
  install(
    { id, name }: { readonly id: string; readonly name: string },
    deviceIds: readonly number[],
    asking: Asking,
  ): Promise<number> {
    const target = distinct({ deviceIds });
    const work = { kind: 'install-application', applicationId: id, name } as const;
    return this.#begin(work, target, asking, (tx) => this.#count(tx, target.deviceIds.length, asking.person));
  }

  /** @param check in the transaction that begins it, once for each key */
  async #begin(
    work: TaskWork,
    target: TaskTarget,
    { person, key }: Asking,
    check: (tx: Tx) => Promise<void> = () => Promise.resolve(),
  ): Promise<number> {
    const { idempotency, operations } = this.options;
    const request = { callerId: person.credentialId, key, body: { work, target } };
    const { id } = await idempotency.run(request, async (tx) => {
      await check(tx);
      return { id: await operations.begin(tx, work, target, person.title) };
    });
    return id;
  }

  async #count(tx: Tx, devices: number, person: Person): Promise<void> {
    const { approvals, policies } = this.options;
    const policy = await policies.of(tx, 'large-deployment');
    const isLarge = policies.asksForApproval(policy, devices);
    if (isLarge || !(await approvals.countAlone(tx, policy, devices, person)))
      throw approvalErrors.ESP_APPROVAL_CAP_REACHED({
        detail: `${devices} devices: deploy it to a collection with them, which can wait for a second person (policy large-deployment).`,
      });
  }
}
