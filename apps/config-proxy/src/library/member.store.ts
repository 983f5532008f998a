import { insertRows, type Queryable, type Tx } from '@espalier/persistence';

/** A member of a baseline's revision. */
export interface Member {
  readonly ciId: string;
  /** Null: always the latest. */
  readonly revision: number | null;
  /** Name and identifier when the baseline's revision was made. */
  readonly name: string;
  readonly identifier: string;
}

/** The only user of the table `baseline_member`. */
export class MemberStore {
  async insert(tx: Tx, baselineId: string, revision: number, members: readonly Member[]): Promise<void> {
    await insertRows(
      tx,
      'baseline_member',
      members.map((member, position) => ({
        baseline_id: baselineId,
        revision,
        position,
        ci_id: member.ciId,
        ci_revision: member.revision,
        ci_name: member.name,
        ci_identifier: member.identifier,
      })),
    );
  }

  /** Of some revisions of a baseline, by revision, each in its order. */
  async list(
    on: Queryable,
    baselineId: string,
    revisions: readonly number[],
  ): Promise<Map<number, Member[]>> {
    const members = new Map<number, Member[]>(revisions.map((revision) => [revision, []]));
    if (revisions.length === 0) return members;
    const rows = await on.query<MemberRow>(
      `SELECT revision, ci_id, ci_revision, ci_name, ci_identifier FROM {baseline_member}
       WHERE baseline_id = :baselineId AND revision IN (:revisions) ORDER BY revision, position`,
      { baselineId, revisions },
    );
    for (const row of rows)
      members.get(row.revision)?.push({
        ciId: row.ci_id,
        revision: row.ci_revision,
        name: row.ci_name,
        identifier: row.ci_identifier,
      });
    return members;
  }

  /** Baselines that hold a configuration item in some revision of theirs; those that follow its latest come marked. */
  async baselinesWith(
    on: Queryable,
    ciId: string,
  ): Promise<{ id: string; name: string; inLatest: boolean; followsLatest: boolean }[]> {
    const rows = await on.query<{ id: string; name: string; in_latest: number; follows: number }>(
      `SELECT t.id, t.name,
         MAX(CASE WHEN m.revision = t.revision THEN 1 ELSE 0 END) AS in_latest,
         MAX(CASE WHEN m.ci_revision IS NULL THEN 1 ELSE 0 END) AS follows
       FROM {baseline_member} m INNER JOIN {library_thing} t ON t.id = m.baseline_id
       WHERE m.ci_id = :ciId GROUP BY t.id, t.name ORDER BY t.id`,
      { ciId },
    );
    return rows.map(({ id, name, in_latest, follows }) => ({
      id,
      name,
      inLatest: in_latest === 1,
      followsLatest: follows === 1,
    }));
  }

  /** Of all revisions of a baseline. */
  async delete(tx: Tx, baselineId: string): Promise<void> {
    await tx.execute('DELETE FROM {baseline_member} WHERE baseline_id = :baselineId', { baselineId });
  }
}

interface MemberRow {
  readonly revision: number;
  readonly ci_id: string;
  readonly ci_revision: number | null;
  readonly ci_name: string;
  readonly ci_identifier: string;
}
