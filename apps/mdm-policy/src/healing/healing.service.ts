import { listPolicyDeployments, republishScope } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { DeploymentService } from '../deployments/deployment.service.js';
import type { DeploymentStore } from '../deployments/deployment.store.js';
import type { ScopeStore } from '../scopes/scope.store.js';
import type { LostCompletions } from './lost-completions.js';
import type { StaleScopes } from './stale-scopes.js';
import type { StaleWindows } from './stale-windows.js';
import type { UnknownMembers } from './unknown-members.js';

export interface HealingServiceOptions {
  readonly db: Database;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly deployments: DeploymentService;
  readonly deploymentStore: DeploymentStore;
  readonly scopes: ScopeStore;
  readonly unknownMembers: UnknownMembers;
  readonly staleScopes: StaleScopes;
  readonly staleWindows: StaleWindows;
  readonly lostCompletions: LostCompletions;
  readonly logger: Logger;
  readonly now: () => Date;
}

const HEAL_EVERY_MS = 15 * 60_000;
const PAGE = 500;
const COLLECTIONS_PER_CALL = 100;

/** Finds what events did not bring: because they were lost, or are older than this service. */
export class HealingService {
  #nextAt = 0;

  constructor(private readonly options: HealingServiceOptions) {}

  /** Heals at the start and every quarter of an hour; sooner where it could not be brought to its end. */
  async healIfDue(signal: AbortSignal): Promise<void> {
    const now = this.options.now().getTime();
    if (now < this.#nextAt) return;
    await this.heal(signal);
    this.#nextAt = now + HEAL_EVERY_MS;
  }

  /** @throws EspalierError where a service does not answer; what was found until then is kept */
  async heal(signal: AbortSignal): Promise<void> {
    const collections = await this.#healDeployments(signal);
    await this.#healScopes(collections);
    await this.options.unknownMembers.find(signal);
    await this.options.lostCompletions.find(signal);
    await this.options.staleScopes.find(signal);
    await this.options.staleWindows.find(signal);
  }

  /** Gives the collections that something is deployed to. */
  async #healDeployments(signal: AbortSignal): Promise<Set<string>> {
    const { db, messaging, deployments, deploymentStore, logger } = this.options;
    const known = await deploymentStore.versions(db);
    const collections = new Set<string>();
    let missed = 0;
    for (let cursor: string | undefined; !signal.aborted;) {
      const page = await messaging.call(listPolicyDeployments, {
        limit: PAGE,
        ...(cursor !== undefined && { cursor }),
      });
      for (const { id, version, collectionId } of page.items) {
        collections.add(collectionId);
        const ours = known.get(id);
        known.delete(id);
        if (ours !== undefined && (ours.version >= version || ours.is_deleted === 1)) continue;
        missed += 1;
        await deployments.refresh({ deploymentId: id, version, collectionId, deleted: false });
      }
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    if (signal.aborted) return collections;
    // Not in the list any more, or not yet when it was read: config-proxy says which.
    for (const { id, version, collection_id, is_deleted } of known.values()) {
      if (is_deleted === 1) continue;
      missed += 1;
      await deployments.refresh({ deploymentId: id, version, collectionId: collection_id, deleted: false });
    }
    if (missed > 0) logger.info({ missed }, 'deployments were fetched that no event had told of');
    return collections;
  }

  async #healScopes(collections: ReadonlySet<string>): Promise<void> {
    const { db, messaging, scopes } = this.options;
    const unheard = await scopes.unheard(db, [...collections]);
    for (let from = 0; from < unheard.length; from += COLLECTIONS_PER_CALL)
      await messaging.call(republishScope, {
        collectionIds: unheard.slice(from, from + COLLECTIONS_PER_CALL),
      });
  }
}
