import { limitSql, upsert, type Queryable, type Tx } from '@espalier/persistence';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';
import type { Outcome } from '../states/outcome.js';

/** One deployment on one enrolment: since when, how it stands, and what was told of it. */
export interface AssignmentRow {
  readonly enrollment_id: string;
  readonly deployment_id: string;
  readonly targeted_at: number;
  readonly evaluated_at: number | null;
  readonly outcome: Outcome;
  /** Digest of each state message that was sent, by topic. */
  readonly told: Readonly<Record<string, string>>;
}

export type AssignmentsByEnrollment = ReadonlyMap<string, readonly AssignmentRow[]>;

type StoredAssignment = Omit<AssignmentRow, 'told'> & { readonly told: string };

/** Which deployments reach which enrolments. */
export class AssignmentStore {
  async load(on: Queryable, enrollmentIds: readonly string[]): Promise<Map<string, AssignmentRow[]>> {
    const found = new Map<string, AssignmentRow[]>();
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<StoredAssignment>(
        `SELECT enrollment_id, deployment_id, targeted_at, evaluated_at, outcome, told
         FROM {assignment} WHERE enrollment_id IN (:ids)`,
        { ids: enrollmentIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows) {
        const rowsOfOne = found.get(row.enrollment_id) ?? [];
        rowsOfOne.push({ ...row, told: JSON.parse(row.told) as AssignmentRow['told'] });
        found.set(row.enrollment_id, rowsOfOne);
      }
    }
    return found;
  }

  async save(tx: Tx, rows: readonly AssignmentRow[]): Promise<void> {
    await upsert(tx, 'assignment', {
      key: ['enrollment_id', 'deployment_id'],
      rows: rows.map((row) => ({ ...row, told: JSON.stringify(row.told) })),
    });
  }

  async remove(
    tx: Tx,
    rows: readonly Pick<AssignmentRow, 'enrollment_id' | 'deployment_id'>[],
  ): Promise<void> {
    const byDeployment = Map.groupBy(rows, (row) => row.deployment_id);
    for (const [deploymentId, gone] of byDeployment) {
      const ids = gone.map((row) => row.enrollment_id);
      for (let from = 0; from < ids.length; from += IDS_AT_ONCE)
        await tx.execute(
          'DELETE FROM {assignment} WHERE deployment_id = :deploymentId AND enrollment_id IN (:some)',
          { deploymentId, some: ids.slice(from, from + IDS_AT_ONCE) },
        );
    }
  }

  async hasOutcome(on: Queryable, deploymentId: string, outcome: Outcome): Promise<boolean> {
    // By its place in the index: for an equal one PostgreSQL may read the whole table, in hope to meet one soon.
    const [first] = await on.query<{ outcome: string }>(
      `SELECT outcome FROM {assignment} WHERE deployment_id = :deploymentId AND outcome >= :outcome
       ORDER BY outcome ${limitSql(on.dialect, 1)}`,
      { deploymentId, outcome },
    );
    return first?.outcome === outcome;
  }

  async countOutcomes(on: Queryable, deploymentId: string): Promise<Partial<Record<Outcome, number>>> {
    const rows = await on.query<{ outcome: Outcome; n: number }>(
      'SELECT outcome, COUNT(*) AS n FROM {assignment} WHERE deployment_id = :deploymentId GROUP BY outcome',
      { deploymentId },
    );
    return Object.fromEntries(rows.map((row) => [row.outcome, row.n]));
  }
}
