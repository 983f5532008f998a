import type {
  Actor,
  ApiScope,
  Approval,
  ApprovalKind,
  ApprovalState,
  ApprovalTarget,
} from '@espalier/contracts';
import type { Keyring } from '@espalier/secrets';
import type { ApprovableAction } from './approvable-action.js';

/** An approval as it is stored. */
export interface StoredApproval extends Approval {
  readonly paramsSealed: string;
  readonly requesterMakerId: string | null;
  readonly requesterActor: Actor;
  readonly requesterTitle: string;
  readonly credentialId: string;
  readonly requestKey: string;
  /** When its execution first began. */
  readonly begunAt: number | null;
}

/** A row of `approval`. */
export interface ApprovalRow {
  readonly id: string;
  readonly kind: ApprovalKind;
  readonly state: ApprovalState;
  readonly params_sealed: string;
  readonly summary: string;
  readonly targets: string;
  readonly device_count: number;
  readonly reason: string;
  readonly requester_id: string;
  readonly requester_name: string;
  readonly requester_maker_id: string | null;
  readonly requester_actor: string;
  readonly requester_title: string;
  readonly credential_id: string;
  readonly request_key: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly decided_at: number | null;
  readonly decided_by_id: string | null;
  readonly decided_by_name: string | null;
  readonly decision_reason: string | null;
  readonly job_id: string | null;
  readonly begun_at: number | null;
  readonly finished_at: number | null;
  readonly outcome: string | null;
  readonly result_ids: string;
  readonly version: number;
}

export function toApproval(row: ApprovalRow): StoredApproval {
  const { decided_by_id: deciderId, decided_by_name: deciderName } = row;
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    summary: row.summary,
    reason: row.reason,
    targets: JSON.parse(row.targets) as ApprovalTarget[],
    deviceCount: row.device_count,
    requester: { id: row.requester_id, name: row.requester_name },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedBy: deciderId === null ? null : { id: deciderId, name: deciderName ?? '' },
    decidedAt: row.decided_at,
    decisionReason: row.decision_reason,
    finishedAt: row.finished_at,
    outcome: row.outcome,
    resultIds: JSON.parse(row.result_ids) as string[],
    jobId: row.job_id,
    version: row.version,
    paramsSealed: row.params_sealed,
    requesterMakerId: row.requester_maker_id,
    requesterActor: JSON.parse(row.requester_actor) as Actor,
    requesterTitle: row.requester_title,
    credentialId: row.credential_id,
    requestKey: row.request_key,
    begunAt: row.begun_at,
  };
}

/** Without what is nobody's business. */
export function shown(stored: StoredApproval): Approval {
  const {
    paramsSealed: _params,
    requesterMakerId: _maker,
    requesterActor: _actor,
    requesterTitle: _title,
    credentialId: _credential,
    requestKey: _key,
    begunAt: _begun,
    ...approval
  } = stored;
  return approval;
}

/** Where the parameters of an approval are sealed to. */
export const paramsPlace = (id: string) => ({ table: 'approval', column: 'params_sealed', row: id });

/** What is to be done, opened. */
export const paramsOf = (
  { id, paramsSealed }: Pick<StoredApproval, 'id' | 'paramsSealed'>,
  action: ApprovableAction<unknown>,
  vault: Keyring,
): unknown => action.params.parse(JSON.parse(vault.open(paramsSealed, paramsPlace(id)).toString()));

/** What it takes to ask for it. */
export const scopesOf = (
  approval: StoredApproval,
  action: ApprovableAction<unknown>,
  vault: Keyring,
): readonly ApiScope[] => action.scopesFor?.(paramsOf(approval, action, vault)) ?? action.scopes;
