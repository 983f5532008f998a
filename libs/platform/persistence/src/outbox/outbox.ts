import type { OutboxStore } from '@espalier/contracts';
import type { Tx } from '../database/database.js';

/**
 * The transactional outbox of one service. `takeBatch` gives the oldest messages in insertion order, or none while
 * another replica relays: a relay holds a lease (30 s by default), which every `takeBatch` renews. A batch stays
 * until it is removed, so the next call gives it again.
 */
export interface Outbox extends OutboxStore<Tx> {
  /** Lets another replica relay at once, as at shutdown. */
  release(): Promise<void>;
  /** Gives up messages older than this time (epoch ms); how many. For operators: it loses messages. */
  prune(olderThanMs: number): Promise<number>;
}
