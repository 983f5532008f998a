import { getPolicyDeployment, type PolicyDeployment } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import { isUniqueViolation, type Database, type Tx } from '@espalier/persistence';
import type { SpreadService } from '../agenda/spread.service.js';
import type { DeploymentStore } from './deployment.store.js';

/** What an event, or the list of all deployments, says of one. */
export interface DeploymentNews {
  readonly deploymentId: string;
  readonly version: number;
  readonly collectionId: string;
  readonly deleted: boolean;
}

export interface DeploymentServiceOptions {
  readonly db: Database;
  readonly store: DeploymentStore;
  readonly spread: SpreadService;
  readonly messaging: Pick<Messaging, 'call'>;
  readonly now: () => Date;
}

/** Keeps deployments as config-proxy has them: fetched when they change, older versions ignored. */
export class DeploymentService {
  constructor(private readonly options: DeploymentServiceOptions) {}

  /** Safe to repeat, and in any order. @throws EspalierError where config-proxy does not answer: try again */
  async refresh(news: DeploymentNews): Promise<void> {
    const { db, messaging } = this.options;
    const { deploymentId } = news;
    const deployment = news.deleted
      ? null
      : (await messaging.call(getPolicyDeployment, { deploymentId })).deployment;
    try {
      await db.transaction((tx) => this.#store(tx, news, deployment));
    } catch (error) {
      // Another replica inserted it at the same time; now it is there to be locked.
      if (!isUniqueViolation(error)) throw error;
      await db.transaction((tx) => this.#store(tx, news, deployment));
    }
  }

  async #store(tx: Tx, news: DeploymentNews, deployment: PolicyDeployment | null): Promise<void> {
    const { store, spread } = this.options;
    const now = this.options.now().getTime();
    const known = await store.lock(tx, news.deploymentId);
    const version = deployment?.version ?? news.version;
    // Ids are not used again: what is deleted stays deleted.
    if (known !== undefined && (known.is_deleted === 1 || (deployment !== null && known.version >= version)))
      return;
    if (deployment === null) await store.saveDeleted(tx, news.deploymentId, version, news.collectionId, now);
    else await store.save(tx, deployment, now);
    const collections = [known?.collection_id, deployment?.collectionId ?? news.collectionId];
    for (const id of new Set(collections.filter((candidate) => candidate !== undefined)))
      await spread.begin(tx, id);
  }
}
