import {
  administratorErrors,
  collectionErrors,
  deploymentErrors,
  getCommand,
  mdmErrors,
  resourceErrors,
  type ApiScope,
  type CollectionDefinition,
} from '@espalier/contracts';
import type { CallOptions } from '@espalier/messaging';
import type { Database, Dialect } from '@espalier/persistence';
import type { MdmClient } from '../mdm/mdm.client.js';
import type { Reach } from '../roles/rights.js';
import type { Caller } from './caller.js';
import { restrictCollections, restrictDevices, type Restriction } from './restrict.js';
import type { VisibilityStore } from './visibility.store.js';

export interface VisibilityOptions {
  readonly db: Database;
  readonly store: VisibilityStore;
  readonly mdm: Pick<MdmClient, 'ask'>;
}

/** What a definition of a collection names of other things. */
type NamedByDefinition = Pick<CollectionDefinition, 'limitingId' | 'rules' | 'directResourceIds'>;

/** What the caller can reach with a scope. */
type Viewer = Pick<Caller, 'reach'>;

/**
 * Keeps callers who are limited to collections to what is in them: refuses what they name and do not reach exactly as
 * what does not exist, and restricts lists. Whoever reaches the whole site costs nothing here.
 */
export class Visibility {
  constructor(private readonly options: VisibilityOptions) {}

  get dialect(): Dialect {
    return this.options.db.dialect;
  }

  /** @throws EspalierError ESP_RESOURCE_UNKNOWN naming the first that is out of reach */
  async requireDevices(ids: readonly number[], reach: Reach): Promise<void> {
    if (reach === 'site') return;
    const { db, store } = this.options;
    const seen = await store.devicesIn(db, ids, reach);
    const out = ids.find((id) => !seen.has(id));
    if (out !== undefined) throw resourceErrors.ESP_RESOURCE_UNKNOWN({ detail: String(out) });
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN naming the first that is out of reach */
  async requireCollections(ids: readonly string[], reach: Reach): Promise<void> {
    if (reach === 'site') return;
    const { db, store } = this.options;
    const seen = await store.collectionsIn(db, ids, reach);
    const out = ids.find((id) => !seen.has(id));
    if (out !== undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: out });
  }

  /** @throws EspalierError ESP_DEPLOYMENT_UNKNOWN */
  async requireDeployment(id: string, reach: Reach): Promise<void> {
    if (reach === 'site') return;
    const { db, store } = this.options;
    if (!(await store.deploymentIsIn(db, id, reach)))
      throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: id });
  }

  /** @throws EspalierError ESP_MDM_ENROLLMENT_UNKNOWN naming the first that is out of reach */
  async requireEnrollments(ids: readonly string[], reach: Reach): Promise<void> {
    if (reach === 'site') return;
    const { db, store } = this.options;
    const seen = await store.enrollmentsIn(db, ids, reach);
    const out = ids.find((id) => !seen.has(id));
    if (out !== undefined) throw mdmErrors.ESP_MDM_ENROLLMENT_UNKNOWN({ detail: out });
  }

  /** Whether the enrolment is in reach, for what is shown in part. */
  async reachesEnrollment(id: string, reach: Reach): Promise<boolean> {
    if (reach === 'site') return true;
    const { db, store } = this.options;
    return (await store.enrollmentsIn(db, [id], reach)).has(id);
  }

  /** mdm says whose command it is. @throws EspalierError ESP_MDM_COMMAND_UNKNOWN, as mdm answered */
  async requireCommand(id: string, reach: Reach, origin: CallOptions): Promise<void> {
    if (reach === 'site') return;
    const { db, store, mdm } = this.options;
    const { command } = await mdm.ask(getCommand, { id }, origin);
    const seen = await store.enrollmentsIn(db, [command.enrollmentId], reach);
    if (seen.size === 0) throw mdmErrors.ESP_MDM_COMMAND_UNKNOWN({ detail: id });
  }

  /**
   * Nobody widens their own reach by changing who is in the collections that it consists of.
   * @throws EspalierError ESP_AUTH_NOT_FOR_LIMITED
   */
  async requireChangeable(collectionId: string, caller: Pick<Caller, 'administrator'>): Promise<void> {
    // Of the administrator, not of a token: what one token may not do, another of the same person may.
    const { limits } = caller.administrator.rights;
    if (limits.length === 0) return;
    const { db, store } = this.options;
    if ((await store.decidingOver(db, limits)).includes(collectionId))
      throw administratorErrors.ESP_AUTH_NOT_FOR_LIMITED({
        detail: `Who is in ${collectionId} decides what you reach.`,
      });
  }

  /** Whatever a definition of a collection names. @throws as `requireCollections` and `requireDevices` */
  async requireDefinition(
    { limitingId, rules, directResourceIds = [] }: NamedByDefinition,
    reach: Reach,
  ): Promise<void> {
    const targets = rules.flatMap((rule) => (rule.kind === 'query' ? [] : [rule.collectionId]));
    await this.requireCollections([limitingId, ...targets], reach);
    await this.requireDevices(directResourceIds, reach);
  }

  /** For lists of devices, of users, or of what belongs to one. @param column that holds resource ids */
  devices(caller: Viewer, scope: ApiScope, column: string): Restriction {
    return restrictDevices(this.dialect, column, caller.reach(scope));
  }

  /** For lists of collections, or of what belongs to one. @param column that holds collection ids */
  async collections(caller: Viewer, scope: ApiScope, column: string): Promise<Restriction> {
    return restrictCollections(this.dialect, column, await this.within(caller.reach(scope)));
  }

  /** The collections of a reach with those that are limited by them. */
  async within(reach: Reach): Promise<Reach> {
    return reach === 'site' ? reach : this.options.store.within(this.options.db, reach);
  }
}
