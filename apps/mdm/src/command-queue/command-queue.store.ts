import type { CommandState, InventoryKind, QueuedCommand } from '@espalier/contracts';
import {
  insertIfAbsent,
  insertRows,
  isUniqueViolation,
  limitSql,
  page,
  rowLock,
  upsert,
  type Database,
  type Page,
  type Queryable,
  type Row,
  type Tx,
} from '@espalier/persistence';

/** Ids in one statement: SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 500;

/** A row of `queued_command`. */
export interface QueuedCommandRow {
  readonly sequence: number;
  readonly id: string;
  readonly command_id: string;
  readonly enrollment_id: string;
  readonly request_type: string;
  readonly created_by: string;
  readonly state: CommandState;
  readonly is_open: number;
  readonly priority: number;
  readonly created_at: number;
  readonly pushed_at: number | null;
  readonly sent_at: number | null;
  /** What its answer tells the whole of, where it does. */
  readonly inventory: InventoryKind | null;
  readonly not_now_count: number;
  readonly not_now_since: number | null;
  readonly completed_at: number | null;
  readonly error_chain: string | null;
}

/** A command as submitted; one for all its targets. */
export interface CommandRecord {
  readonly id: string;
  readonly requestId: string;
  /**
   * Hash over everything that was asked, to tell a repeated request from a different one with the same id. Sealed:
   * the six digits of a PIN are soon guessed from a hash.
   */
  readonly requestHashSealed: string;
  readonly requestType: string;
  readonly payloadSealed: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** Targets that were left out. */
  readonly skipped: readonly string[];
  /** True for a command that is made once and queued again and again: it is never pruned. */
  readonly standing: boolean;
}

/** What a repeated request is answered from. */
export interface KnownCommand {
  readonly id: string;
  readonly requestHashSealed: string;
  readonly skipped: string[];
}

export interface NewQueueEntry {
  readonly id: string;
  readonly commandId: string;
  readonly enrollmentId: string;
  readonly requestType: string;
  readonly priority: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly inventory: InventoryKind | null;
}

/** What a report changes of a command. */
export interface ReportChange {
  readonly state: CommandState;
  readonly open: boolean;
  readonly notNowCount: number;
  readonly notNowSince: number | null;
  readonly completedAt: number | null;
  readonly errorChain: string | null;
}

/** What a report needs to know: the pin, and the command that it names where that is this enrolment's. */
export interface ReportContext {
  readonly state: string;
  readonly fingerprint: string | null;
  readonly command: QueuedCommandRow | undefined;
}

const COLUMNS = `q.sequence, q.id, q.command_id, q.enrollment_id, q.request_type, q.created_by, q.state, q.is_open,
  q.priority, q.created_at, q.pushed_at, q.sent_at, q.inventory, q.not_now_count, q.not_now_since, q.completed_at, q.error_chain`;

/** The queue of commands, for everything but the hot path (see DeliveryStore). */
export class CommandQueueStore {
  constructor(private readonly db: Database) {}

  /** Fails where a command with this request id exists already, see isDuplicateRequest. */
  async insertCommand(tx: Tx, record: CommandRecord): Promise<void> {
    await insertRows(tx, 'command', [toCommandRow(record)]);
  }

  /** The same where it may be there already: standing commands have ids made of what they say. */
  async ensureCommand(tx: Tx, record: CommandRecord): Promise<void> {
    await insertIfAbsent(tx, 'command', ['id'], toCommandRow(record));
  }

  /** True for the error of a second command with the same request id. */
  isDuplicateRequest(error: unknown): boolean {
    return isUniqueViolation(error);
  }

  async findByRequestId(on: Queryable, requestId: string): Promise<KnownCommand | undefined> {
    const [row] = await on.query<{ id: string; request_hash_sealed: string; skipped: string | null }>(
      'SELECT id, request_hash_sealed, skipped FROM {command} WHERE request_id = :requestId',
      { requestId },
    );
    return (
      row && {
        id: row.id,
        requestHashSealed: row.request_hash_sealed,
        skipped: row.skipped === null ? [] : (JSON.parse(row.skipped) as string[]),
      }
    );
  }

  async enqueue(tx: Tx, entries: readonly NewQueueEntry[]): Promise<void> {
    await insertRows(
      tx,
      'queued_command',
      entries.map((entry) => ({
        id: entry.id,
        command_id: entry.commandId,
        enrollment_id: entry.enrollmentId,
        request_type: entry.requestType,
        created_by: entry.createdBy,
        state: 'queued',
        is_open: 1,
        priority: entry.priority,
        created_at: entry.createdAt,
        inventory: entry.inventory,
      })),
    );
  }

  /** Has open commands of a request type that no device has fetched say what another command says; gives whose. */
  async takeOverUnfetched(
    tx: Tx,
    enrollmentIds: readonly string[],
    requestType: string,
    commandId: string,
  ): Promise<string[]> {
    const { hint, end } = rowLock(tx.dialect, 'q', 'update');
    const taken: string[] = [];
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const ids = enrollmentIds.slice(from, from + IDS_AT_ONCE);
      const rows = await tx.query<{ id: string; enrollment_id: string }>(
        `SELECT q.id, q.enrollment_id FROM {queued_command} q ${hint}
         WHERE q.enrollment_id IN (:ids) AND q.is_open = 1 AND q.request_type = :requestType
           AND q.state <> 'sent' ORDER BY q.enrollment_id, q.sequence ${end}`,
        { ids, requestType },
      );
      if (rows.length === 0) continue;
      await tx.execute('UPDATE {queued_command} SET command_id = :commandId WHERE id IN (:queued)', {
        commandId,
        queued: rows.map((row) => row.id),
      });
      taken.push(...rows.map((row) => row.enrollment_id));
    }
    return taken;
  }

  async ofCommand(on: Queryable, commandId: string): Promise<QueuedCommand[]> {
    const rows = await on.query<QueuedCommandRow>(
      `SELECT ${COLUMNS} FROM {queued_command} q WHERE q.command_id = :commandId ORDER BY q.sequence`,
      { commandId },
    );
    return rows.map(toQueuedCommand);
  }

  async get(id: string): Promise<{ command: QueuedCommand; reportSealed: string | null } | undefined> {
    const [row] = await this.db.query<QueuedCommandRow & { report_sealed: string | null }>(
      `SELECT ${COLUMNS}, r.report_sealed FROM {queued_command} q
       LEFT JOIN {command_result} r ON r.queued_command_id = q.id WHERE q.id = :id`,
      { id },
    );
    return row === undefined ? undefined : { command: toQueuedCommand(row), reportSealed: row.report_sealed };
  }

  async listOfEnrollment(
    enrollmentId: string,
    limit: number,
    cursor: string | undefined,
  ): Promise<Page<QueuedCommand>> {
    const { rows, next } = await page<QueuedCommandRow>(this.db, {
      sql: `SELECT ${COLUMNS} FROM {queued_command} q WHERE q.enrollment_id = :enrollmentId`,
      params: { enrollmentId },
      orderBy: ['sequence desc'],
      limit,
      after: cursor,
    });
    return { rows: rows.map(toQueuedCommand), ...(next !== undefined && { next }) };
  }

  /** Cancels the command unless a device has fetched it; undefined where it was too late. */
  async cancel(tx: Tx, id: string, now: number): Promise<QueuedCommand | undefined> {
    const changed = await tx.execute(
      `UPDATE {queued_command} SET state = 'cancelled', is_open = 0, completed_at = :now
       WHERE id = :id AND state = 'queued'`,
      { id, now },
    );
    if (changed === 0) return undefined;
    const [row] = await tx.query<QueuedCommandRow>(
      `SELECT ${COLUMNS} FROM {queued_command} q WHERE q.id = :id`,
      { id },
    );
    return row && toQueuedCommand(row);
  }

  /** Cancels everything that waits for a device and its users, or for one user; gives what was cancelled. */
  async cancelAllOf(tx: Tx, id: string, now: number): Promise<QueuedCommand[]> {
    // Locked: a report that closes one of them meanwhile must not be told of twice.
    const { hint, end } = rowLock(tx.dialect, 'q', 'update');
    const rows = await tx.query<QueuedCommandRow>(
      `SELECT ${COLUMNS} FROM {queued_command} q ${hint} INNER JOIN {enrollment} e ON e.id = q.enrollment_id
       WHERE (e.device_id = :id OR e.id = :id) AND q.is_open = 1 ${end}`,
      { id },
    );
    if (rows.length === 0) return [];
    await tx.execute(
      `UPDATE {queued_command} SET state = 'cancelled', is_open = 0, completed_at = :now
       WHERE is_open = 1 AND enrollment_id IN (SELECT id FROM {enrollment} WHERE device_id = :id OR id = :id)`,
      { id, now },
    );
    return rows.map((row) => toQueuedCommand({ ...row, state: 'cancelled', completed_at: now }));
  }

  /** The enrolment that a command waits at, where the device with this certificate is the one asked. */
  async enrollmentOf(commandUuid: string, fingerprint: string): Promise<string | undefined> {
    const [row] = await this.db.query<{ enrollment_id: string }>(
      `SELECT q.enrollment_id FROM {queued_command} q
       INNER JOIN {enrollment} e ON e.id = q.enrollment_id
       INNER JOIN {enrollment} d ON d.id = e.device_id
       WHERE q.id = :commandUuid AND d.fingerprint = :fingerprint`,
      { commandUuid, fingerprint },
    );
    return row?.enrollment_id;
  }

  /** Looks up what a report needs; undefined where there is no such enrolment. */
  async reportContext(tx: Tx, enrollmentId: string, commandUuid: string): Promise<ReportContext | undefined> {
    const [row] = await tx.prepared<QueuedCommandRow & { e_state: string; fingerprint: string | null }>(
      'report_context',
      `SELECT e.state AS e_state, d.fingerprint, ${COLUMNS}
       FROM {enrollment} e
       INNER JOIN {enrollment} d ON d.id = e.device_id
       LEFT JOIN {queued_command} q ON q.id = :commandUuid AND q.enrollment_id = e.id
       WHERE e.id = :enrollmentId`,
      { enrollmentId, commandUuid },
    );
    if (row === undefined) return undefined;
    return { state: row.e_state, fingerprint: row.fingerprint, command: row.id === null ? undefined : row };
  }

  /** Applies a report to a command that is still open; false where it was closed meanwhile. */
  async applyReport(tx: Tx, id: string, change: ReportChange): Promise<boolean> {
    // What is deferred is fetched anew: what happens until then is in its answer.
    const unsent = change.open ? 'sent_at = NULL, ' : '';
    const changed = await tx.execute(
      `UPDATE {queued_command}
       SET ${unsent}state = :state, is_open = :open, not_now_count = :notNowCount, not_now_since = :notNowSince,
           completed_at = :completedAt, error_chain = :errorChain
       WHERE id = :id AND is_open = 1`,
      { id, ...change },
    );
    return changed > 0;
  }

  async saveResult(tx: Tx, id: string, reportSealed: string): Promise<void> {
    await upsert(tx, 'command_result', {
      key: ['queued_command_id'],
      rows: [{ queued_command_id: id, report_sealed: reportSealed }],
    });
  }

  /** Deletes finished commands of before `before`, at most `limit`; how many queue rows went. */
  async prune(before: number, limit: number): Promise<number> {
    const rows = await this.db.query<{ id: string; command_id: string }>(
      `SELECT id, command_id FROM {queued_command} WHERE is_open = 0 AND completed_at < :before
       ORDER BY completed_at ${limitSql(this.db.dialect, limit)}`,
      { before },
    );
    if (rows.length === 0) return 0;
    const ids = rows.map((row) => row.id);
    const commandIds = [...new Set(rows.map((row) => row.command_id))];
    await this.db.transaction(async (tx) => {
      await tx.execute('DELETE FROM {command_result} WHERE queued_command_id IN (:ids)', { ids });
      await tx.execute('DELETE FROM {queued_command} WHERE id IN (:ids)', { ids });
      await tx.execute(
        `DELETE FROM {command} WHERE id IN (:commandIds) AND is_standing = 0
         AND NOT EXISTS (SELECT 1 FROM {queued_command} q WHERE q.command_id = {command}.id)`,
        { commandIds },
      );
    });
    return rows.length;
  }

  /** Deletes submissions of before `before` that queued nothing, or whose queue rows went to a later one. */
  async pruneUnqueued(before: number, limit: number): Promise<number> {
    return this.db.execute(
      `DELETE FROM {command} WHERE id IN (
         SELECT c.id FROM {command} c WHERE c.created_at < :before AND c.is_standing = 0
         AND NOT EXISTS (SELECT 1 FROM {queued_command} q WHERE q.command_id = c.id)
         ORDER BY c.created_at ${limitSql(this.db.dialect, limit)})`,
      { before },
    );
  }
}

function toCommandRow(record: CommandRecord): Row {
  return {
    id: record.id,
    request_id: record.requestId,
    request_hash_sealed: record.requestHashSealed,
    request_type: record.requestType,
    payload_sealed: record.payloadSealed,
    created_at: record.createdAt,
    created_by: record.createdBy,
    skipped: record.skipped.length === 0 ? null : JSON.stringify(record.skipped),
    is_standing: record.standing ? 1 : 0,
  };
}

function toQueuedCommand(row: QueuedCommandRow): QueuedCommand {
  return {
    id: row.id,
    commandId: row.command_id,
    enrollmentId: row.enrollment_id,
    requestType: row.request_type,
    state: row.state,
    priority: row.priority,
    createdAt: row.created_at,
    createdBy: row.created_by,
    pushedAt: row.pushed_at,
    sentAt: row.sent_at,
    notNowCount: row.not_now_count,
    notNowSince: row.not_now_since,
    completedAt: row.completed_at,
    errorChain: row.error_chain === null ? [] : (JSON.parse(row.error_chain) as QueuedCommand['errorChain']),
  };
}
