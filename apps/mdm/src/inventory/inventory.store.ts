import type { InventoryKind } from '@espalier/contracts';
import { claimRows, upsert, type Tx } from '@espalier/persistence';

/** Ids in one statement: SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 500;

/** An enrolment whose turn it is. */
export interface DueInventory {
  readonly enrollment_id: string;
  /** How often it was asked by itself before. */
  readonly rounds: number;
}

/** When enrolments are asked next, and what they are being asked. */
export class InventoryStore {
  async schedule(tx: Tx, enrollmentId: string, dueAt: number, rounds: number): Promise<void> {
    await upsert(tx, 'inventory_schedule', {
      key: ['enrollment_id'],
      rows: [{ enrollment_id: enrollmentId, due_at: dueAt, rounds }],
    });
  }

  /** Takes those that are due. Each keeps its time of day: what is late does not move what comes after. */
  takeDue(tx: Tx, now: number, periodMs: number, limit: number): Promise<DueInventory[]> {
    return claimRows<DueInventory>(tx, {
      table: 'inventory_schedule',
      id: 'enrollment_id',
      where: 'due_at <= :now',
      // Cast: not every driver sends numbers as integers, and only integers divide without a rest.
      set: `due_at = due_at + :period * (1 + CAST((:now - due_at) / :period AS bigint)), rounds = rounds + 1`,
      params: { now, period: periodMs },
      orderBy: ['due_at', 'enrollment_id'],
      columns: ['enrollment_id', 'rounds', 'due_at'],
      limit,
    });
  }

  async unschedule(tx: Tx, enrollmentIds: readonly string[]): Promise<void> {
    if (enrollmentIds.length === 0) return;
    await tx.execute('DELETE FROM {inventory_schedule} WHERE enrollment_id IN (:enrollmentIds)', {
      enrollmentIds,
    });
  }

  /** What the enrolments are asked and have not fetched; what they have may be answered with what was before. */
  async waiting(tx: Tx, enrollmentIds: readonly string[]): Promise<ReadonlyMap<string, Set<InventoryKind>>> {
    const kinds = new Map<string, Set<InventoryKind>>();
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const rows = await tx.query<{ enrollment_id: string; inventory: InventoryKind }>(
        `SELECT enrollment_id, inventory FROM {queued_command}
         WHERE enrollment_id IN (:ids) AND is_open = 1 AND state <> 'sent' AND inventory IS NOT NULL`,
        { ids: enrollmentIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const { enrollment_id, inventory } of rows)
        kinds.set(enrollment_id, (kinds.get(enrollment_id) ?? new Set()).add(inventory));
    }
    return kinds;
  }
}
