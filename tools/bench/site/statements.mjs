/** Statements that are shown. */
const SHOWN = 12;
const LENGTH = 200;

/** Says which statements kept PostgreSQL busiest: `pg_stat_statements`. */
export class Statements {
  /**
   * @param {import('@espalier/persistence').Database} db
   * @param {boolean} enabled
   * @param {(text: string) => void} say
   */
  constructor(db, enabled, say) {
    this.db = db;
    this.enabled = enabled;
    this.say = say;
  }

  async forget() {
    if (this.enabled) await this.db.query('SELECT public.pg_stat_statements_reset()');
  }

  /** @param {string} title */
  async show(title) {
    if (!this.enabled) return;
    /** @type {{ calls: string, total: number, mean: number, rows: string, query: string }[]} */
    const rows = await this.db.query(
      `SELECT calls, total_exec_time AS total, mean_exec_time AS mean, rows, query
       FROM public.pg_stat_statements ORDER BY total_exec_time DESC LIMIT ${SHOWN}`,
    );
    const lines = rows.map(
      ({ calls, total, mean, rows: count, query }) =>
        `  ${Math.round(total)} ms in ${calls} calls of ${mean.toFixed(2)} ms, ${count} rows: ${query.replaceAll(/\s+/g, ' ').slice(0, LENGTH)}`,
    );
    this.say([`busiest statements while ${title}:`, ...lines].join('\n'));
  }
}
