import type { EnrollmentState } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';

/** A command as it is handed to a device; the payload is still sealed. */
export interface HandedCommand {
  readonly id: string;
  readonly commandId: string;
  readonly payloadSealed: string;
}

/** What the database knows of an enrolment that asks for work, and the command that it gets. */
export interface Delivery {
  readonly state: EnrollmentState;
  /** Fingerprint that the device is pinned to. */
  readonly pinned: string | null;
  readonly next: HandedCommand | undefined;
}

export interface DeliveryRequest {
  readonly enrollmentId: string;
  /** Only the pinned identity is handed anything. */
  readonly fingerprint: string;
  /** After a NotNow: offers nothing that was deferred (it would be deferred again at once). */
  readonly skipDeferred: boolean;
  readonly now: number;
}

/**
 * The hot path: finds the next command of an enrolment and marks it as sent, in one round trip. Its cost grows
 * neither with the history of the device (partial index over open rows), nor with what waits, nor with other devices.
 * A command that the device has but has not answered is handed out again.
 */
export interface DeliveryStore {
  /** Undefined where there is no such enrolment. */
  takeNext(request: DeliveryRequest): Promise<Delivery | undefined>;
}

interface DeliveryRow {
  readonly state: EnrollmentState;
  readonly fingerprint: string | null;
  readonly next_id: string | null;
  readonly next_state: string | null;
  readonly command_id: string | null;
  readonly payload_sealed: string | null;
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    state: row.state,
    pinned: row.fingerprint,
    next:
      row.next_id === null
        ? undefined
        : {
            id: row.next_id,
            commandId: row.command_id as string,
            payloadSealed: row.payload_sealed as string,
          },
  };
}

/** The enrolment is a parameter, not a joined column: only so does the index also give the order (no sort). */
const OPEN = `q.enrollment_id = :id AND q.is_open = 1 AND (:skip = 0 OR q.state <> 'not-now')`;

/** The update and the look-up are one statement; a command that was cancelled meanwhile is not handed out. */
const POSTGRES = `
  WITH asking AS (
    SELECT e.id, e.state, d.fingerprint
    FROM {enrollment} e INNER JOIN {enrollment} d ON d.id = e.device_id
    WHERE e.id = :id
  ), next AS (
    SELECT q.sequence, q.id, q.command_id, q.state
    FROM {queued_command} q
    WHERE ${OPEN} AND EXISTS (SELECT 1 FROM asking WHERE fingerprint = :fingerprint AND state = 'enrolled')
    ORDER BY q.priority DESC, q.sequence LIMIT 1
  ), sent AS (
    UPDATE {queued_command} q SET state = 'sent', sent_at = COALESCE(q.sent_at, :now)
    FROM next WHERE q.sequence = next.sequence AND q.is_open = 1 AND next.state <> 'sent'
    RETURNING q.id
  ), handed AS (
    SELECT id, command_id FROM next WHERE state = 'sent' OR id IN (SELECT id FROM sent)
  )
  SELECT e.state, e.fingerprint, h.id AS next_id, 'sent' AS next_state, h.command_id, c.payload_sealed
  FROM asking e LEFT JOIN handed h ON 1 = 1 LEFT JOIN {command} c ON c.id = h.command_id`;

/** The table variable has the collation of the database: SQL Server refuses to compare it with that of a column. */
const MSSQL = `
  DECLARE @handed TABLE (id nvarchar(64), command_id nvarchar(64));
  UPDATE {queued_command} SET state = 'sent', sent_at = COALESCE(sent_at, :now)
  OUTPUT inserted.id, inserted.command_id INTO @handed
  WHERE sequence = (
    SELECT TOP (1) q.sequence
    FROM {queued_command} q
    INNER JOIN {enrollment} e ON e.id = :id AND e.state = 'enrolled'
    INNER JOIN {enrollment} d ON d.id = e.device_id AND d.fingerprint = :fingerprint
    WHERE ${OPEN}
    ORDER BY q.priority DESC, q.sequence
  ) AND is_open = 1;
  SELECT e.state, d.fingerprint, h.id AS next_id, 'sent' AS next_state, h.command_id, c.payload_sealed
  FROM {enrollment} e
  INNER JOIN {enrollment} d ON d.id = e.device_id
  LEFT JOIN @handed h ON 1 = 1
  LEFT JOIN {command} c ON c.id = h.command_id COLLATE Latin1_General_100_BIN2
  WHERE e.id = :id`;

const SQLITE_FIND = `
  SELECT e.state, d.fingerprint, q.id AS next_id, q.state AS next_state, q.command_id, c.payload_sealed
  FROM {enrollment} e
  INNER JOIN {enrollment} d ON d.id = e.device_id
  LEFT JOIN {queued_command} q ON q.sequence = (
    SELECT q.sequence FROM {queued_command} q
    WHERE ${OPEN} AND e.state = 'enrolled' AND d.fingerprint = :fingerprint
    ORDER BY q.priority DESC, q.sequence LIMIT 1)
  LEFT JOIN {command} c ON c.id = q.command_id
  WHERE e.id = :id`;

const SQLITE_MARK = `
  UPDATE {queued_command} SET state = 'sent', sent_at = COALESCE(sent_at, :now)
  WHERE id = :id AND is_open = 1`;

/** The delivery store of the database at hand. */
export function createDeliveryStore(db: Database): DeliveryStore {
  return db.dialect === 'sqlite' ? new SqliteDeliveryStore(db) : new OneStatementDeliveryStore(db);
}

class OneStatementDeliveryStore implements DeliveryStore {
  readonly #sql: string;

  constructor(private readonly db: Database) {
    this.#sql = db.dialect === 'mssql' ? MSSQL : POSTGRES;
  }

  async takeNext(request: DeliveryRequest): Promise<Delivery | undefined> {
    const [row] = await this.db.prepared<DeliveryRow>('delivery_take_next', this.#sql, parametersOf(request));
    return row === undefined ? undefined : toDelivery(row);
  }
}

/** SQLite is in the process: a round trip is a function call, so it looks first and writes only where it must. */
class SqliteDeliveryStore implements DeliveryStore {
  constructor(private readonly db: Database) {}

  async takeNext(request: DeliveryRequest): Promise<Delivery | undefined> {
    for (;;) {
      const { now, ...find } = parametersOf(request);
      const [row] = await this.db.prepared<DeliveryRow>('delivery_find', SQLITE_FIND, find);
      if (row === undefined) return undefined;
      if (row.next_id === null || row.next_state === 'sent') return toDelivery(row);
      // Nothing was changed where it was cancelled since: look again.
      if ((await this.db.execute(SQLITE_MARK, { id: row.next_id, now })) > 0) return toDelivery(row);
    }
  }
}

function parametersOf(request: DeliveryRequest): {
  id: string;
  fingerprint: string;
  skip: number;
  now: number;
} {
  return {
    id: request.enrollmentId,
    fingerprint: request.fingerprint,
    skip: request.skipDeferred ? 1 : 0,
    now: request.now,
  };
}
