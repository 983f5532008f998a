import { compareScopes, correctScopes, scopeTag } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { ScopeStore } from '../scopes/scope.store.js';

export interface StaleScopesOptions {
  readonly db: Database;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly scopes: ScopeStore;
  readonly logger: Logger;
  /** Enrolments in one question. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 500;
/** 10,000 enrolments: 100,000 in two hours and a half. */
const PAGES_PER_ROUND = 20;
const CORRECTIONS_PER_CALL = 25;

/**
 * Finds out whether who is in which collection is still so, a bounded number of enrolments each round, lap after lap:
 * an event that was lost for good would otherwise leave a device with what it is not to have any more, or without what
 * it is to have. Each page is one sum for each enrolment; what differs is told anew by events, with new versions.
 */
export class StaleScopes {
  /** Where the next round goes on; empty: a lap begins. */
  #after = '';

  constructor(private readonly options: StaleScopesOptions) {}

  /** Looks at some. @throws EspalierError where config-proxy does not answer */
  async find(signal: AbortSignal): Promise<void> {
    const { db, messaging, scopes, logger, pageSize = PAGE_SIZE } = this.options;
    const tags = (await scopes.collections(db)).map((id) => ({ id, tag: scopeTag(id) }));
    let corrected = 0;
    for (let pages = 0; pages < PAGES_PER_ROUND && !signal.aborted; pages += 1) {
      const ids = await scopes.enrollmentsAfter(db, this.#after, pageSize);
      const last = ids.length < pageSize ? null : (ids.at(-1) ?? null);
      const { differing, through } = await messaging.call(compareScopes, {
        after: this.#after,
        through: last,
        enrollments: ids.length === 0 ? [] : await scopes.digests(db, ids, tags),
      });
      corrected += await this.#correct(differing);
      this.#after = through ?? last ?? '';
      if (this.#after === '') break;
    }
    if (corrected > 0)
      logger.info({ corrected }, 'members of collections were told of anew: events were lost, or are late');
  }

  /** What is known is read anew: events may have come meanwhile. */
  async #correct(enrollmentIds: readonly string[]): Promise<number> {
    const { db, messaging, scopes } = this.options;
    let corrected = 0;
    for (let from = 0; from < enrollmentIds.length; from += CORRECTIONS_PER_CALL) {
      const ids = enrollmentIds.slice(from, from + CORRECTIONS_PER_CALL);
      const known = Map.groupBy(await scopes.memberships(db, ids), (row) => row.enrollment_id);
      const answer = await messaging.call(correctScopes, {
        enrollments: ids.map((id) => ({
          id,
          collectionIds: (known.get(id) ?? []).map((row) => row.collection_id),
        })),
        version: await scopes.highestVersion(db, ids),
      });
      corrected += answer.corrected;
    }
    return corrected;
  }
}
