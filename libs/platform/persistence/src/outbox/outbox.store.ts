import { randomUUID } from 'node:crypto';
import type { OutboxMessage, OutboxRow } from '@espalier/contracts';
import type { Database, Tx } from '../database/database.js';
import { insertRows } from '../statements/write-rows.js';
import { limitSql } from '../statements/page.js';
import type { Outbox } from './outbox.js';

const DEFAULT_LEASE_MS = 30_000;
/** Its ids fit into the parameters of one statement. */
const LARGEST_BATCH = 1_000;

export interface OutboxOptions {
  /** How long a silent relay keeps others out. Default 30 s; must exceed the clock difference of replicas. */
  readonly leaseMs?: number;
  readonly now?: () => Date;
}

/** The outbox in the tables of `outboxMigration`. */
export function createOutbox(database: Database, options: OutboxOptions = {}): Outbox {
  const { leaseMs = DEFAULT_LEASE_MS, now = () => new Date() } = options;
  return new DatabaseOutbox(database, leaseMs, () => now().getTime());
}

interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  readonly message_id: string;
  readonly payload: string;
  readonly headers: string | null;
}

/**
 * Insertion order needs one relay at a time, hence a lease on the whole table instead of row locks. Messages of
 * concurrent transactions have no order among them; those that a row lock or a reply puts one after the other do.
 */
class DatabaseOutbox implements Outbox {
  private readonly holder = randomUUID();
  private heldUntil = 0;

  constructor(
    private readonly database: Database,
    private readonly leaseMs: number,
    private readonly now: () => number,
  ) {}

  appendAll(tx: Tx, messages: readonly OutboxMessage[]): Promise<void> {
    const createdAt = this.now();
    const rows = messages.map(({ subject, messageId, payload, headers }) => ({
      subject,
      message_id: messageId,
      payload,
      headers: headers === undefined ? null : JSON.stringify(headers),
      created_at: createdAt,
    }));
    return insertRows(tx, 'outbox', rows);
  }

  async takeBatch(limit: number): Promise<OutboxRow[]> {
    // An idle relay only reads; a busy one renews its lease only when half of it is gone.
    const rows = await this.oldest(limit);
    if (rows.length === 0 || this.now() < this.heldUntil - this.leaseMs / 2) return rows;
    return (await this.takeLease()) ? this.oldest(limit) : [];
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.database.execute('DELETE FROM {outbox} WHERE sequence IN (:ids)', { ids: ids.map(Number) });
  }

  async depth(): Promise<number> {
    const [row] = await this.database.query<{ depth: number }>('SELECT COUNT(*) AS depth FROM {outbox}');
    return row?.depth ?? 0;
  }

  async release(): Promise<void> {
    this.heldUntil = 0;
    await this.database.execute(
      'UPDATE {outbox_lease} SET held_until = 0 WHERE id = 1 AND holder = :holder',
      {
        holder: this.holder,
      },
    );
  }

  prune(olderThanMs: number): Promise<number> {
    return this.database.execute('DELETE FROM {outbox} WHERE created_at < :olderThanMs', { olderThanMs });
  }

  private async oldest(limit: number): Promise<OutboxRow[]> {
    const rows = await this.database.query<StoredMessage>(
      `SELECT sequence, subject, message_id, payload, headers FROM {outbox} ORDER BY sequence
       ${limitSql(this.database.dialect, Math.min(limit, LARGEST_BATCH))}`,
    );
    return rows.map(({ sequence, subject, message_id, payload, headers }) => ({
      id: String(sequence),
      subject,
      messageId: message_id,
      payload,
      ...(headers !== null && { headers: JSON.parse(headers) as Record<string, string> }),
    }));
  }

  private async takeLease(): Promise<boolean> {
    const now = this.now();
    const until = now + this.leaseMs;
    const taken = await this.database.execute(
      `UPDATE {outbox_lease} SET holder = :holder, held_until = :until
       WHERE id = 1 AND (holder = :holder OR held_until < :now)`,
      { holder: this.holder, until, now },
    );
    this.heldUntil = taken > 0 ? until : 0;
    return taken > 0;
  }
}
