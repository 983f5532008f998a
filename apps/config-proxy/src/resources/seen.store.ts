import type { Dialect, Tx } from '@espalier/persistence';

/** The only writer of the table `resource_seen`. */
export class SeenStore {
  /**
   * One statement for any number of enrolments. Times only grow; enrolments that are not known are left out.
   * @param seen epoch milliseconds by enrolment id
   */
  async write(tx: Tx, seen: ReadonlyMap<string, number>): Promise<void> {
    if (seen.size === 0) return;
    const news = JSON.stringify([...seen].map(([id, at]) => ({ id, at })));
    await tx.execute(writeSql[tx.dialect], { news });
  }
}

const newest = (source: string): string =>
  `SELECT e.resource_id, MAX(v.at) AS at FROM ${source}
   INNER JOIN {resource_enrollment} AS e ON e.enrollment_id = v.id
   WHERE e.resource_id IS NOT NULL GROUP BY e.resource_id`;

const writeSql: Readonly<Record<Dialect, string>> = {
  sqlite: `UPDATE {resource_seen} SET last_seen_at = n.at
    FROM (${newest(
      `(SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.at') AS at FROM json_each(:news)) AS v`,
    )}) AS n
    WHERE {resource_seen}.resource_id = n.resource_id AND last_seen_at < n.at`,
  // Locked in the order of ids first, so that replicas do not deadlock.
  postgres: `WITH n AS MATERIALIZED (${newest('jsonb_to_recordset(:news::jsonb) AS v(id text, at bigint)')}),
    taken AS MATERIALIZED (
      SELECT s.resource_id, n.at FROM {resource_seen} AS s INNER JOIN n ON n.resource_id = s.resource_id
      WHERE s.last_seen_at < n.at ORDER BY s.resource_id FOR UPDATE OF s)
    UPDATE {resource_seen} AS s SET last_seen_at = taken.at FROM taken
    WHERE s.resource_id = taken.resource_id AND s.last_seen_at < taken.at`,
  mssql: `UPDATE s SET last_seen_at = n.at FROM {resource_seen} AS s
    INNER JOIN (${newest(
      `(SELECT id COLLATE Latin1_General_100_BIN2 AS id, at FROM OPENJSON(:news)
        WITH (id nvarchar(384) '$.id', at bigint '$.at')) AS v`,
    )}) AS n ON n.resource_id = s.resource_id AND s.last_seen_at < n.at`,
};
