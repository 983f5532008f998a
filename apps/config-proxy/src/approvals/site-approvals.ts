import type { Approval, DeploymentChange, NewDeployment } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { checkIfMatch } from '../http/etag.js';
import type { DeploymentService } from '../deployments/deployment.service.js';
import type { ResourceService } from '../resources/resource.service.js';
import type { DeploymentParams } from './actions/deployment.action.js';
import type { ReachStore } from './actions/reach.store.js';
import type { Person } from './approvable-action.js';
import type { ApprovalPolicies } from './approval.policies.js';
import type { ActionRequest, ApprovalService } from './approval.service.js';

export interface SiteApprovalsOptions {
  readonly db: Database;
  readonly reach: ReachStore;
  readonly approvals: ApprovalService;
  readonly policies: ApprovalPolicies;
  readonly resources: Pick<ResourceService, 'get'>;
  readonly deployments: Pick<DeploymentService, 'create' | 'read'>;
}

type Request = Omit<ActionRequest, 'facts'> & { readonly ifMatch?: string | undefined };

/** Undoes what was only tried. */
class Tried extends Error {}

/** Says which changes of devices and deployments wait for a second person. */
export class SiteApprovals {
  constructor(private readonly options: SiteApprovalsOptions) {}

  /** @throws EspalierError as `ApprovalService.need`, ESP_RESOURCE_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE */
  async device(
    kind: 'retire-device' | 'delete-device',
    resourceId: number,
    person: Person,
    { ifMatch, ...request }: Request,
  ): Promise<'no' | Approval> {
    const { name, version } = await this.options.resources.get(resourceId);
    checkIfMatch(ifMatch, version);
    const what = kind === 'retire-device' ? 'Decommission' : 'Delete the record of';
    const names = new Map([[String(resourceId), name]]);
    const facts = { names, summary: `${what} ${name.slice(0, 100)} (ResourceId ${resourceId}).` };
    return this.options.approvals.need(kind, { resourceId }, person, { ...request, facts });
  }

  /** @throws EspalierError as `ApprovalService.need` and `DeploymentService.create` */
  async newDeployment(wanted: NewDeployment, person: Person, request: Request): Promise<'no' | Approval> {
    const { collectionId } = wanted;
    const params = { what: 'create', collectionId, wanted } as const;
    return this.#deployment(params, person, request, () => this.#tried(wanted, person));
  }

  /** @throws EspalierError as `ApprovalService.need`, ESP_DEPLOYMENT_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE */
  async deployment(
    deploymentId: string,
    change: DeploymentChange | 'delete',
    person: Person,
    { ifMatch, ...request }: Request,
  ): Promise<'no' | Approval> {
    const { collectionId, name, version } = await this.options.deployments.read(deploymentId);
    checkIfMatch(ifMatch, version);
    const params =
      change === 'delete'
        ? ({ what: 'delete', collectionId, deploymentId } as const)
        : ({ what: 'change', collectionId, deploymentId, change } as const);
    return this.#deployment(params, person, request, () => Promise.resolve(name));
  }

  async #deployment(
    params: DeploymentParams,
    person: Person,
    request: Request,
    nameOf: () => Promise<string>,
  ): Promise<'no' | Approval> {
    const { db, reach, approvals, policies } = this.options;
    const devices = await reach.memberCount(db, params.collectionId);
    if (!(await policies.wouldAsk('large-deployment', devices)))
      return approvals.need('large-deployment', params, person, { ...request, facts: { devices } });
    const name = (await nameOf()).slice(0, 200);
    const summary = `${verbs[params.what]} "${name}", which is for ${devices} members of ${params.collectionId}.`;
    return approvals.need('large-deployment', params, person, {
      ...request,
      facts: { devices, summary },
    });
  }

  /** What the deployment would be called; whoever approves need not find out that it cannot be made. */
  async #tried(wanted: NewDeployment, person: Person): Promise<string> {
    let name = '';
    await this.options.db
      .transaction(async (tx) => {
        ({ name } = await this.options.deployments.create(tx, wanted, person.title));
        throw new Tried();
      })
      .catch((error: unknown) => {
        if (!(error instanceof Tried)) throw error;
      });
    return name;
  }
}

const verbs = {
  create: 'Make the deployment',
  change: 'Change the deployment',
  delete: 'End the deployment',
};
