import { createHash } from 'node:crypto';
import { page, upsert, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';
import { identityOf } from '../planner/contest.js';
import type { ManagedItem } from '../planner/planner.types.js';

type StoredItem = {
  readonly enrollment_id: string;
  readonly item_key: string;
  readonly memory: string;
  /** Null unless its command waits for the device. */
  readonly queued_at: number | null;
};

/** An item whose command waits for the device. */
export interface QueuedItem {
  readonly enrollmentId: string;
  readonly item: ManagedItem;
}

/** Items of several enrolments. */
export type ItemsByEnrollment = ReadonlyMap<string, readonly ManagedItem[]>;

/** Identifiers are too long for a key beside the enrolment's id. */
export function itemKey({ kind, identifier }: Pick<ManagedItem, 'kind' | 'identifier'>): string {
  return createHash('sha256').update(identityOf(kind, identifier)).digest('base64url');
}

/** What was done about each identifier on each enrolment: the memory of the planner. */
export class ManagedItemStore {
  async load(on: Queryable, enrollmentIds: readonly string[]): Promise<Map<string, ManagedItem[]>> {
    const found = new Map<string, ManagedItem[]>();
    for (let from = 0; from < enrollmentIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{ enrollment_id: string; memory: string }>(
        'SELECT enrollment_id, memory FROM {managed_item} WHERE enrollment_id IN (:ids)',
        { ids: enrollmentIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const { enrollment_id, memory } of rows) {
        const items = found.get(enrollment_id) ?? [];
        items.push(JSON.parse(memory) as ManagedItem);
        found.set(enrollment_id, items);
      }
    }
    return found;
  }

  /** Those whose commands wait since before `before`, the oldest first. @param after `next` of the page before */
  async queuedBefore(
    on: Queryable,
    before: number,
    limit: number,
    after: string | undefined,
  ): Promise<Page<QueuedItem>> {
    const { rows, next } = await page<StoredItem>(on, {
      sql: `SELECT enrollment_id, item_key, queued_at, memory FROM {managed_item}
        WHERE queued_at IS NOT NULL AND queued_at < :before`,
      params: { before },
      orderBy: ['queued_at', 'enrollment_id', 'item_key'],
      limit,
      ...(after !== undefined && { after }),
    });
    const items = rows.map(({ enrollment_id, memory }) => ({
      enrollmentId: enrollment_id,
      item: JSON.parse(memory) as ManagedItem,
    }));
    return { rows: items, ...(next !== undefined && { next }) };
  }

  /** Writes what is new in `after`, and deletes what is not in it any more. Items that did not change are the same objects. */
  async replace(tx: Tx, before: ItemsByEnrollment, after: ItemsByEnrollment): Promise<void> {
    const changed: StoredItem[] = [];
    const gone = new Map<string, string[]>();
    for (const [id, items] of after) {
      const kept = new Set(items.map((item) => identityOf(item.kind, item.identifier)));
      const known = before.get(id) ?? [];
      for (const item of items)
        if (!known.includes(item))
          changed.push({
            enrollment_id: id,
            item_key: itemKey(item),
            memory: JSON.stringify(item),
            queued_at: item.phase === 'queued' ? item.queuedAt : null,
          });
      for (const item of known)
        if (!kept.has(identityOf(item.kind, item.identifier)))
          gone.set(itemKey(item), [...(gone.get(itemKey(item)) ?? []), id]);
    }
    for (const [key, ids] of gone)
      for (let from = 0; from < ids.length; from += IDS_AT_ONCE)
        await tx.execute('DELETE FROM {managed_item} WHERE item_key = :key AND enrollment_id IN (:some)', {
          key,
          some: ids.slice(from, from + IDS_AT_ONCE),
        });
    await upsert(tx, 'managed_item', { key: ['enrollment_id', 'item_key'], rows: changed });
  }
}
