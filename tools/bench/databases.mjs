import { openDatabase } from '@espalier/persistence';
import { createLogger } from '@espalier/service-kit';

/** Millions of rows take longer than a service would wait. */
const PATIENCE_MS = 600_000;
const logger = createLogger({ service: 'bench', replica: 'bench', level: 'silent' });

/** The databases of one PostgreSQL server. */
export class Databases {
  #admin;

  /** @param {string} serverUrl of a database on it, as a superuser */
  constructor(serverUrl) {
    this.serverUrl = serverUrl;
    this.#admin = open(serverUrl, 'public');
  }

  async version() {
    await this.#admin.ready();
    /** @type {{ server_version: string }[]} */
    const [row] = await this.#admin.query('SHOW server_version');
    return row?.server_version ?? '';
  }

  /** Gives the URL of a new database: empty, or a copy of one that nobody is connected with. */
  async create(/** @type {string} */ name, template = 'template0') {
    await this.#admin.execute(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    const url = new URL(this.serverUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  close() {
    return this.#admin.close();
  }
}

/**
 * A connection for filling a database.
 * @param {string} url
 * @param {string} schema
 */
export function open(url, schema) {
  return openDatabase({ url, schema, logger, statementTimeoutMs: PATIENCE_MS, poolSize: 1 });
}

/**
 * Runs the statements in one transaction, without the checks of foreign keys: the rows fit.
 * @param {import('@espalier/persistence').Database} db
 * @param {[sql: string, params?: import('@espalier/persistence').SqlParams][]} statements
 */
export async function fill(db, statements) {
  await db.transaction(async (tx) => {
    await tx.execute(`SET LOCAL session_replication_role = 'replica'`);
    for (const [sql, params] of statements)
      if ((await tx.execute(sql, params)) === 0) throw new Error(`no row to measure with came of: ${sql}`);
  });
}

/** Leaves nothing to do for autovacuum or a checkpoint in the middle of a measurement. */
export async function tidy(/** @type {import('@espalier/persistence').Database} */ db) {
  await db.execute('VACUUM (ANALYZE)');
  await db.execute('CHECKPOINT');
}
