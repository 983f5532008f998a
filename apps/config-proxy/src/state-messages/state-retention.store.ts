import { limitSql, type Database, type SqlParams } from '@espalier/persistence';

/** Forgets states that nothing needs any more. */
export class StateRetentionStore {
  constructor(private readonly db: Database) {}

  /**
   * Deletes marks of what is gone from before `before` (epoch ms), when no older message can arrive any more; how many,
   * at most `limit` of each kind.
   */
  async pruneGone(before: number, limit: number): Promise<number> {
    let total = 0;
    for (const { table, key, where } of goneRows)
      total += await this.#prune(table, key, where, before, limit);
    return total;
  }

  /** Deletes what is left of deployments that are gone, where nothing was heard of since `before`; how many. */
  async pruneOrphans(deploymentIds: readonly string[], before: number, limit: number): Promise<number> {
    let total = 0;
    for (const { table, key } of ofDeployments)
      for (const id of deploymentIds)
        total += await this.#prune(table, key, 's.deployment_id = :id', before, limit, { id });
    return total;
  }

  async #prune(
    table: string,
    key: readonly string[],
    where: string,
    before: number,
    limit: number,
    params: SqlParams = {},
  ): Promise<number> {
    const rows = await this.db.query<Record<string, string | number>>(
      `SELECT ${key.map((name) => `s.${name}`).join(', ')} FROM {${table}} s
       WHERE ${where} AND s.updated_at < :before ORDER BY s.updated_at ${limitSql(this.db.dialect, limit)}`,
      { ...params, before },
    );
    if (rows.length === 0) return 0;
    // Looked at again: the thing may have come back meanwhile.
    const condition = [...key.map((name) => `${name} = :${name}`), 'updated_at < :before'].join(' AND ');
    return this.db.transaction(async (tx) => {
      let total = 0;
      for (const row of rows)
        total += await tx.execute(`DELETE FROM {${table}} WHERE ${condition}`, { ...row, before });
      return total;
    });
  }
}

const ofDeployments = [
  { table: 'deployment_state', key: ['deployment_id', 'enrollment_id'], where: 's.status = 0' },
  {
    table: 'deployment_item_state',
    key: ['deployment_id', 'ci_id', 'enrollment_id'],
    where: 's.state = -1',
  },
] as const;

const goneRows = [
  ...ofDeployments,
  { table: 'state_message', key: ['enrollment_id', 'topic_type', 'topic_id'], where: 's.is_gone = 1' },
] as const;
