import type { ClassModel } from '@espalier/conditions';
import type { ClientTaskState } from '@espalier/contracts';
import {
  limitSql,
  rowLock,
  upsert,
  type Database,
  type Page,
  type Queryable,
  type Tx,
} from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';
import { restricting, type Restriction } from '../access/restrict.js';
import type { TaskRow } from './task.rows.js';

/** Which tasks of an operation to list. */
export type TaskQuery = Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>;

export interface NewTask {
  readonly id: string;
  readonly operationId: number;
  readonly deviceId: number;
  readonly state: Extract<ClientTaskState, 'waiting' | 'requirements-not-met'>;
  readonly reason: string | null;
  readonly at: number;
  readonly expiresAt: number;
}

/** How a task ends. */
export interface TaskEnd {
  readonly state: ClientTaskState;
  readonly reason: string | null;
  readonly exitCode: number | null;
  readonly outputSealed: string | null;
  readonly headSealed: string | null;
  readonly outputBytes: number;
  readonly isTruncated: boolean;
  readonly at: number;
}

/** A task with what its device is called. */
export type NamedTask = TaskRow & { readonly device_name: string };
/** A task with its output, as it is sealed. */
export type TaskWithOutput = NamedTask & { readonly output_sealed: string | null };

const COLUMNS = [
  'id',
  'operation_id',
  'device_id',
  'state',
  'is_open',
  'reason',
  'exit_code',
  'output_bytes',
  'is_truncated',
  'created_at',
  'fetched_at',
  'finished_at',
  'expires_at',
]
  .map((name) => `t.${name}`)
  .join(', ');
const NAMED = `SELECT ${COLUMNS}, r.name AS device_name, r.name_folded AS device_name_folded`;
const WITH_DEVICE = 'FROM {client_task} t INNER JOIN {resource} r ON r.resource_id = t.device_id';

const model: ClassModel = {
  name: 'ClientTask',
  table: 'client_task',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id', foldedColumn: 'id' },
    { name: 'deviceId', type: 'integer', column: 'device_id' },
    { name: 'deviceName', type: 'text', column: 'device_name', foldedColumn: 'device_name_folded' },
    { name: 'state', type: 'text', column: 'state', foldedColumn: 'state' },
    { name: 'exitCode', type: 'integer', column: 'exit_code' },
    { name: 'finishedAt', type: 'time', column: 'finished_at' },
  ],
};

/** The only writer of the table `client_task`. */
export class TaskStore {
  /** Tasks that devices have already are left as they are: a step may be done again. */
  async insertAbsent(tx: Tx, tasks: readonly NewTask[]): Promise<void> {
    await upsert(tx, 'client_task', {
      key: ['operation_id', 'device_id'],
      update: [],
      rows: tasks.map((task) => ({
        id: task.id,
        operation_id: task.operationId,
        device_id: task.deviceId,
        state: task.state,
        is_open: task.state === 'waiting' ? 1 : 0,
        reason: task.reason,
        created_at: task.at,
        finished_at: task.state === 'waiting' ? null : task.at,
        expires_at: task.expiresAt,
      })),
    });
  }

  /** What a device is to do, oldest first; nobody else gives it out until the transaction ends. */
  async lockOpen(tx: Tx, deviceId: number, at: number, limit: number): Promise<TaskRow[]> {
    const { hint, end } = rowLock(tx.dialect, 't', 'update');
    return tx.query<TaskRow>(
      `SELECT ${COLUMNS} FROM {client_task} t ${hint}
       WHERE t.device_id = :deviceId AND t.is_open = 1 AND t.expires_at > :at
       ORDER BY t.created_at, t.id ${limitSql(tx.dialect, limit)} ${end}`,
      { deviceId, at },
    );
  }

  async lock(tx: Tx, id: string, deviceId: number): Promise<TaskRow | undefined> {
    const { hint, end } = rowLock(tx.dialect, 't', 'update');
    const [row] = await tx.query<TaskRow>(
      `SELECT ${COLUMNS} FROM {client_task} t ${hint} WHERE t.id = :id AND t.device_id = :deviceId ${end}`,
      { id, deviceId },
    );
    return row;
  }

  /** The row must be locked. @param expiresAt until when its device may report */
  async fetched(tx: Tx, id: string, at: number, expiresAt: number): Promise<void> {
    await tx.execute(
      `UPDATE {client_task} SET state = 'fetched', fetched_at = :at, expires_at = :expiresAt WHERE id = :id`,
      { id, at, expiresAt },
    );
  }

  /** The row must be locked. */
  async end(tx: Tx, id: string, end: TaskEnd): Promise<void> {
    await tx.execute(
      `UPDATE {client_task} SET state = :state, is_open = 0, reason = :reason, exit_code = :exitCode,
         output_sealed = :outputSealed, head_sealed = :headSealed, output_bytes = :outputBytes, is_truncated = :isTruncated, finished_at = :at
       WHERE id = :id`,
      { ...end, id },
    );
  }

  /** Takes back what no device has fetched. */
  async cancelWaiting(tx: Tx, operationId: number, at: number, reason: string): Promise<void> {
    await tx.execute(
      `UPDATE {client_task} SET state = 'cancelled', is_open = 0, finished_at = :at, reason = :reason
       WHERE operation_id = :operationId AND state = 'waiting'`,
      { operationId, at, reason },
    );
  }

  /** Ends what was not fetched, or not reported, in time; at most `limit` at once. */
  async expire(on: Queryable, at: number, limit: number): Promise<number> {
    return on.execute(
      `UPDATE {client_task} SET state = 'expired', is_open = 0, finished_at = :at,
         reason = CASE WHEN fetched_at IS NULL THEN 'The device did not fetch it in time.'
           ELSE 'The device fetched it and did not report in time.' END
       WHERE is_open = 1 AND expires_at <= :at AND id IN (SELECT t.id FROM {client_task} t
         WHERE t.is_open = 1 AND t.expires_at <= :at ORDER BY t.expires_at, t.id ${limitSql(on.dialect, limit)})`,
      { at },
    );
  }

  /** How many tasks of an operation are in each state. @param within condition on `t.device_id` */
  async counts(
    on: Queryable,
    operationId: number,
    within: Restriction,
  ): Promise<readonly { readonly state: ClientTaskState; readonly count: number }[]> {
    return on.query(
      `SELECT t.state, COUNT(*) AS count FROM {client_task} t
       WHERE t.operation_id = :operationId${restricting('AND', within)} GROUP BY t.state`,
      { operationId, ...within.params },
    );
  }

  async find(on: Queryable, operationId: number, deviceId: number): Promise<TaskWithOutput | undefined> {
    const [row] = await on.query<TaskWithOutput>(
      `${NAMED}, t.output_sealed ${WITH_DEVICE} WHERE t.operation_id = :operationId AND t.device_id = :deviceId`,
      { operationId, deviceId },
    );
    return row;
  }

  /** What devices answered, in the order of their ids. @param within condition on `t.device_id` */
  async answered(
    on: Queryable,
    operationId: number,
    {
      after,
      limit,
      within,
    }: { readonly after: number; readonly limit: number; readonly within: Restriction },
  ): Promise<TaskWithOutput[]> {
    return on.query<TaskWithOutput>(
      `${NAMED}, t.output_sealed ${WITH_DEVICE}
       WHERE t.operation_id = :operationId AND t.is_open = 0 AND t.device_id > :after${restricting('AND', within)}
       ORDER BY t.device_id ${limitSql(on.dialect, limit)}`,
      { operationId, after, ...within.params },
    );
  }

  /** By device unless told. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  list(on: Database, operationId: number, request: TaskQuery, within: Restriction): Promise<Page<NamedTask>> {
    return listPage<NamedTask>(on, {
      model,
      sql: `${NAMED} ${WITH_DEVICE} WHERE t.operation_id = :operationId${restricting('AND', within)}`,
      params: { operationId, ...within.params },
      defaultOrder: ['deviceId'],
      ...request,
    });
  }

  /** Forgets tasks of operations of before this time; at most `limit` at once. */
  async prune(on: Queryable, before: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM {client_task} WHERE id IN (SELECT t.id FROM {client_task} t
       INNER JOIN {task_operation} o ON o.id = t.operation_id
       WHERE o.requested_at < :before AND t.is_open = 0 ORDER BY o.requested_at ${limitSql(on.dialect, limit)})`,
      { before },
    );
  }
}
