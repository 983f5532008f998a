import { randomUUID } from 'node:crypto';
import { resourceChanged } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import { upsert, type Tx } from '@espalier/persistence';
import { EVERY_CLASS, type ChangeSink, type ResourceChange } from '../collections/change-log.store.js';
import type { NumberSeries } from '../number-series/number-series.js';
import { evidenceOf, type Discovery } from './discovery.js';
import { matchRecord, settleStates, type IdentityEvidence } from './identity.js';
import { identityOf, newResource, stateColumns, type ResourceRow } from './resource.row.js';
import type { LoadedResource, ResourceStore } from './resource.store.js';

/** What changes of resources need. */
export interface ResourceSurroundings {
  readonly store: ResourceStore;
  readonly series: Pick<NumberSeries, 'take'>;
  readonly events: Pick<EventPublisher<Tx>, 'publishAll'>;
  readonly changes: ChangeSink;
  readonly siteCode: string;
  readonly now: () => Date;
}

/** ConfigMgr's ClientType for what has no Configuration Manager client: a device managed by MDM. */
const CLIENT_TYPE_DEVICE = 3;
/** Stands in for the id of a record until it gets one. */
const NO_ID = 0;

/** A record under change. */
interface Draft {
  row: ResourceRow;
  /** As it was read; undefined where it is new. */
  readonly before: ResourceRow | undefined;
  readonly deviceReportedAt: number;
}

/** A record as a handle, since a new one gets its id at the end. */
export interface ResourceHandle {
  readonly row: ResourceRow;
}

/**
 * Changes to many records of one transaction: reads them at once (locked, in the order of ids), applies the rules of
 * identity in memory and writes what changed at once, with the events and changes that follow from it.
 */
export class ResourceBatch {
  readonly #drafts: Draft[] = [];
  readonly #byId = new Map<number, Draft>();
  #missing = 0;

  constructor(
    private readonly tx: Tx,
    private readonly around: ResourceSurroundings,
  ) {}

  /** Reads records, and those that share evidence with something: once, before anything is changed. */
  async load(ids: readonly number[], evidence: readonly IdentityEvidence[] = []): Promise<void> {
    const sharing = await this.around.store.sharing(this.tx, evidence);
    const wanted = [...new Set([...ids, ...sharing])].filter((id) => !this.#byId.has(id));
    for (const row of await this.around.store.load(this.tx, wanted, true)) this.#add(row);
  }

  get(id: number): ResourceHandle | undefined {
    return this.#byId.get(id);
  }

  /** The device that a discovery belongs to; made where there is none. */
  join(discovery: Discovery, fallbackName: string): ResourceHandle {
    const evidence = evidenceOf(discovery);
    const sharing = this.#drafts.filter(({ row }) => row.kind === 'device' && sharesPart(row, evidence));
    const found = matchRecord(
      evidence,
      sharing.map((draft) => ({ ...identityOf(draft.row), draft })),
    );
    return found?.draft ?? this.#create('device', discovery.name ?? discovery.serial_number ?? fallbackName);
  }

  /** A new user. */
  addUser(name: string, given: Pick<ResourceRow, 'full_name' | 'mail'>): ResourceHandle {
    const draft = this.#create('user', name);
    draft.row = { ...draft.row, ...given };
    return draft;
  }

  /** Takes over what a device told of itself, unless something newer is known. */
  learn(handle: ResourceHandle, discovery: Discovery, at: number): void {
    const draft = handle as Draft;
    const { row } = draft;
    if (at < Math.max(row.facts_at, draft.deviceReportedAt)) return;
    const told = Object.fromEntries(Object.entries(discovery).filter(([, value]) => value !== null));
    draft.row = { ...row, ...told, facts_at: at };
    // Whoever has the serial number that it gave up is no rival of it any more.
    for (const serialNumber of new Set([draft.row.serial_number, row.serial_number]))
      if (serialNumber !== null) this.#settle(serialNumber);
  }

  /** The device enrolled: of several records of one device it is the one, and no longer decommissioned. */
  enrolled(handle: ResourceHandle, at: number): void {
    const draft = handle as Draft;
    if (at <= (draft.row.enrolled_at ?? 0)) return;
    draft.row = { ...draft.row, enrolled_at: at };
    this.#settle(draft.row.serial_number, draft);
  }

  /** Any other change of a record. */
  change(handle: ResourceHandle, columns: Partial<ResourceRow>): void {
    const draft = handle as Draft;
    draft.row = { ...draft.row, ...columns };
  }

  /** Writes what changed and tells of it. Handles have their ids from then on. */
  async flush(): Promise<void> {
    await this.#number();
    const changed = this.#drafts.filter(isChanged);
    if (changed.length === 0) return;
    const at = this.around.now().getTime();
    for (const draft of changed) {
      const version = draft.before === undefined ? 1 : draft.before.version + 1;
      draft.row = { ...draft.row, updated_at: at, version };
    }
    const { store, events, changes } = this.around;
    await store.freeSerialNumbers(this.tx, changed.flatMap(serialNumberLeft));
    await store.write(
      this.tx,
      changed.map(({ row }) => row),
    );
    await upsert(this.tx, 'resource_seen', {
      key: ['resource_id'],
      update: [],
      rows: changed
        .filter(({ before, row }) => before === undefined && row.kind === 'device')
        .map(({ row }) => ({ resource_id: row.resource_id, last_seen_at: row.enrolled_at ?? row.facts_at })),
    });
    await changes.record(this.tx, changed.flatMap(changeOf));
    await events.publishAll(
      this.tx,
      resourceChanged,
      changed.flatMap((draft) => {
        const what = whatHappened(draft);
        return what === undefined ? [] : [{ resourceId: draft.row.resource_id, what, at }];
      }),
    );
  }

  #add({ device_reported_at, ...row }: LoadedResource): void {
    const draft = { row, before: row, deviceReportedAt: device_reported_at ?? 0 };
    this.#drafts.push(draft);
    this.#byId.set(row.resource_id, draft);
  }

  #create(kind: ResourceRow['kind'], name: string): Draft {
    // Below zero until the end: distinct, and older than nothing.
    this.#missing += 1;
    const row = newResource({
      resource_id: NO_ID - this.#missing,
      kind,
      name,
      site_code: this.around.siteCode,
      created_at: this.around.now().getTime(),
      ...(kind === 'device' && {
        smsid: `GUID:${randomUUID().toUpperCase()}`,
        client_type: CLIENT_TYPE_DEVICE,
      }),
    });
    const draft: Draft = { row, before: undefined, deviceReportedAt: 0 };
    this.#drafts.push(draft);
    return draft;
  }

  /** Decides which of the records with a serial number is the device. */
  #settle(serialNumber: string | null, only?: Draft): void {
    const rivals =
      serialNumber === null
        ? this.#drafts.filter((draft) => draft === only)
        : this.#drafts.filter(({ row }) => row.kind === 'device' && row.serial_number === serialNumber);
    const states = settleStates(rivals.map(({ row }) => identityOf(row)));
    for (const draft of rivals) {
      const state = states.get(draft.row.resource_id) ?? draft.row.state;
      if (state !== draft.row.state) draft.row = { ...draft.row, ...stateColumns(state) };
      if (state === 'active' && draft.row.decommissioned_at !== null)
        draft.row = { ...draft.row, decommissioned_at: null };
    }
  }

  /** Numbers are taken late, since whoever takes some makes others wait. */
  async #number(): Promise<void> {
    for (const [kind, series] of [
      ['device', 'resource'],
      ['user', 'user'],
    ] as const) {
      const fresh = this.#drafts.filter(({ row }) => row.resource_id < NO_ID && row.kind === kind);
      if (fresh.length === 0) continue;
      const first = await this.around.series.take(this.tx, series, fresh.length);
      fresh.forEach((draft, index) => {
        draft.row = { ...draft.row, resource_id: first + index };
        this.#byId.set(first + index, draft);
      });
    }
  }
}

/** Spares the rules those that have nothing in common with the evidence: nearly all. */
const sharesPart = (row: ResourceRow, evidence: IdentityEvidence): boolean =>
  (evidence.udid !== null && row.udid === evidence.udid) ||
  (evidence.serialNumber !== null && row.serial_number === evidence.serialNumber) ||
  (evidence.hardwareUuid !== null && row.hardware_uuid === evidence.hardwareUuid) ||
  (evidence.smsid !== null && row.smsid === evidence.smsid);

/** Bookkeeping alone is no change that anybody must hear of. */
const SILENT: ReadonlySet<string> = new Set(['facts_at', 'enrolled_at', 'updated_at', 'version']);

const differs = ({ before, row }: Draft, columns: readonly string[]): boolean =>
  before === undefined ||
  columns.some((name) => before[name as keyof ResourceRow] !== row[name as keyof ResourceRow]);
const isChanged = (draft: Draft): boolean => differs(draft, Object.keys(draft.row));
const isHeard = (draft: Draft): boolean =>
  differs(
    draft,
    Object.keys(draft.row).filter((name) => !SILENT.has(name)),
  );

/** The record, where it gives up its serial number, which another one of the batch may take. */
const serialNumberLeft = ({ before, row }: Draft): number[] =>
  (before?.serial_number ?? null) !== null && before?.serial_number !== row.serial_number
    ? [row.resource_id]
    : [];

function changeOf(draft: Draft): ResourceChange[] {
  const { before, row } = draft;
  if (!isHeard(draft)) return [];
  const root = row.kind === 'user' ? 'SMS_R_User' : 'SMS_R_System';
  return [{ resourceId: row.resource_id, classes: [before?.state === row.state ? root : EVERY_CLASS] }];
}

function whatHappened(draft: Draft): 'created' | 'updated' | 'obsolete' | 'decommissioned' | undefined {
  const { before, row } = draft;
  if (before === undefined) return 'created';
  if (before.state !== row.state && row.state !== 'active') return row.state;
  return isHeard(draft) ? 'updated' : undefined;
}
