import type { Approval } from '@espalier/contracts';
import type { ODataObject } from '@espalier/odata';
import type { DoorAnswer } from '../door.js';

/**
 * What ConfigMgr has no answer for: it waits for a second person. 202 with the approval, where scripts that look at the
 * status alone take it for begun, and others find its number.
 */
export const approvalAnswer = (
  { id, state, summary, expiresAt }: Approval,
  envelope: (json: ODataObject) => ODataObject,
): DoorAnswer => ({
  status: 202,
  location: `/api/v1/approvals/${id}`,
  json: envelope({
    ApprovalId: id,
    ApprovalState: state,
    ApprovalSummary: summary,
    ApprovalExpires: new Date(expiresAt).toISOString(),
  }),
});
