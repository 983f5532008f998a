import type { Database, Tx } from '@espalier/persistence';
import type { ScopeStore } from '../scopes/scope.store.js';
import type { AgendaStore } from './agenda.store.js';
import type { SpreadStore } from './spread.store.js';

export interface SpreadServiceOptions {
  readonly db: Database;
  readonly store: SpreadStore;
  readonly members: Pick<ScopeStore, 'memberIdsAfter'>;
  readonly agenda: Pick<AgendaStore, 'touch'>;
  readonly now: () => Date;
  /** Wakes the loop that runs `step`. */
  readonly nudge: () => void;
  /** Wakes whoever looks at what is due. */
  readonly nudgeReconcile: () => void;
}

const MEMBERS_AT_ONCE = 2_000;

/** Has every member of a collection looked at: in steps, each in its own transaction, going on after a crash. */
export class SpreadService {
  constructor(private readonly options: SpreadServiceOptions) {}

  async begin(tx: Tx, collectionId: string): Promise<void> {
    await this.options.store.add(tx, collectionId);
    tx.afterCommit(this.options.nudge);
  }

  /** One step; false where nothing was left to do. */
  async step(): Promise<boolean> {
    const { db, store, members, agenda, now, nudgeReconcile } = this.options;
    return db.transaction(async (tx) => {
      const spread = await store.claim(tx);
      if (spread === undefined) return false;
      const ids = await members.memberIdsAfter(tx, spread.collection_id, spread.after_id, MEMBERS_AT_ONCE);
      await agenda.touch(tx, ids, now().getTime());
      const last = ids.at(-1);
      if (last === undefined || ids.length < MEMBERS_AT_ONCE) await store.finish(tx, spread.id);
      else await store.advance(tx, spread.id, last);
      tx.afterCommit(nudgeReconcile);
      return true;
    });
  }
}
