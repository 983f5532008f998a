import { correctWindows, windowsTag, type MaintenanceWindow } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { ScopeStore } from '../scopes/scope.store.js';

export interface StaleWindowsOptions {
  readonly db: Database;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly scopes: ScopeStore;
  readonly logger: Logger;
  /** Collections in one question. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 500;

/**
 * Has config-proxy tell anew of maintenance windows that are other ones by now: an event that was lost for good would
 * otherwise let devices be worked on when they are not to be, or never. Each collection is one number, all of them in
 * each round.
 */
export class StaleWindows {
  constructor(private readonly options: StaleWindowsOptions) {}

  /** @throws EspalierError where config-proxy does not answer */
  async find(signal: AbortSignal): Promise<void> {
    const { db, messaging, scopes, logger, pageSize = PAGE_SIZE } = this.options;
    let corrected = 0;
    for (let after: string | null = ''; after !== null && !signal.aborted;) {
      const known = await scopes.windowsAfter(db, after, pageSize);
      const through = known.length < pageSize ? null : (known.at(-1)?.collection_id ?? null);
      const answer = await messaging.call(correctWindows, {
        after,
        through,
        collections: known.map(({ collection_id, windows_version, windows }) => ({
          id: collection_id,
          digest: windows === null ? 0 : windowsTag(JSON.parse(windows) as MaintenanceWindow[]),
          version: windows_version,
        })),
      });
      corrected += answer.corrected;
      after = through;
    }
    if (corrected > 0)
      logger.info({ corrected }, 'maintenance windows were told of anew: events were lost, or are late');
  }
}
