import { collectionIdSchema } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import { z } from 'zod';
import type { EvaluationLock } from '../collections/evaluation-lock.js';
import type { JobKind, JobStepResult, RunningJob } from '../jobs/job.kind.js';
import { ScopeChanges } from './scope-changes.js';
import { SCOPE_PUBLICATION, type ScopeService } from './scope.service.js';
import type { ScopeStore } from './scope.store.js';

const paramsSchema = z.object({ collectionId: collectionIdSchema });
type Params = z.output<typeof paramsSchema>;

export interface ScopePublicationJobOptions {
  readonly db: Database;
  readonly store: ScopeStore;
  readonly scope: ScopeService;
  readonly lock: EvaluationLock;
  readonly members: { count(tx: Tx, collectionId: string): Promise<number> };
  /** Tells of the maintenance windows, which the first step does too. */
  readonly tellWindows: (tx: Tx, collectionId: string) => Promise<void>;
  /** Members of one step. */
  readonly chunkSize?: number;
}

const CHUNK_SIZE = 1_000;

/**
 * Tells the policy of all members of a collection, in the order of their ids. Changes meanwhile are told by whoever
 * makes them: each step holds the evaluation lock, so what it tells is true when it commits, and who leaves later
 * leaves with a higher version.
 */
export class ScopePublicationJob implements JobKind<Params> {
  readonly kind = SCOPE_PUBLICATION;
  readonly params = paramsSchema;
  /** Half of the members would stay unknown to the policy. */
  readonly cancelScope = null;

  constructor(private readonly options: ScopePublicationJobOptions) {}

  step({ params: { collectionId }, cursor }: RunningJob<Params>): Promise<JobStepResult> {
    const { db, store, scope, lock, members, tellWindows, chunkSize = CHUNK_SIZE } = this.options;
    return db.transaction(async (tx) => {
      await lock.take(tx);
      if (!(await store.tracked(tx)).has(collectionId))
        return { done: 0, cursor: null, finished: true, messages: ['Nothing is deployed to it any more.'] };
      const total = cursor === null ? await members.count(tx, collectionId) : undefined;
      if (cursor === null) await tellWindows(tx, collectionId);
      const ids = await store.members(tx, collectionId, Number(cursor ?? 0), chunkSize);
      const told = new ScopeChanges();
      await scope.collectMembers(tx, [{ collectionId, joined: ids, left: [] }], told);
      await scope.tell(tx, told);
      return {
        done: ids.length,
        cursor: String(ids.at(-1) ?? 0),
        finished: ids.length < chunkSize,
        ...(total !== undefined && { total }),
      };
    });
  }
}
