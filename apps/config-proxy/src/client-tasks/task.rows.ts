import {
  clientTaskSchema,
  type ClientTask,
  type ClientTaskKind,
  type ClientTaskState,
} from '@espalier/contracts';
import type { SecretContext } from '@espalier/secrets';

/** A row of `task_operation`. */
export interface OperationRow {
  readonly id: number;
  readonly kind: ClientTaskKind;
  readonly title: string;
  readonly collection_id: string | null;
  readonly script_id: string | null;
  readonly script_number: number | null;
  readonly sha256: string | null;
  readonly application_id: string | null;
  readonly params_sealed: string;
  readonly job_id: string | null;
  readonly requested_by: string;
  readonly requested_at: number;
  readonly expires_at: number;
  readonly cancelled_at: number | null;
}

/** A row of `client_task`, without its output. */
export interface TaskRow {
  readonly id: string;
  readonly operation_id: number;
  readonly device_id: number;
  readonly state: ClientTaskState;
  readonly is_open: number;
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly output_bytes: number;
  readonly is_truncated: number;
  readonly created_at: number;
  readonly fetched_at: number | null;
  readonly finished_at: number | null;
  readonly expires_at: number;
}

/** What is kept sealed of a request: values of parameters may be passwords. */
export interface OperationParams {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export const paramsPlace = (operationId: number): SecretContext => ({
  table: 'task_operation',
  column: 'params_sealed',
  row: String(operationId),
});

export const outputPlace = (taskId: string): SecretContext => ({
  table: 'client_task',
  column: 'output_sealed',
  row: taskId,
});

/** Of the beginning of an output. */
export const headPlace = (taskId: string): SecretContext => ({
  table: 'client_task',
  column: 'head_sealed',
  row: taskId,
});

export const toTask = (row: TaskRow & { readonly device_name: string }): ClientTask =>
  clientTaskSchema.parse({
    id: row.id,
    operationId: row.operation_id,
    deviceId: row.device_id,
    deviceName: row.device_name,
    state: row.state,
    reason: row.reason,
    exitCode: row.exit_code,
    outputBytes: row.output_bytes,
    isTruncated: row.is_truncated === 1,
    createdAt: row.created_at,
    fetchedAt: row.fetched_at,
    finishedAt: row.finished_at,
    expiresAt: row.expires_at,
  });
