import { EventEmitter, once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';

import {
  defineEvent,
  defineJob,
  defineRpc,
  defineServiceInterface,
  type InboxStore,
  type OutboxMessage,
  type OutboxRow,
  type OutboxStore,
  type ServiceInterface,
} from '@espalier/contracts';
import { z } from 'zod';

import { connectMessaging } from '../nats-messaging.js';
import type { Messaging, MessagingLogger, MessagingOptions } from '../messaging.types.js';

export const lookUp = defineRpc({
  service: 'mdm',
  verb: 'look-up',
  request: z.object({ id: z.string(), delayMs: z.number().default(0), size: z.number().default(0) }),
  response: z.object({ id: z.string(), by: z.string(), filler: z.string().optional() }),
});
export const relay = defineRpc({
  service: 'mdm-policy',
  verb: 'relay',
  request: z.object({ id: z.string() }),
  response: z.object({ actor: z.string(), traceparent: z.string() }),
});
export const enrolled = defineEvent({
  owner: 'mdm',
  aggregate: 'enrollment',
  event: 'enrolled',
  payload: z.object({ n: z.number() }),
});
export const removed = defineEvent({
  owner: 'mdm',
  aggregate: 'enrollment',
  event: 'removed',
  payload: z.object({ n: z.number() }),
});
export const pushed = defineEvent({
  owner: 'mdm',
  aggregate: 'push',
  event: 'sent',
  payload: z.object({ n: z.number() }),
});
export const sweep = defineJob({
  worker: 'mdm',
  queue: 'sweep',
  payload: z.object({ n: z.number() }),
  maxDeliver: 3,
  ackWaitMs: 1_000,
});

export const mdm = defineServiceInterface({
  service: 'mdm',
  serves: [lookUp],
  publishes: [enrolled, removed, pushed],
  works: [sweep],
});
export const policy = defineServiceInterface({
  service: 'mdm-policy',
  serves: [relay],
  calls: [lookUp],
  consumes: [{ durable: 'projection', events: [enrolled, removed] }],
  tails: [enrolled, pushed],
  enqueues: [sweep],
});
export const configProxy = defineServiceInterface({
  service: 'config-proxy',
  calls: [relay, lookUp],
  consumes: [{ durable: 'inventory', events: [enrolled, removed] }],
});

/** Keeps what was logged, so that a test can look for it. */
export class MemoryLogger implements MessagingLogger {
  readonly lines: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  readonly #add =
    (level: string) =>
    (fields: object, message: string): void => {
      this.lines.push({ level, fields: { ...fields }, message });
    };
  readonly debug = this.#add('debug');
  readonly info = this.#add('info');
  readonly warn = this.#add('warn');
  readonly error = this.#add('error');
}

/** Counts what happens and lets a test wait for a count instead of sleeping. */
export class Probe<T> {
  readonly values: T[] = [];
  readonly #events = new EventEmitter();

  readonly add = (value: T): void => {
    this.values.push(value);
    this.#events.emit('added');
  };

  /** Resolves when the condition holds; rejects after ten seconds. */
  async until(condition: (values: readonly T[]) => boolean): Promise<readonly T[]> {
    const signal = AbortSignal.timeout(10_000);
    while (!condition(this.values)) await once(this.#events, 'added', { signal });
    return this.values;
  }

  count(size: number): Promise<readonly T[]> {
    return this.until((values) => values.length >= size);
  }
}

/** The messaging clients of one spec file, closed together. */
export class Clients {
  readonly #open: Messaging[] = [];

  constructor(private readonly url: string) {}

  connect(service: ServiceInterface, options: Partial<MessagingOptions> = {}): Messaging {
    const messaging = connectMessaging({
      service,
      servers: [this.url],
      logger: new MemoryLogger(),
      replica: `${service.service}-${this.#open.length}`,
      ...options,
    });
    this.#open.push(messaging);
    return messaging;
  }

  async ready(service: ServiceInterface, options: Partial<MessagingOptions> = {}): Promise<Messaging> {
    const messaging = this.connect(service, options);
    await messaging.whenReady(10_000);
    return messaging;
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((messaging) => messaging.drain(2_000)));
  }
}

/** Outbox and inbox in one real SQLite database. */
export class SqliteBoxes implements OutboxStore<DatabaseSync>, InboxStore<DatabaseSync> {
  readonly database = new DatabaseSync(':memory:');

  constructor() {
    this.database.exec(`
      CREATE TABLE outbox (id INTEGER PRIMARY KEY, subject TEXT, message_id TEXT, payload TEXT, headers TEXT);
      CREATE TABLE inbox (durable TEXT, message_id TEXT, PRIMARY KEY (durable, message_id));
      CREATE TABLE effect (n INTEGER)`);
  }

  async append(tx: DatabaseSync, message: OutboxMessage): Promise<void> {
    tx.prepare('INSERT INTO outbox (subject, message_id, payload, headers) VALUES (?, ?, ?, ?)').run(
      message.subject,
      message.messageId,
      message.payload,
      JSON.stringify(message.headers ?? {}),
    );
  }

  async appendAll(tx: DatabaseSync, messages: readonly OutboxMessage[]): Promise<void> {
    for (const message of messages) await this.append(tx, message);
  }

  async takeBatch(limit: number): Promise<readonly OutboxRow[]> {
    const rows = this.database.prepare('SELECT * FROM outbox ORDER BY id LIMIT ?').all(limit);
    return rows.map((row) => ({
      id: String(row['id']),
      subject: String(row['subject']),
      messageId: String(row['message_id']),
      payload: String(row['payload']),
      headers: JSON.parse(String(row['headers'])) as Record<string, string>,
    }));
  }

  async remove(ids: readonly string[]): Promise<void> {
    this.database.exec(`DELETE FROM outbox WHERE id IN (${ids.map(Number).join(',')})`);
  }

  async depth(): Promise<number> {
    return Number(this.database.prepare('SELECT count(*) AS n FROM outbox').get()?.['n']);
  }

  async claim(tx: DatabaseSync, durable: string, messageId: string): Promise<boolean> {
    const insert = tx.prepare('INSERT INTO inbox VALUES (?, ?) ON CONFLICT DO NOTHING');
    return insert.run(durable, messageId).changes === 1;
  }

  async claimAll(tx: DatabaseSync, durable: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const fresh = new Set<string>();
    for (const id of ids) if (await this.claim(tx, durable, id)) fresh.add(id);
    return fresh;
  }

  /** One at a time: SQLite's connection has one transaction. */
  readonly transaction = <T>(work: (tx: DatabaseSync) => Promise<T>): Promise<T> => {
    const run = this.#last.then(async () => {
      this.database.exec('BEGIN');
      try {
        const result = await work(this.database);
        this.database.exec('COMMIT');
        return result;
      } catch (error) {
        this.database.exec('ROLLBACK');
        throw error;
      }
    });
    this.#last = run.catch(() => undefined);
    return run;
  };
  #last: Promise<unknown> = Promise.resolve();

  effects(): number[] {
    return this.database
      .prepare('SELECT n FROM effect ORDER BY rowid')
      .all()
      .map((row) => Number(row['n']));
  }
}

/** The whole numbers from 0 to `size` - 1. */
export const numbers = (size: number): number[] => Array.from({ length: size }, (_, index) => index);
