import type { InboxStore } from '@espalier/contracts';
import type { Tx } from '../database/database.js';

/** Makes consumers idempotent: remembers, in the consumer's own transaction, what it has handled. */
export interface Inbox extends InboxStore<Tx> {
  /** Forgets what was handled before this time (epoch ms); how many. */
  prune(olderThanMs: number): Promise<number>;
}
