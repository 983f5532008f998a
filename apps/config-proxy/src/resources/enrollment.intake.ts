import type { enrollmentAuthenticated, enrollmentEnrolled, enrollmentRemoved } from '@espalier/contracts';
import type { BatchedEvent } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import type { ChangeSink } from '../collections/change-log.store.js';
import { MDM_ENROLLMENT } from '../inventory/query-model.js';
import type { ScopeSink } from '../scope/scope.interfaces.js';
import type { AffinityStore } from '../users/affinity.store.js';
import { discoveryOfEnrollment, type Discovery } from './discovery.js';
import { newsOf, type EnrollmentNews } from './enrollment.news.js';
import type { EnrollmentRow, EnrollmentStore } from './enrollment.store.js';
import { identityEvidence } from './identity.js';
import { ResourceBatch, type ResourceHandle, type ResourceSurroundings } from './resource.batch.js';

export type EnrollmentEvent =
  typeof enrollmentAuthenticated | typeof enrollmentEnrolled | typeof enrollmentRemoved;

export interface EnrollmentIntakeOptions extends ResourceSurroundings {
  readonly enrollments: EnrollmentStore;
  readonly affinity: AffinityStore;
  readonly scope: ScopeSink;
  readonly changes: ChangeSink;
}

/** An enrolment under change. */
interface Draft {
  row: EnrollmentRow;
  readonly before: EnrollmentRow;
  readonly news: EnrollmentNews | undefined;
  device?: ResourceHandle | undefined;
  user?: ResourceHandle | undefined;
}

/**
 * Ties enrolments to resources. The order of events does not matter: every fact has its time, and older ones change
 * nothing.
 */
export class EnrollmentIntake {
  constructor(private readonly options: EnrollmentIntakeOptions) {}

  async handle(events: readonly BatchedEvent<EnrollmentEvent>[], tx: Tx): Promise<void> {
    await this.apply(newsOf(events.map(({ event }) => event)), tx);
  }

  async apply(news: ReadonlyMap<string, EnrollmentNews>, tx: Tx): Promise<void> {
    const { enrollments } = this.options;
    const users = [...news.values()].filter(({ kind }) => kind === 'user');
    const ids = new Set([...news.keys(), ...users.map(({ deviceId }) => deviceId)]);
    const rows = await enrollments.claim(tx, [...ids].sort());
    const orphans = await enrollments.orphansOf(
      tx,
      rows.filter(({ kind }) => kind === 'device').map(({ enrollment_id }) => enrollment_id),
    );
    const drafts = new Map(
      [...orphans, ...rows].map((row): [string, Draft] => [
        row.enrollment_id,
        { row, before: row, news: news.get(row.enrollment_id) },
      ]),
    );
    const batch = await this.#load(tx, [...drafts.values()]);
    const byKind = Map.groupBy(drafts.values(), ({ row }) => row.kind);
    const devices = byKind.get('device') ?? [];
    for (const draft of devices) tieDevice(draft, batch);
    await this.#tieUsers(tx, byKind.get('user') ?? [], drafts, batch);
    await this.#countClients(tx, devices, batch);
    await batch.flush();
    await this.#write(tx, [...drafts.values()]);
  }

  async #load(tx: Tx, drafts: readonly Draft[]): Promise<ResourceBatch> {
    const batch = new ResourceBatch(tx, this.options);
    await batch.load(
      drafts.flatMap(({ row }) => [row.resource_id, row.user_resource_id].filter((id) => id !== null)),
      drafts.flatMap(({ row, news }) => {
        if (row.kind !== 'device' || news?.facts === undefined) return [];
        const { serialNumber } = news.facts;
        // What is known by its id may still be a second record of a serial number.
        return [
          identityEvidence({ serialNumber, ...(row.resource_id === null && { udid: row.enrollment_id }) }),
        ];
      }),
    );
    return batch;
  }

  async #tieUsers(
    tx: Tx,
    drafts: readonly Draft[],
    all: ReadonlyMap<string, Draft>,
    batch: ResourceBatch,
  ): Promise<void> {
    const names = drafts.map(({ news }) => news?.userShortName).filter((name) => typeof name === 'string');
    const known = await this.options.store.usersByName(tx, [...new Set(names)]);
    await batch.load(known.map(({ resource_id }) => resource_id));
    const byName = new Map(known.map(({ name, resource_id }) => [name, batch.get(resource_id)]));
    for (const draft of drafts) {
      const { news, row } = draft;
      if (news !== undefined) applyState(draft, news);
      draft.device =
        row.resource_id === null ? all.get(row.device_enrollment_id)?.device : batch.get(row.resource_id);
      draft.user = row.user_resource_id === null ? undefined : batch.get(row.user_resource_id);
      const name = news?.userShortName;
      if (name === undefined || name === null) continue;
      const user = byName.get(name) ?? batch.addUser(name, { full_name: null, mail: null });
      byName.set(name, user);
      draft.user = user;
      if (draft.device !== undefined && news !== undefined && news.at >= (draft.device.row.last_user_at ?? 0))
        batch.change(draft.device, { last_user_name: name, last_user_at: news.at });
    }
  }

  /** A device is a client while one of its enrolments is active. */
  async #countClients(tx: Tx, drafts: readonly Draft[], batch: ResourceBatch): Promise<void> {
    const moved = drafts.filter(({ row, before }) => row.is_active !== before.is_active);
    const known = moved.flatMap(({ device }) =>
      device === undefined || device.row.resource_id < 0 ? [] : [device.row.resource_id],
    );
    const others = (await this.options.enrollments.ofResources(tx, [...new Set(known)])).filter(
      (row) =>
        row.kind === 'device' && !drafts.some((draft) => draft.row.enrollment_id === row.enrollment_id),
    );
    for (const { device } of moved) {
      if (device === undefined) continue;
      const active =
        drafts.some((draft) => draft.device === device && draft.row.is_active === 1) ||
        others.some((row) => row.resource_id === device.row.resource_id && row.is_active === 1);
      batch.change(device, { is_client: Number(active) });
    }
  }

  async #write(tx: Tx, drafts: readonly Draft[]): Promise<void> {
    const { enrollments, affinity, scope, changes } = this.options;
    for (const draft of drafts)
      draft.row = {
        ...draft.row,
        resource_id: draft.device?.row.resource_id ?? draft.row.resource_id,
        user_resource_id: draft.user?.row.resource_id ?? draft.row.user_resource_id,
      };
    const changed = drafts.filter(({ row, before }) =>
      Object.entries(row).some(([name, value]) => value !== before[name as keyof EnrollmentRow]),
    );
    await enrollments.write(
      tx,
      changed.map(({ row }) => row),
    );
    await affinity.addByEnrollment(
      tx,
      changed.map(({ row }) => row).filter(({ kind, state }) => kind === 'user' && state === 'enrolled'),
      this.options.now().getTime(),
    );
    const touched = changed
      .filter(
        ({ row, before }) =>
          row.is_active !== before.is_active ||
          row.resource_id !== before.resource_id ||
          row.user_resource_id !== before.user_resource_id,
      )
      .flatMap(({ row, before }) => [row.resource_id, row.user_resource_id, before.resource_id])
      .filter((id) => id !== null);
    if (touched.length > 0)
      await scope.enrollmentsChanged(
        tx,
        [...new Set(touched)].sort((a, b) => a - b),
      );
    const resources = new Set(changed.map(({ row }) => row.resource_id).filter((id) => id !== null));
    await changes.record(
      tx,
      [...resources].map((resourceId) => ({ resourceId, classes: [MDM_ENROLLMENT] })),
    );
  }
}

function tieDevice(draft: Draft, batch: ResourceBatch): void {
  const { row, news } = draft;
  if (row.resource_id !== null) draft.device = batch.get(row.resource_id);
  if (news === undefined) return;
  applyState(draft, news);
  const discovery: Discovery | undefined =
    news.facts === undefined ? undefined : discoveryOfEnrollment(row.enrollment_id, news.facts);
  if (draft.device === undefined && discovery !== undefined)
    draft.device = batch.join(discovery, row.enrollment_id);
  if (draft.device === undefined) return;
  if (discovery !== undefined) batch.learn(draft.device, discovery, news.factsAt);
  if (news.broughtAt !== null) batch.enrolled(draft.device, news.broughtAt);
}

const RANK = { pending: 0, enrolled: 1, removed: 2 } as const;

function applyState(draft: Draft, news: EnrollmentNews): void {
  const { row } = draft;
  const newest = (a: number | null, b: number | null): number | null =>
    a === null || b === null ? (a ?? b) : Math.max(a, b);
  const isNewer = news.at > row.state_at || (news.at === row.state_at && RANK[news.state] >= RANK[row.state]);
  draft.row = {
    ...row,
    device_enrollment_id: news.deviceId,
    enrolled_at: newest(row.enrolled_at, news.enrolledAt),
    removed_at: newest(row.removed_at, news.removedAt),
    ...(isNewer && { state: news.state, state_at: news.at, is_active: Number(news.state === 'enrolled') }),
  };
}
