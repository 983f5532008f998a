import { scopeTag, type compareScopes, type correctScopes } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { z } from 'zod';
import type { EvaluationLock } from '../collections/evaluation-lock.js';
import { ScopeChanges } from './scope-changes.js';
import type { ScopeService } from './scope.service.js';
import type { ScopeStore } from './scope.store.js';

export interface ScopeComparisonOptions {
  readonly db: Database;
  readonly store: ScopeStore;
  readonly scope: ScopeService;
  readonly lock: EvaluationLock;
  /** Enrolments that are looked at for one question. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 1_000;

/** Finds what the policy has missed for longer than events are kept, and tells it anew. */
export class ScopeComparisonService {
  constructor(private readonly options: ScopeComparisonOptions) {}

  /**
   * Without the lock: what is being told just now may show as a difference, and {@link correct} finds none then. Only
   * sums leave the database, one for each enrolment.
   */
  async compare({
    after,
    through,
    enrollments,
  }: z.output<typeof compareScopes.request>): Promise<z.output<typeof compareScopes.response>> {
    const { db, store, pageSize = PAGE_SIZE } = this.options;
    const known = await store.range(db, after, through, pageSize + 1);
    const isCut = known.length > pageSize;
    if (isCut) known.pop();
    const end = isCut ? (known.at(-1)?.enrollment_id ?? null) : null;
    const tags = [...(await store.tracked(db))].map((id) => ({ id, tag: scopeTag(id) }));
    const members = [...new Set(known.map(({ member_id }) => member_id))];
    const digests = await store.digests(db, members, tags);
    const here = new Map(
      known.map(({ enrollment_id, member_id }) => [enrollment_id, digests.get(member_id)]),
    );
    const there = new Map(
      enrollments.filter(({ id }) => end === null || id <= end).map(({ id, digest }) => [id, digest]),
    );
    const all = [...new Set([...here.keys(), ...there.keys()])].sort();
    return { differing: all.filter((id) => here.get(id) !== there.get(id)), through: end };
  }

  /** What is told holds when it is: whoever changes members waits for the lock. */
  async correct({
    enrollments,
    version,
  }: z.output<typeof correctScopes.request>): Promise<z.output<typeof correctScopes.response>> {
    const { db, store, scope, lock } = this.options;
    return db.transaction(async (tx) => {
      await lock.take(tx);
      const tracked = await store.tracked(tx);
      const memberOf = new Map(
        (
          await store.known(
            tx,
            enrollments.map(({ id }) => id),
          )
        ).map(({ enrollment_id, member_id }) => [enrollment_id, member_id]),
      );
      const collections = Map.groupBy(
        await store.memberships(tx, [...new Set(memberOf.values())]),
        ({ resource_id }) => resource_id,
      );
      const told = new ScopeChanges();
      const dropped = new Set<string>();
      let corrected = 0;
      const tell = (collectionId: string, enrollmentId: string, member: boolean): void => {
        corrected += 1;
        if (tracked.has(collectionId)) told.add(collectionId, enrollmentId, member);
        else dropped.add(collectionId);
      };
      for (const { id, collectionIds } of enrollments) {
        const here = new Set(
          (collections.get(memberOf.get(id) ?? 0) ?? []).map(({ collection_id }) => collection_id),
        );
        const there = new Set(collectionIds);
        for (const collectionId of here) if (!there.has(collectionId)) tell(collectionId, id, true);
        for (const collectionId of there) if (!here.has(collectionId)) tell(collectionId, id, false);
      }
      await scope.tell(tx, told, version);
      for (const collectionId of [...dropped].sort()) await scope.tellDropped(tx, collectionId, version);
      return { corrected };
    });
  }
}
