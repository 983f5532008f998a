import {
  scriptSchema,
  type Script,
  type ScriptApprovalState,
  type ScriptParameter,
} from '@espalier/contracts';
import type { SecretContext } from '@espalier/secrets';

/** ConfigMgr's ApprovalState (SMS_Scripts). */
export const approvalNumbers: Readonly<Record<ScriptApprovalState, number>> = {
  waiting: 0,
  denied: 1,
  approved: 3,
};

/** A script with one of its versions. */
export interface ScriptRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
  readonly version_id: string;
  readonly number: number;
  readonly language: Script['language'];
  readonly sha256: string;
  readonly length: number;
  readonly parameters: string;
  readonly approval_state: number;
  readonly author_id: string;
  readonly author_maker_id: string | null;
  readonly author_name: string;
  readonly approver_id: string | null;
  readonly approver_name: string | null;
  readonly decided_at: number | null;
  readonly comment: string | null;
}

/** What is written of a version. */
export interface NewVersion {
  readonly id: string;
  readonly number: number;
  readonly language: Script['language'];
  readonly textSealed: string;
  readonly sha256: string;
  readonly length: number;
  readonly parameters: readonly ScriptParameter[];
  readonly author: { readonly id: string; readonly makerId: string | null; readonly name: string };
  readonly at: number;
}

/** Where the text of a version is sealed to. */
export const textPlace = (versionId: string): SecretContext => ({
  table: 'script_version',
  column: 'text_sealed',
  row: versionId,
});

export function stateOf(number: number): ScriptApprovalState {
  if (number === approvalNumbers.approved) return 'approved';
  return number === approvalNumbers.denied ? 'denied' : 'waiting';
}

export const toScript = (row: ScriptRow): Script =>
  scriptSchema.parse({
    id: row.id,
    name: row.name,
    language: row.language,
    scriptVersion: row.number,
    sha256: row.sha256,
    length: row.length,
    parameters: JSON.parse(row.parameters) as unknown,
    author: row.author_name,
    approvalState: stateOf(row.approval_state),
    approver: row.approver_name,
    decidedAt: row.decided_at,
    comment: row.comment,
    version: row.version,
    createdAt: row.created_at,
    createdBy: row.created_by,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
  });
