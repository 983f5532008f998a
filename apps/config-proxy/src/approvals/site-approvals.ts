import type { Approval } from '@espalier/contracts';
import { checkIfMatch } from '../http/etag.js';
import type { ResourceService } from '../resources/resource.service.js';
import type { Person } from './approvable-action.js';
import type { ActionRequest, ApprovalService } from './approval.service.js';

export interface SiteApprovalsOptions {
  readonly approvals: ApprovalService;
  readonly resources: Pick<ResourceService, 'get'>;
}

type Request = Omit<ActionRequest, 'facts'> & { readonly ifMatch?: string | undefined };

/** Says which changes of devices wait for a second person. */
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
}
