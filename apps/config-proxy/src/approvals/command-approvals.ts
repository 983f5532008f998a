import { getEnrollment, mdmErrors, type Approval } from '@espalier/contracts';
import type { Caller } from '../access/caller.js';
import type { MdmClient } from '../mdm/mdm.client.js';
import { commandActionKind, type CommandParams } from './actions/command.action.js';
import { personOf } from './approval.http.js';
import type { ApprovalPolicies } from './approval.policies.js';
import type { ApprovalService } from './approval.service.js';

export interface CommandApprovalsOptions {
  readonly approvals: ApprovalService;
  readonly policies: ApprovalPolicies;
  readonly mdm: Pick<MdmClient, 'ask'>;
}

const ASKED_AT_ONCE = 25;
const NAMES_SHOWN = 5;

/** Says which commands wait for a second person. */
export class CommandApprovals {
  constructor(private readonly options: CommandApprovalsOptions) {}

  /**
   * `'no'`: send it now, its devices are counted. Otherwise it waits as the approval that is given back.
   * @throws EspalierError as `ApprovalService.need`; ESP_MDM_ENROLLMENT_UNKNOWN, ESP_MDM_ENROLLMENT_NOT_ACTIVE where
   * an approval would be asked for what cannot be done
   */
  async need(
    asked: CommandParams,
    caller: Caller,
    request: { readonly key: string; readonly reason: string | undefined },
  ): Promise<'no' | Approval> {
    const { approvals, policies } = this.options;
    const { requestType } = asked.command;
    const kind = commandActionKind(requestType);
    if (kind === undefined) return 'no';
    const params: CommandParams = { ...asked, enrollmentIds: [...new Set(asked.enrollmentIds)].sort() };
    const devices = params.enrollmentIds.length;
    const waits = await policies.wouldAsk(kind, devices);
    const names = waits ? await this.#names(params.enrollmentIds, caller) : undefined;
    const facts = {
      devices,
      ...(names !== undefined && { names, summary: summaryOf(requestType, [...names.values()]) }),
    };
    return approvals.need(kind, params, personOf(caller), { ...request, facts });
  }

  /** What people call the devices; all of them are enrolled. */
  async #names(ids: readonly string[], caller: Caller): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
      const found = await Promise.all(
        ids.slice(from, from + ASKED_AT_ONCE).map(async (id) => {
          const { enrollment } = await this.options.mdm.ask(getEnrollment, { id }, caller.origin);
          return enrollment;
        }),
      );
      for (const { id, state, deviceName, serialNumber } of found) {
        if (state !== 'enrolled') throw mdmErrors.ESP_MDM_ENROLLMENT_NOT_ACTIVE({ detail: id });
        names.set(id, deviceName ?? serialNumber ?? id);
      }
    }
    return names;
  }
}

function summaryOf(requestType: string, names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  const shown = names.slice(0, NAMES_SHOWN).map((name) => name.slice(0, 50));
  return `Send ${requestType} to ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}
