import type { Queryable } from '@espalier/persistence';

/** Reads how many devices an action reaches. */
export class ReachStore {
  /** 0 where there is no such collection. */
  async memberCount(on: Queryable, collectionId: string): Promise<number> {
    const [row] = await on.query<{ member_count: number }>(
      'SELECT member_count FROM {collection} WHERE collection_id = :collectionId',
      { collectionId },
    );
    return row?.member_count ?? 0;
  }
}
