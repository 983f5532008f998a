import type { CollectionMember } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { unrestricted, type Restriction } from '../access/restrict.js';
import type { CollectionService } from './collection.service.js';
import type { ListQuery, MemberStore } from './member.store.js';

export interface MemberServiceOptions {
  readonly db: Database;
  readonly store: MemberStore;
  readonly collections: Pick<CollectionService, 'require'>;
}

/** Shows who is in a collection. */
export class MemberService {
  constructor(private readonly options: MemberServiceOptions) {}

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_SITE_FILTER_INVALID */
  async list(
    collectionId: string,
    query: ListQuery,
    within: Restriction = unrestricted,
  ): Promise<{ items: CollectionMember[]; nextCursor?: string }> {
    const { db, store, collections } = this.options;
    await collections.require(db, collectionId);
    const { rows, next } = await store.list(db, collectionId, query, within);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }
}
