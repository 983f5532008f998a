import type { PushState } from '@espalier/contracts';
import { claimRows, limitSql, upsert, type Database, type Tx } from '@espalier/persistence';

/** A device to be pushed now. */
export interface DuePush {
  readonly enrollmentId: string;
  /** How often it was pushed for what waits, this time included. */
  readonly attempts: number;
  readonly dueAt: number;
}

/** How to push to an enrolment; sealed. */
export interface PushTarget {
  readonly enrollment_id: string;
  readonly topic: string;
  readonly token_sealed: string;
  readonly magic_sealed: string;
}

/**
 * Who is to be pushed and when. A row lives as long as something waits for the device, so that a push that was lost
 * (by us, by Apple, by a device that was off) is made up for.
 */
export class PushStore {
  constructor(private readonly db: Database) {}

  async state(tx: Tx, id: string): Promise<PushState | undefined> {
    const [row] = await tx.query<{ state: PushState }>(
      'SELECT state FROM {push_token} WHERE enrollment_id = :id',
      { id },
    );
    return row?.state;
  }

  /** `forced` pushes once even where nothing waits. */
  async schedule(tx: Tx, ids: readonly string[], dueAt: number, forced: boolean): Promise<void> {
    const rows = ids.map((enrollment_id) => ({
      enrollment_id,
      due_at: dueAt,
      attempts: 0,
      forced: forced ? 1 : 0,
    }));
    await upsert(tx, 'push_schedule', { key: ['enrollment_id'], rows });
  }

  async hasWaiting(tx: Tx, id: string): Promise<boolean> {
    const rows = await tx.query(
      `SELECT id FROM {queued_command} WHERE enrollment_id = :id AND is_open = 1
       ORDER BY priority DESC, sequence ${limitSql(this.db.dialect, 1)}`,
      { id },
    );
    return rows.length > 0;
  }

  /** Takes what is due; until `leaseUntil` no other replica gets it. */
  async takeDue(now: number, leaseUntil: number, limit: number): Promise<DuePush[]> {
    const rows = await claimRows<{ enrollment_id: string; attempts: number; due_at: number }>(this.db, {
      table: 'push_schedule',
      id: 'enrollment_id',
      where: 'due_at <= :now',
      set: 'due_at = :leaseUntil, attempts = attempts + 1',
      params: { now, leaseUntil },
      orderBy: ['due_at', 'enrollment_id'],
      columns: ['enrollment_id', 'attempts', 'due_at'],
      limit,
    });
    return rows.map((row) => ({
      enrollmentId: row.enrollment_id,
      attempts: row.attempts,
      dueAt: row.due_at,
    }));
  }

  /** Of the devices taken, those that can be pushed and have something waiting (or were asked for by a person). */
  async targets(ids: readonly string[]): Promise<PushTarget[]> {
    return this.db.query<PushTarget>(
      `SELECT p.enrollment_id, p.topic, p.token_sealed, p.magic_sealed
       FROM {push_token} p INNER JOIN {push_schedule} s ON s.enrollment_id = p.enrollment_id
       WHERE p.enrollment_id IN (:ids) AND p.state = 'ok' AND (s.forced = 1 OR EXISTS
         (SELECT 1 FROM {queued_command} q WHERE q.enrollment_id = p.enrollment_id AND q.is_open = 1))`,
      { ids },
    );
  }

  /** Forgets those that need no push, unless they were scheduled anew since they were taken. */
  async forget(ids: readonly string[], takenUntil: number): Promise<void> {
    if (ids.length === 0) return;
    await this.db.execute(
      'DELETE FROM {push_schedule} WHERE enrollment_id IN (:ids) AND due_at = :takenUntil',
      {
        ids,
        takenUntil,
      },
    );
  }

  /** When to try again, unless it was scheduled anew since it was taken. */
  async retryAt(id: string, takenUntil: number, dueAt: number): Promise<void> {
    await this.db.execute(
      'UPDATE {push_schedule} SET due_at = :dueAt WHERE enrollment_id = :id AND due_at = :takenUntil',
      { id, takenUntil, dueAt },
    );
  }

  /**
   * Notes for devices that were woken when to wake them again unless they were scheduled anew since they were taken,
   * and at what waits for them that it was pushed.
   */
  async woken(
    tx: Tx,
    ids: readonly string[],
    pushedAt: number,
    again: readonly {
      readonly ids: readonly string[];
      readonly takenUntil: number;
      readonly dueAt: number;
    }[],
  ): Promise<void> {
    // In the order in which submissions write: the queue before the schedule.
    await tx.execute(
      `UPDATE {queued_command} SET pushed_at = :pushedAt
       WHERE enrollment_id IN (:ids) AND is_open = 1 AND pushed_at IS NULL`,
      { ids, pushedAt },
    );
    for (const { ids: those, takenUntil, dueAt } of again)
      await tx.execute(
        `UPDATE {push_schedule} SET due_at = :dueAt, forced = 0
         WHERE enrollment_id IN (:those) AND due_at = :takenUntil`,
        { those, takenUntil, dueAt },
      );
  }

  /** Stops pushing until the next TokenUpdate; false where that came meanwhile (another token is stored). */
  async suspend(tx: Tx, target: PushTarget, state: PushState, now: number): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE {push_token} SET state = :state, updated_at = :now
       WHERE enrollment_id = :id AND state = 'ok' AND token_sealed = :token`,
      { id: target.enrollment_id, state, now, token: target.token_sealed },
    );
    if (changed > 0)
      await tx.execute('DELETE FROM {push_schedule} WHERE enrollment_id = :id', { id: target.enrollment_id });
    return changed > 0;
  }
}
