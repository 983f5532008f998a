import { maintenanceWindowsChanged, scopeMembersChanged, type scopeDropped } from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import type { AgendaStore } from '../agenda/agenda.store.js';
import type { SpreadService } from '../agenda/spread.service.js';
import { isEvent } from '../is-event.js';
import type { MemberRow, ScopeRow, ScopeStore } from './scope.store.js';

export type ScopeContract =
  typeof scopeMembersChanged | typeof scopeDropped | typeof maintenanceWindowsChanged;
type ScopeEvent = ReceivedEvent<ScopeContract>;

export interface ScopeServiceOptions {
  readonly store: ScopeStore;
  readonly agenda: AgendaStore;
  readonly spread: SpreadService;
  readonly now: () => Date;
}

/**
 * Takes in who is a member of which collection, and its maintenance windows. Versions decide, not the order of
 * arrival: the higher version of an enrolment in a collection counts.
 */
export class ScopeService {
  constructor(private readonly options: ScopeServiceOptions) {}

  async handle(tx: Tx, events: readonly ScopeEvent[]): Promise<void> {
    const now = this.options.now().getTime();
    const scopes = await this.options.store.lock(
      tx,
      events.map((event) => event.payload.collectionId),
      now,
    );
    const concerned = new Set<string>();
    for (const event of events) {
      const scope = scopes.get(event.payload.collectionId) as ScopeRow;
      if (isEvent(event, scopeMembersChanged))
        for (const id of await this.#changeMembers(tx, scope, event.payload, now)) concerned.add(id);
      else if (isEvent(event, maintenanceWindowsChanged))
        scopes.set(scope.collection_id, await this.#changeWindows(tx, scope, event.payload));
      else scopes.set(scope.collection_id, await this.#drop(tx, scope, event.payload));
    }
    if (concerned.size > 0) await this.options.agenda.touch(tx, [...concerned], now);
  }

  /** Gives the enrolments that joined or left. */
  async #changeMembers(
    tx: Tx,
    scope: ScopeRow,
    { version, changes, at }: MembersChanged,
    now: number,
  ): Promise<string[]> {
    if (version <= scope.dropped_version || changes.length === 0) return [];
    const ids = changes.map((change) => change.enrollmentId);
    const known = await this.options.store.members(tx, scope.collection_id, ids);
    const newer: MemberRow[] = [];
    const concerned: string[] = [];
    for (const { enrollmentId, member } of changes) {
      const before = known.get(enrollmentId);
      if (before !== undefined && before.version >= version) continue;
      const same = (before?.is_member ?? 0) === Number(member);
      newer.push({
        enrollment_id: enrollmentId,
        version,
        is_member: Number(member),
        since: same && before !== undefined ? before.since : Math.min(at, now),
      });
      if (!same) concerned.push(enrollmentId);
    }
    await this.options.store.saveMembers(tx, scope.collection_id, newer);
    return concerned;
  }

  async #drop(tx: Tx, scope: ScopeRow, { collectionId, version }: Dropped): Promise<ScopeRow> {
    if (version <= scope.dropped_version) return scope;
    // Looked at while they still have a row: what becomes of them is decided when it is gone.
    const { store, agenda, now } = this.options;
    for (let after = ''; ;) {
      const ids = await store.memberIdsAfter(tx, collectionId, after, DROPPED_AT_ONCE);
      await agenda.touch(tx, ids, now().getTime());
      const last = ids.at(-1);
      if (last === undefined || ids.length < DROPPED_AT_ONCE) break;
      after = last;
    }
    await store.drop(tx, collectionId, version);
    return { ...scope, dropped_version: version };
  }

  async #changeWindows(
    tx: Tx,
    scope: ScopeRow,
    { collectionId, version, windows }: Windows,
  ): Promise<ScopeRow> {
    if (version <= scope.windows_version) return scope;
    await this.options.store.saveWindows(tx, collectionId, version, windows);
    await this.options.spread.begin(tx, collectionId);
    return { ...scope, windows_version: version };
  }
}

const DROPPED_AT_ONCE = 2_000;

type MembersChanged = ReceivedEvent<typeof scopeMembersChanged>['payload'];
type Dropped = ReceivedEvent<typeof scopeDropped>['payload'];
type Windows = ReceivedEvent<typeof maintenanceWindowsChanged>['payload'];
