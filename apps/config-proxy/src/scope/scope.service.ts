import {
  collectionErrors,
  maintenanceWindowsChanged,
  scopeDropped,
  scopeMembersChanged,
  type MaintenanceWindow,
} from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import { ENROLLMENTS, type ChangeSink } from '../collections/change-log.store.js';
import type { JobService } from '../jobs/job.service.js';
import type { ScopeChanges } from './scope-changes.js';
import type { ScopeSink, ScopeTracker } from './scope.interfaces.js';
import type { CurrentEnrollment, ScopeStore } from './scope.store.js';

export const SCOPE_PUBLICATION = 'scope-publication';

/** Who joined and left a collection. */
export interface MembershipChange {
  readonly collectionId: string;
  readonly joined: readonly number[];
  readonly left: readonly number[];
}

export interface ScopeServiceOptions {
  readonly store: ScopeStore;
  readonly changes: ChangeSink;
  readonly events: EventPublisher<Tx>;
  readonly jobs: Pick<JobService, 'create'>;
  readonly now: () => Date;
}

/** Changes in one event at most, as the contract has it. */
const CHANGES_PER_EVENT = 500;

/**
 * Tells the policy who is in the collections that matter to it. Whatever is told of members is told under the
 * evaluation lock, one transaction after the other: so no two tell of the same member at once, and versions grow in
 * the order in which things became true.
 */
export class ScopeService implements ScopeSink, ScopeTracker {
  constructor(private readonly options: ScopeServiceOptions) {}

  /** Only noted here: the evaluator tells of it in its turn. */
  async enrollmentsChanged(tx: Tx, resourceIds: readonly number[]): Promise<void> {
    await this.options.changes.record(
      tx,
      [...new Set(resourceIds)].map((resourceId) => ({ resourceId, classes: [ENROLLMENTS] })),
    );
  }

  track(tx: Tx, collectionId: string): Promise<void> {
    return this.#mark(tx, collectionId, 'is_deployed', true);
  }

  untrack(tx: Tx, collectionId: string): Promise<void> {
    return this.#mark(tx, collectionId, 'is_deployed', false);
  }

  /** All windows of a collection, as they stand from now on. Members matter only where there are some. */
  async windowsChanged(tx: Tx, collectionId: string, windows: readonly MaintenanceWindow[]): Promise<void> {
    const { store, events, now } = this.options;
    await this.#mark(tx, collectionId, 'has_windows', windows.length > 0);
    await events.publish(tx, maintenanceWindowsChanged, {
      collectionId,
      version: await store.version(tx, collectionId),
      windows: [...windows],
      at: now().getTime(),
    });
  }

  /**
   * Tells of the windows of a collection again, also of one that is gone.
   * @param above the version that the policy has heard of
   * @param list gives the windows once whoever changes them must wait for this transaction
   */
  async tellWindowsAbove(
    tx: Tx,
    collectionId: string,
    above: number,
    list: () => Promise<MaintenanceWindow[]>,
  ): Promise<void> {
    const { store, events, now } = this.options;
    const version = await store.versionAbove(tx, collectionId, above);
    const windows = await list();
    await events.publish(tx, maintenanceWindowsChanged, {
      collectionId,
      version,
      windows,
      at: now().getTime(),
    });
  }

  /** Starts telling of all members again. */
  async republish(tx: Tx, collectionId: string, createdBy: string): Promise<void> {
    await this.options.jobs.create(tx, {
      kind: SCOPE_PUBLICATION,
      title: `Telling the policy of the members of ${collectionId}`,
      params: { collectionId },
      createdBy,
    });
  }

  /** Of a collection that is deleted. */
  async forget(tx: Tx, collectionId: string): Promise<void> {
    await this.options.store.forget(tx, collectionId);
  }

  /** Those of the changes that the policy must hear of. Under the evaluation lock. */
  async collectMembers(tx: Tx, changed: readonly MembershipChange[], told: ScopeChanges): Promise<void> {
    const { store } = this.options;
    const tracked = changed.length === 0 ? new Set<string>() : await store.tracked(tx);
    const relevant = changed.filter(({ collectionId }) => tracked.has(collectionId));
    const members = new Set(relevant.flatMap(({ joined, left }) => [...joined, ...left]));
    const enrollments = Map.groupBy(
      await store.enrollmentsOf(tx, [...members]),
      ({ member_id }) => member_id,
    );
    for (const { collectionId, joined, left } of relevant) {
      for (const [ids, member] of [
        [joined, true],
        [left, false],
      ] as const)
        for (const id of ids)
          for (const { enrollment_id } of enrollments.get(id) ?? [])
            told.add(collectionId, enrollment_id, member);
    }
  }

  /**
   * Compares enrolments of these devices and users with what the policy knows of them. Under the evaluation lock,
   * after the memberships were evaluated.
   */
  async collectEnrollments(tx: Tx, resourceIds: readonly number[], told: ScopeChanges): Promise<void> {
    if (resourceIds.length === 0) return;
    const { store } = this.options;
    const present = await store.current(tx, resourceIds);
    const before = await store.enrollmentsOf(tx, resourceIds);
    const ids = [...new Set([...present, ...before].map(({ enrollment_id }) => enrollment_id))].sort();
    const was = memberById(await store.known(tx, ids));
    const is = new Map(
      (await store.currentById(tx, ids)).flatMap((row): [string, number][] => {
        const member = memberOf(row);
        return member === null ? [] : [[row.enrollment_id, member]];
      }),
    );
    const moved = ids.filter((id) => was.get(id) !== is.get(id));
    const members = moved.flatMap((id) => [was.get(id), is.get(id)]).filter((id) => id !== undefined);
    const collections = Map.groupBy(
      await store.memberships(tx, [...new Set(members)]),
      ({ resource_id }) => resource_id,
    );
    const tell = (enrollmentId: string, member: number | undefined, isMember: boolean): void => {
      if (member === undefined) return;
      for (const { collection_id } of collections.get(member) ?? [])
        told.add(collection_id, enrollmentId, isMember);
    };
    for (const id of moved) {
      tell(id, was.get(id), false);
      tell(id, is.get(id), true);
    }
    await store.save(
      tx,
      moved.flatMap((id) => {
        const member_id = is.get(id);
        return member_id === undefined ? [] : [{ enrollment_id: id, member_id }];
      }),
      moved.filter((id) => !is.has(id)),
    );
  }

  /** Publishes what was collected. Under the evaluation lock. @param above a version that the policy has heard of */
  async tell(tx: Tx, told: ScopeChanges, above = 0): Promise<void> {
    const { store, events, now } = this.options;
    for (const { collectionId, changes } of told.entries()) {
      const version = await store.nextVersion(tx, collectionId, above);
      // Dropped meanwhile: telling of members now would outlive the drop.
      if (version === undefined) continue;
      const payloads = [];
      for (let from = 0; from < changes.length; from += CHANGES_PER_EVENT)
        payloads.push({
          collectionId,
          version,
          changes: changes.slice(from, from + CHANGES_PER_EVENT),
          at: now().getTime(),
        });
      await events.publishAll(tx, scopeMembersChanged, payloads);
    }
  }

  /** Says again that a collection is of no concern to the policy. Under the evaluation lock. */
  async tellDropped(tx: Tx, collectionId: string, above: number): Promise<void> {
    const { store, events, now } = this.options;
    await events.publish(tx, scopeDropped, {
      collectionId,
      version: await store.versionAbove(tx, collectionId, above),
      at: now().getTime(),
    });
  }

  /** @throws EspalierError ESP_COLLECTION_UNKNOWN */
  async #mark(
    tx: Tx,
    collectionId: string,
    reason: 'is_deployed' | 'has_windows',
    given: boolean,
  ): Promise<void> {
    const { store, events, now } = this.options;
    const marked = await store.mark(tx, collectionId, reason, given);
    if (marked === undefined && !given) return;
    if (marked === undefined) throw collectionErrors.ESP_COLLECTION_UNKNOWN({ detail: collectionId });
    const { wasTracked, isTracked } = marked;
    if (isTracked && !wasTracked) await this.republish(tx, collectionId, 'config-proxy');
    if (wasTracked && !isTracked)
      await events.publish(tx, scopeDropped, {
        collectionId,
        version: await store.version(tx, collectionId),
        at: now().getTime(),
      });
  }
}

/** The device for the device's own channel, the user for a user's. */
const memberOf = (row: CurrentEnrollment): number | null =>
  row.kind === 'device' ? row.resource_id : row.user_resource_id;

const memberById = (rows: readonly { enrollment_id: string; member_id: number }[]): Map<string, number> =>
  new Map(rows.map(({ enrollment_id, member_id }) => [enrollment_id, member_id]));
