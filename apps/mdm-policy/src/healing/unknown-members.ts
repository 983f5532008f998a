import { getEnrollment, isEspalierError, type Enrollment } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { EnrollmentService } from '../enrollments/enrollment.service.js';
import type { ScopeStore } from '../scopes/scope.store.js';

export interface UnknownMembersOptions {
  readonly db: Database;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly scopes: Pick<ScopeStore, 'unknownMembersAfter'>;
  readonly enrollments: Pick<EnrollmentService, 'learn'>;
}

const PAGE = 500;
const CALLS_AT_ONCE = 8;

/** Asks mdm of members of collections that no event told of as enrolled: it may have been lost. */
export class UnknownMembers {
  constructor(private readonly options: UnknownMembersOptions) {}

  /** @throws EspalierError where mdm does not answer; what was learnt until then is kept */
  async find(signal: AbortSignal): Promise<void> {
    const { db, scopes, enrollments } = this.options;
    for (let after = ''; !signal.aborted;) {
      const ids = await scopes.unknownMembersAfter(db, after, PAGE);
      const found: Enrollment[] = [];
      for (let from = 0; from < ids.length && !signal.aborted; from += CALLS_AT_ONCE)
        found.push(...(await this.#ask(ids.slice(from, from + CALLS_AT_ONCE))));
      if (found.length > 0) await db.transaction((tx) => enrollments.learn(tx, found));
      const last = ids.at(-1);
      if (last === undefined || ids.length < PAGE) return;
      after = last;
    }
  }

  /** Those that mdm does not know are left out: they leave their collections sooner or later. */
  async #ask(ids: readonly string[]): Promise<Enrollment[]> {
    const asked = ids.map(async (id) => {
      try {
        return [(await this.options.messaging.call(getEnrollment, { id })).enrollment];
      } catch (error) {
        if (!isEspalierError(error) || error.status !== 404) throw error;
        return [];
      }
    });
    return (await Promise.all(asked)).flat();
  }
}
