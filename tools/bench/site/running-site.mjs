import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { mdmInterface, mdmPolicyInterface } from '@espalier/contracts';
import { connectMessaging } from '@espalier/messaging';
import { createLogger } from '@espalier/service-kit';
import { findNatsServer, startPostgres } from '@espalier/testing';
import { ConsoleClient } from '../../../apps/dev-suite/dist/console/console.client.js';
import { SiteClient } from '../../../apps/dev-suite/dist/console/site.client.js';
import { freePorts } from '../../../apps/dev-suite/dist/suite/ports.js';
import { Suite } from '../../../apps/dev-suite/dist/suite/suite.js';
import { cpuTimeOf } from '../cpu-time.mjs';
import { open } from '../databases.mjs';

/** The processes that are measured. */
const SERVICES = /** @type {const} */ (['config-proxy', 'mdm-policy', 'mdm', 'nats-server']);
const BYTES_PER_KB = 1_024;
const MB = 1_048_576;
const HOST = '127.0.0.1';

/**
 * @typedef {import('@espalier/persistence').Database} Database
 * @typedef {import('@espalier/messaging').Messaging} Messaging
 * @typedef {Record<string, number>} ByProcess
 */

/** PostgreSQL, the whole suite as processes, and what is needed to fill, ask and watch it. */
export class RunningSite {
  /** @param {{ stack: AsyncDisposableStack, postgres: import('@espalier/testing').PostgresServer, suite: Suite }} parts */
  constructor({ stack, postgres, suite }) {
    this.stack = stack;
    this.postgres = postgres;
    this.suite = suite;
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    stack.defer(() => agent.destroy());
    const caFile = suite.pki.ca.certificate;
    this.console = new ConsoleClient({ url: suite.consoleUrl, token: suite.adminToken, caFile, agent });
    this.api = new SiteClient(this.console);
    const database = (/** @type {string} */ schema) => {
      const db = open(postgres.url, schema);
      stack.defer(() => db.close());
      return db;
    };
    this.mdm = database('mdm');
    this.policy = database('mdm_policy');
    this.proxy = database('config_proxy');
  }

  /**
   * @param {{ profile?: string | undefined, statements?: boolean, consoleEnv?: Record<string, string> }} options
   * `consoleEnv`: further settings of config-proxy
   * @returns {Promise<RunningSite>}
   */
  static async start({ profile, statements = false, consoleEnv = {} }) {
    const stack = new AsyncDisposableStack();
    try {
      const postgres = await startPostgres();
      stack.defer(() => postgres.stop());
      if (statements) await countStatements(postgres);
      const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-site-'));
      stack.defer(() => rmSync(folder, { recursive: true, force: true }));
      if (profile !== undefined) mkdirSync(profile, { recursive: true });
      const node = profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` };
      const suite = await Suite.start(
        {
          stateFolder: folder,
          host: HOST,
          deviceHost: 'localhost',
          ports: await freePorts(HOST),
          logLevel: 'info',
          databaseUrl: postgres.url,
          overrides: {
            // Nothing but what is measured: no questions to devices that would never answer, and no pacing.
            mdm: { ESPALIER_INVENTORY_HOURS: '0', ...node },
            'mdm-policy': { ESPALIER_POLICY_COMMANDS_PER_MINUTE: '100000000', ...node },
            'config-proxy': { ...node, ...consoleEnv },
          },
        },
        findNatsServer(),
      );
      stack.defer(() => suite.stop());
      const site = new RunningSite({ stack, postgres, suite });
      await Promise.all([site.mdm.ready(), site.policy.ready(), site.proxy.ready()]);
      return site;
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  stop() {
    return this.stack.disposeAsync();
  }

  /** Speaks on the bus as one of the services. @param {'mdm' | 'mdm-policy'} name */
  async speakAs(name) {
    const messaging = connectMessaging({
      service: name === 'mdm' ? mdmInterface : mdmPolicyInterface,
      servers: [`nats://${HOST}:${this.suite.options.ports.nats}`],
      nkeySeed: readFileSync(this.suite.state.file('nats', `${name}.seed`), 'utf8').trim(),
      logger: createLogger({ service: 'bench', replica: 'bench', level: 'silent' }),
      replica: 'bench',
      provisionStreams: false,
    });
    this.stack.defer(() => messaging.close());
    await until('NATS is reached', () => Promise.resolve(messaging.ready()), 20_000, 20);
    return messaging;
  }

  async version() {
    /** @type {{ server_version: string }[]} */
    const [row] = await this.proxy.query('SHOW server_version');
    return row?.server_version ?? '';
  }

  /** @returns {[name: string, pid: number][]} */
  #processes() {
    return SERVICES.map((name) => [name, this.suite.process(name).pid ?? 0]);
  }

  /** CPU time used so far, in ms. @returns {ByProcess} */
  cpuTimes() {
    const services = this.#processes().map(([name, pid]) => [name, cpuTimeOf(pid)]);
    return Object.fromEntries([...services, ['PostgreSQL', cpuTimeOf(this.postgres.pid)]]);
  }

  /** CPU time since, in ms. @param {ByProcess} before @returns {ByProcess} */
  cpuSince(before) {
    const now = this.cpuTimes();
    // A process that was started anew begins at zero.
    return Object.fromEntries(
      Object.entries(now).map(([name, ms]) => [name, Math.max(0, ms - (before[name] ?? 0))]),
    );
  }

  /** Lets the kernel count peaks anew: proc(5), clear_refs. */
  forgetPeaks() {
    for (const [, pid] of this.#processes()) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  }

  /** Largest resident memory of each process, in MB. @returns {ByProcess} */
  peaks() {
    return Object.fromEntries(
      this.#processes().map(([name, pid]) => {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const kb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
        return [name, Math.round((kb * BYTES_PER_KB) / MB)];
      }),
    );
  }

  /** @param {Database} db @param {string} sql @param {import('@espalier/persistence').SqlParams} [params] */
  async number(db, sql, params) {
    /** @type {{ n: number | string | null }[]} */
    const [row] = await db.query(sql, params);
    return Number(row?.n ?? 0);
  }

  /** Waits until nothing is under way: nothing to publish, to evaluate, to plan or to hand over. */
  async settled() {
    const now = Date.now();
    await until(
      'the site is at rest',
      async () => {
        const waiting = await this.number(this.proxy, WORK_LEFT, { now: Date.now() });
        return waiting === 0;
      },
      900_000,
      250,
    );
    return Date.now() - now;
  }

  /** @template T @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<T>} */
  call(method, path, body) {
    const headers = method === 'POST' ? { 'idempotency-key': randomUUID() } : {};
    return this.console.call(method, path, body, headers);
  }
}

const WORK_LEFT = `SELECT
  (SELECT COUNT(*) FROM mdm.outbox) + (SELECT COUNT(*) FROM mdm_policy.outbox) + (SELECT COUNT(*) FROM {outbox})
  + (SELECT COUNT(*) FROM {resource_change}) + (SELECT COUNT(*) FROM {job} WHERE state IN ('queued', 'running'))
  + (SELECT COUNT(*) FROM mdm_policy.spread) + (SELECT COUNT(*) FROM mdm_policy.handover)
  + (SELECT COUNT(*) FROM mdm_policy.agenda WHERE due_at <= :now) AS n`;

/**
 * @param {string} what
 * @param {() => Promise<boolean>} ask
 * @param {number} patienceMs
 * @param {number} everyMs
 */
export async function until(what, ask, patienceMs, everyMs) {
  const deadline = performance.now() + patienceMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs / 1_000} s in vain until ${what}`);
    await pause(everyMs);
  }
}

/** Has PostgreSQL count what statements cost. @param {import('@espalier/testing').PostgresServer} postgres */
async function countStatements(postgres) {
  const admin = open(postgres.url, 'public');
  await admin.ready();
  await admin.execute(`ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`);
  await admin.close();
  await postgres.kill();
  await postgres.restart();
  const again = open(postgres.url, 'public');
  await again.ready();
  await again.execute('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await again.close();
}
