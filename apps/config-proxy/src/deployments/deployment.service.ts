import {
  collectionErrors,
  deploymentChanged,
  deploymentErrors,
  type DeploymentChange,
  type DeploymentDetail,
  type DeploymentSummary,
  type DeploymentVersion,
  type LibraryThing,
  type NewDeployment,
} from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Reached, Weigh } from '../approvals/weigh.js';
import { checkIfMatch } from '../http/etag.js';
import type {
  DeploymentReferences,
  LibraryListener,
  ResolvedThing,
  ThingReference,
} from '../library/library.interfaces.js';
import type { NumberSeries } from '../number-series/number-series.js';
import type { ScopeTracker } from '../scope/scope.interfaces.js';
import type { StatusWriter } from '../status-messages/status-log.js';
import { checkFit, checkTimes } from './deployment.checks.js';
import type { DeploymentHistoryStore } from './deployment-history.store.js';
import { countsOf, toDetail, type StoredDeployment } from './deployment.record.js';
import type { DeploymentReference, DeploymentStore, TargetCollection } from './deployment.store.js';
import type { DeploymentSummaryStore } from './deployment-summary.store.js';

/** What is needed of the library. */
export interface ThingResolver {
  /** @throws EspalierError ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_REVISION_UNKNOWN */
  resolve(on: Tx | Database, reference: ThingReference): Promise<ResolvedThing>;
}

export interface DeploymentServiceOptions {
  readonly db: Database;
  readonly store: DeploymentStore;
  readonly summaries: DeploymentSummaryStore;
  readonly history: DeploymentHistoryStore;
  readonly library: ThingResolver;
  readonly scope: ScopeTracker;
  readonly numbers: Pick<NumberSeries, 'take'>;
  readonly status: StatusWriter;
  readonly events: Pick<EventPublisher<Tx>, 'publish'>;
  readonly now: () => Date;
  readonly uuid: () => string;
}

const NAME_LENGTH = 255;
const LIBRARY = 'the library';

/**
 * Deploys things to collections. Every change is one transaction: the deployment, its history, its counters, what the
 * policy is told, and a status message.
 */
export class DeploymentService implements DeploymentReferences, LibraryListener {
  constructor(private readonly options: DeploymentServiceOptions) {}

  /**
   * @throws EspalierError ESP_COLLECTION_UNKNOWN, ESP_LIBRARY_UNKNOWN, ESP_LIBRARY_REVISION_UNKNOWN,
   * ESP_DEPLOYMENT_TIMES_INVALID, ESP_DEPLOYMENT_DOES_NOT_FIT, ESP_DEPLOYMENT_NOTHING_IN_IT, and what `weigh` throws
   */
  async create(tx: Tx, wanted: NewDeployment, by: string, weigh?: Weigh): Promise<DeploymentDetail> {
    const { store, summaries, scope, numbers, now, uuid } = this.options;
    const at = now().getTime();
    const { thingKind, thingId, collectionId, name, startAt, ...rest } = wanted;
    const settings = { ...rest, name: name ?? '', startAt: startAt ?? at };
    checkTimes(settings, at);
    const collection = await store.lockCollection(tx, collectionId);
    if (collection === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    const thing = await this.#resolve(tx, { thingKind, thingId }, settings.revision);
    checkFit({ thingName: thing.displayName, items: thing.items, action: settings.action, collection });
    const isFirst = (await store.ofCollection(tx, collectionId)).length === 0;
    const stored: StoredDeployment = {
      id: uuid(),
      assignmentId: await numbers.take(tx, 'deployment', 1),
      thingKind,
      thingId,
      thingName: thing.displayName,
      collectionId,
      settings: { ...settings, name: name ?? defaultName(thing, collection, settings.action) },
      deployedRevision: thing.revision,
      items: thing.items,
      version: 1,
      createdAt: at,
      createdBy: by,
      changedAt: at,
      changedBy: by,
    };
    await store.insert(tx, stored);
    await summaries.create(tx, stored.id, stored.items);
    if (isFirst) await scope.track(tx, collectionId);
    await this.#tell(
      tx,
      stored,
      'created',
      `is deployed to "${collection.name}" as ${stored.settings.intent}`,
    );
    await weigh?.(tx, reachedBy('Make', stored, collection));
    return this.#detail(tx, stored.id);
  }

  /**
   * Changes some or all of the settings; what changes nothing makes no version.
   * @throws EspalierError as `create`, ESP_DEPLOYMENT_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE
   */
  change(
    id: string,
    change: DeploymentChange,
    by: string,
    ifMatch: string | undefined,
    weigh?: Weigh,
  ): Promise<DeploymentDetail> {
    return this.options.db.transaction((tx) => this.changeIn(tx, id, change, by, ifMatch, weigh));
  }

  /** As `change`, in the caller's transaction. */
  async changeIn(
    tx: Tx,
    id: string,
    change: DeploymentChange,
    by: string,
    ifMatch: string | undefined,
    weigh?: Weigh,
  ): Promise<DeploymentDetail> {
    const { store, summaries, now } = this.options;
    const seen = await this.#find(tx, id);
    // The library is locked before the deployment, as where it tells of its own changes.
    const revision = change.revision === undefined ? seen.settings.revision : change.revision;
    const thing = await this.#resolve(tx, seen, revision);
    const before = await store.lock(tx, id);
    if (before === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: id });
    checkIfMatch(ifMatch, before.version);
    const settings = { ...before.settings, ...given(change) };
    const at = now().getTime();
    checkTimes(settings, at);
    const collection = await this.#collection(tx, before.collectionId);
    checkFit({ thingName: thing.displayName, items: thing.items, action: settings.action, collection });
    const after = withThing({ ...before, settings }, thing);
    if (sameContent(before, after)) return this.#detail(tx, id);
    const next = { ...after, version: before.version + 1, changedAt: at, changedBy: by };
    await store.update(tx, next);
    await summaries.setItems(tx, id, next.items);
    await this.#tell(tx, next, 'changed', 'was changed');
    await weigh?.(tx, reachedBy('Change', next, collection));
    return this.#detail(tx, id);
  }

  /**
   * Ends the deployment: its counters go, the policy takes off what it had put on.
   * @throws EspalierError ESP_DEPLOYMENT_UNKNOWN, ESP_SITE_CHANGED_MEANWHILE
   */
  async delete(id: string, by: string, ifMatch: string | undefined, weigh?: Weigh): Promise<void> {
    await this.options.db.transaction((tx) => this.deleteIn(tx, id, by, ifMatch, weigh));
  }

  /** As `delete`, in the caller's transaction. */
  async deleteIn(tx: Tx, id: string, by: string, ifMatch: string | undefined, weigh?: Weigh): Promise<void> {
    const { store, summaries, scope, now } = this.options;
    const seen = await this.#find(tx, id);
    const collection = await store.lockCollection(tx, seen.collectionId);
    const before = await store.lock(tx, id);
    if (before === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: id });
    checkIfMatch(ifMatch, before.version);
    const last = { ...before, version: before.version + 1, changedAt: now().getTime(), changedBy: by };
    await store.delete(tx, id);
    await summaries.delete(tx, id);
    if ((await store.ofCollection(tx, last.collectionId)).length === 0)
      await scope.untrack(tx, last.collectionId);
    await this.#tell(tx, last, 'deleted', 'was deleted');
    await weigh?.(tx, reachedBy('End', last, collection));
  }

  /** Deployments of what changed in the library get it, and a new version. */
  async changed(tx: Tx, things: readonly LibraryThing[]): Promise<readonly string[]> {
    const { store, summaries, now } = this.options;
    const at = now().getTime();
    const reached = new Set<string>();
    for (const before of await store.lockOfThings(tx, things)) {
      const after = withThing(before, await this.#resolve(tx, before, before.settings.revision));
      if (sameContent(before, after)) continue;
      const next = { ...after, version: before.version + 1, changedAt: at, changedBy: LIBRARY };
      await store.update(tx, next);
      await summaries.setItems(tx, next.id, next.items);
      await this.#tell(tx, next, 'content', `now deploys revision ${next.deployedRevision}`);
      // Devices of one that is disabled keep what they have; enabling it is weighed.
      if (next.settings.enabled && revisionsOf(before) !== revisionsOf(next)) reached.add(next.collectionId);
    }
    return [...reached].sort();
  }

  of(tx: Tx, thing: LibraryThing): Promise<readonly DeploymentReference[]> {
    return this.options.store.references(tx, thing);
  }

  /** What stands in the way of a collection's deletion, as in `has the deployment "Wi-Fi"`. */
  async blockers(tx: Tx, collectionId: string): Promise<string[]> {
    const { store } = this.options;
    // A deployment that is being made holds this lock: it is seen once it is there.
    await store.lockCollection(tx, collectionId);
    return (await store.ofCollection(tx, collectionId)).map(({ name }) => `has the deployment "${name}"`);
  }

  /** @throws EspalierError ESP_DEPLOYMENT_UNKNOWN */
  read(id: string): Promise<DeploymentDetail> {
    return this.#detail(this.options.db, id);
  }

  async #detail(on: Tx | Database, id: string): Promise<DeploymentDetail> {
    const row = await this.options.store.findCounted(on, id);
    if (row === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: id });
    return toDetail(row);
  }

  /** @throws EspalierError ESP_DEPLOYMENT_UNKNOWN */
  async summary(id: string): Promise<DeploymentSummary> {
    const { db, store, summaries } = this.options;
    const row = await store.findCounted(db, id);
    if (row === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: id });
    const counts = countsOf(row);
    const counted = new Map((await summaries.items(db, id)).map((item) => [item.ci_id, item]));
    const { targeted, success } = counts;
    return {
      deploymentId: id,
      counts,
      compliantPercentage: targeted === 0 ? 0 : Math.floor((success * 1_000) / targeted) / 10,
      items: toDetail(row).items.map(({ ciId, revision, displayName }) => {
        const item = counted.get(ciId);
        return {
          ciId,
          revision,
          displayName,
          compliant: item?.compliant ?? 0,
          nonCompliant: item?.non_compliant ?? 0,
          conflict: item?.conflict ?? 0,
          error: item?.failed ?? 0,
          unknown: item?.unknown ?? 0,
        };
      }),
      countedAt: await store.countedAt(db, id),
    };
  }

  async #find(tx: Tx, id: string): Promise<StoredDeployment> {
    const found = await this.options.store.find(tx, id);
    if (found === undefined) throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: id });
    return found;
  }

  async #collection(tx: Tx, collectionId: string): Promise<TargetCollection> {
    const found = await this.options.store.findCollection(tx, collectionId);
    if (found === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    return found;
  }

  #resolve(tx: Tx, { thingKind, thingId }: LibraryThing, revision: number | null): Promise<ResolvedThing> {
    return this.options.library.resolve(tx, { thingKind, thingId, ...(revision !== null && { revision }) });
  }

  /** History, the policy's event and the status message of a version. */
  async #tell(
    tx: Tx,
    deployment: StoredDeployment,
    change: DeploymentVersion['change'],
    what: string,
  ): Promise<void> {
    const { history, events, status } = this.options;
    const { id, version, collectionId, changedAt, changedBy, settings } = deployment;
    await history.add(tx, deployment, change);
    await events.publish(tx, deploymentChanged, {
      deploymentId: id,
      version,
      collectionId,
      deleted: change === 'deleted',
      at: changedAt,
    });
    await status.write(tx, {
      severity: 'information',
      component: 'deployments',
      messageId: `deployment-${change}`,
      text: `The deployment "${settings.name}" ${what}, by ${changedBy}.`,
      deploymentId: id,
      collectionId,
    });
  }
}

/** ConfigMgr's habit: `<thing>_<collection>_Install`. */
function defaultName(thing: ResolvedThing, { name }: TargetCollection, action: string): string {
  const verb = action === 'install' ? 'Install' : 'Uninstall';
  const half = Math.floor((NAME_LENGTH - verb.length - 2) / 2);
  return `${thing.displayName.slice(0, half)}_${name.slice(0, half)}_${verb}`;
}

const withThing = (deployment: StoredDeployment, thing: ResolvedThing): StoredDeployment => ({
  ...deployment,
  thingName: thing.displayName,
  deployedRevision: thing.revision,
  items: thing.items,
});

const sameContent = (a: StoredDeployment, b: StoredDeployment): boolean =>
  JSON.stringify([a.settings, a.thingName, a.deployedRevision, a.items]) ===
  JSON.stringify([b.settings, b.thingName, b.deployedRevision, b.items]);

/** What devices get of it. */
const revisionsOf = ({ items }: Pick<StoredDeployment, 'items'>): string =>
  JSON.stringify(items.map(({ ciId, revision }) => [ciId, revision]));

/** Of names a second person reads so much; what, how and where come first, for whoever asks chooses the last one. */
const TOLD_LENGTH = 80;

function reachedBy(
  verb: 'Make' | 'Change' | 'End',
  deployment: StoredDeployment,
  collection: TargetCollection | undefined,
): Reached {
  const { collectionId, thingName, settings, version } = deployment;
  const { action, intent, enabled } = settings;
  const [thing, where, name] = [thingName, collection?.name ?? collectionId, settings.name].map(
    (text) => `"${text.slice(0, TOLD_LENGTH)}"`,
  );
  const how = `${intent} ${action}${enabled ? '' : ', disabled'}`;
  return {
    devices: [collectionId],
    summary: `${verb} the deployment of ${thing} (${how}) to ${where} (${collectionId}): ${name}`,
    seen: verb === 'Make' ? revisionsOf(deployment) : [version, revisionsOf(deployment)],
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the keys that were not given. */
function given<T extends object>(change: T): Given<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Given<T>;
}
