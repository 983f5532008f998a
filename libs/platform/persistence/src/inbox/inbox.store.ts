import type { Database, Tx } from '../database/database.js';
import { insertIfAbsent } from '../statements/write-rows.js';
import type { Inbox } from './inbox.js';

/** The inbox in the table of `inboxMigration`. */
export function createInbox(database: Database, options: { readonly now?: () => Date } = {}): Inbox {
  const { now = () => new Date() } = options;
  return {
    claim: (tx: Tx, durable: string, messageId: string): Promise<boolean> =>
      insertIfAbsent(tx, 'inbox', ['durable', 'message_id'], {
        durable,
        message_id: messageId,
        handled_at: now().getTime(),
      }),
    prune: (olderThanMs: number): Promise<number> =>
      database.execute('DELETE FROM {inbox} WHERE handled_at < :olderThanMs', { olderThanMs }),
  };
}
