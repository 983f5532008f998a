import { idListSql, rowLock, textListSql, upsert, type Queryable, type Tx } from '@espalier/persistence';

export interface EnrollmentRow {
  readonly enrollment_id: string;
  /** Null while the device of a user's enrolment is not known. */
  readonly resource_id: number | null;
  readonly user_resource_id: number | null;
  readonly device_enrollment_id: string;
  readonly kind: 'device' | 'user';
  readonly is_active: number;
  readonly state: 'pending' | 'enrolled' | 'removed';
  readonly state_at: number;
  readonly enrolled_at: number | null;
  readonly removed_at: number | null;
}

/** Of an enrolment's device, what reports need. */
export interface EnrolledResource {
  readonly enrollment_id: string;
  readonly resource_id: number;
  readonly last_user_name: string | null;
  /** Of the enrolment that told of the device last, and when. */
  readonly udid: string | null;
  readonly facts_at: number;
}

const COLUMNS = `enrollment_id, resource_id, user_resource_id, device_enrollment_id, kind, is_active, state,
  state_at, enrolled_at, removed_at`;

/** The id of a user's channel is `<device>:<user>`. */
export const deviceOf = (enrollmentId: string): string => enrollmentId.split(':', 1)[0] ?? enrollmentId;
export const isUserChannel = (enrollmentId: string): boolean => enrollmentId.includes(':');

/** Bounded, since two ids may be one to a database: SQL Server compares without blanks at the end. */
const CLAIM_ATTEMPTS = 5;

/** The only writer of the table `resource_enrollment`. */
export class EnrollmentStore {
  /** Makes rows for the ids (each once) that are not known, and locks those of all, in the order of ids. */
  async claim(tx: Tx, ids: readonly string[]): Promise<EnrollmentRow[]> {
    const list = textListSql(tx.dialect);
    const { hint, end } = rowLock(tx.dialect, 'e', 'update');
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt += 1) {
      await upsert(tx, 'resource_enrollment', {
        key: ['enrollment_id'],
        update: [],
        rows: ids.map((id) => stored(newEnrollment(id))),
      });
      const rows = await tx.query<EnrollmentRow>(
        `SELECT ${COLUMNS} FROM {resource_enrollment} AS e ${hint}
         WHERE ${list.isIn('enrollment_id', 'ids')} ORDER BY enrollment_id ${end}`,
        { ids: list.param(ids) },
      );
      // One that was there went with its device before it was locked: what happened to it must not be lost.
      if (rows.length === ids.length) return rows;
    }
    throw new Error('Enrolments were deleted again and again while they were locked');
  }

  async write(tx: Tx, rows: readonly EnrollmentRow[]): Promise<void> {
    await upsert(tx, 'resource_enrollment', { key: ['enrollment_id'], rows: rows.map(stored) });
  }

  async resourcesOf(on: Queryable, ids: readonly string[]): Promise<EnrolledResource[]> {
    const list = textListSql(on.dialect);
    return on.query<EnrolledResource>(
      `SELECT e.enrollment_id, e.resource_id, r.last_user_name, r.udid, r.facts_at
       FROM {resource_enrollment} AS e
       INNER JOIN {resource} AS r ON r.resource_id = e.resource_id
       WHERE ${list.isIn('e.enrollment_id', 'ids')}`,
      { ids: list.param(ids) },
    );
  }

  /** Enrolments of user channels whose device was not known when they came. */
  async orphansOf(tx: Tx, deviceIds: readonly string[]): Promise<EnrollmentRow[]> {
    if (deviceIds.length === 0) return [];
    const list = textListSql(tx.dialect);
    const { hint, end } = rowLock(tx.dialect, 'e', 'update');
    return tx.query<EnrollmentRow>(
      `SELECT ${COLUMNS} FROM {resource_enrollment} AS e ${hint}
       WHERE ${list.isIn('device_enrollment_id', 'ids')} AND kind = 'user' AND resource_id IS NULL
       ORDER BY enrollment_id ${end}`,
      { ids: list.param(deviceIds) },
    );
  }

  /** Every enrolment of the resources, device or user. */
  async ofResources(on: Queryable, resourceIds: readonly number[]): Promise<EnrollmentRow[]> {
    if (resourceIds.length === 0) return [];
    const list = idListSql(on.dialect);
    return on.query<EnrollmentRow>(
      `SELECT ${COLUMNS} FROM {resource_enrollment} WHERE ${list.isIn('resource_id', 'ids')}
       ORDER BY enrollment_id`,
      { ids: list.param(resourceIds) },
    );
  }
}

export function newEnrollment(id: string): EnrollmentRow {
  return {
    enrollment_id: id,
    resource_id: null,
    user_resource_id: null,
    device_enrollment_id: deviceOf(id),
    kind: isUserChannel(id) ? 'user' : 'device',
    is_active: 0,
    state: 'pending',
    state_at: 0,
    enrolled_at: null,
    removed_at: null,
  };
}

function stored(row: EnrollmentRow): Record<string, string | number | null> {
  return {
    ...row,
    enrollment_id_folded: row.enrollment_id.normalize('NFC').toLowerCase().slice(0, 384),
    kind_folded: row.kind,
    state_folded: row.state,
  };
}
