import type { Database, Tx } from '../database/database.js';
import { insertIfAbsent, insertRows } from '../statements/write-rows.js';
import type { Inbox } from './inbox.js';

/** SQL Server takes 2,100 parameters. */
const IDS_AT_ONCE = 1_000;

/** The inbox in the table of `inboxMigration`. */
export function createInbox(database: Database, options: { readonly now?: () => Date } = {}): Inbox {
  const { now = () => new Date() } = options;
  const row = (
    durable: string,
    messageId: string,
  ): { durable: string; message_id: string; handled_at: number } => ({
    durable,
    message_id: messageId,
    handled_at: now().getTime(),
  });
  return {
    claim: (tx: Tx, durable: string, messageId: string): Promise<boolean> =>
      insertIfAbsent(tx, 'inbox', ['durable', 'message_id'], row(durable, messageId)),
    claimAll: async (
      tx: Tx,
      durable: string,
      messageIds: readonly string[],
    ): Promise<ReadonlySet<string>> => {
      const fresh = new Set(messageIds);
      for (let from = 0; from < messageIds.length; from += IDS_AT_ONCE) {
        const ids = messageIds.slice(from, from + IDS_AT_ONCE);
        const known = await tx.query<{ message_id: string }>(
          'SELECT message_id FROM {inbox} WHERE durable = :durable AND message_id IN (:ids)',
          { durable, ids },
        );
        for (const { message_id } of known) fresh.delete(message_id);
      }
      // Claimed by another replica since we looked: the whole batch fails on the key, and is looked at again.
      if (fresh.size > 0)
        await insertRows(
          tx,
          'inbox',
          [...fresh].sort().map((id) => row(durable, id)),
        );
      return fresh;
    },
    prune: (olderThanMs: number): Promise<number> =>
      database.execute('DELETE FROM {inbox} WHERE handled_at < :olderThanMs', { olderThanMs }),
  };
}
