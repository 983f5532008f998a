import type { LibraryKind, LibraryThing } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import { insertRows, rowLock, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { thingModel } from './thing.model.js';
import { toPlatforms, type Thing } from './thing.js';

/** Filter, order and page of a list, as `listQuery` lets them through. */
export interface ListQuery {
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const THING = `id, kind, made_of, number, name, name_folded, description, identifier, scope, platforms, publisher,
  software_version, member_count, categories, revision, version, created_at, created_by, changed_at, changed_by`;

/** Longest list of one statement. */
const CHUNK = 500;

/** The only user of the table `library_thing`. */
export class ThingStore {
  async insert(tx: Tx, thing: Thing): Promise<void> {
    await insertRows(tx, 'library_thing', [
      {
        id: thing.id,
        kind: thing.kind,
        made_of: thing.madeOf,
        number: thing.number,
        identifier: thing.identifier,
        scope: thing.scope,
        created_at: thing.createdAt,
        created_by: thing.createdBy,
        ...changeable(thing),
      },
    ]);
  }

  async update(tx: Tx, thing: Thing): Promise<void> {
    const columns = changeable(thing);
    const assignments = Object.keys(columns).map((column) => `${column} = :${column}`);
    await tx.execute(`UPDATE {library_thing} SET ${assignments.join(', ')} WHERE id = :id`, {
      id: thing.id,
      ...columns,
    });
  }

  /** @param lock `share`: it stays as it is until the transaction ends; `update`: nobody else locks it either */
  async find(
    on: Queryable,
    { thingKind, thingId }: LibraryThing,
    lock?: 'share' | 'update',
  ): Promise<Thing | undefined> {
    const { hint, end } = lock === undefined ? { hint: '', end: '' } : rowLock(on.dialect, 't', lock);
    const [row] = await on.query<ThingRow>(
      `SELECT ${THING} FROM {library_thing} t ${hint} WHERE id = :thingId AND kind = :thingKind ${end}`,
      { thingId, thingKind },
    );
    return row === undefined ? undefined : toThing(row);
  }

  /** Configuration items by id; those that do not exist are missing. Locked in the order of their ids. */
  async findItems(on: Queryable, ids: readonly string[], lock?: 'share'): Promise<Map<string, Thing>> {
    const { hint, end } = lock === undefined ? { hint: '', end: '' } : rowLock(on.dialect, 't', lock);
    const sorted = [...new Set(ids)].sort();
    const found = new Map<string, Thing>();
    for (let from = 0; from < sorted.length; from += CHUNK) {
      const rows = await on.query<ThingRow>(
        `SELECT ${THING} FROM {library_thing} t ${hint}
         WHERE id IN (:ids) AND kind = 'configuration-item' ORDER BY id ${end}`,
        { ids: sorted.slice(from, from + CHUNK) },
      );
      for (const row of rows) found.set(row.id, toThing(row));
    }
    return found;
  }

  async list(on: Queryable, kind: LibraryKind, query: ListQuery): Promise<Page<Thing>> {
    const { rows, next } = await listPage<ThingRow>(on, {
      model: thingModel(kind),
      sql: `SELECT ${THING} FROM {library_thing} WHERE kind = :kind`,
      params: { kind },
      defaultOrder: ['name', 'id'],
      ...query,
    });
    return { rows: rows.map(toThing), ...(next !== undefined && { next }) };
  }

  /** Its revisions and members must be gone. */
  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM {library_thing} WHERE id = :id', { id });
  }
}

const changeable = (thing: Thing) => ({
  name: thing.name,
  name_folded: foldText(thing.name),
  description: thing.description,
  platforms: thing.platforms.join(' '),
  publisher: thing.publisher,
  software_version: thing.softwareVersion,
  member_count: thing.memberCount,
  categories: JSON.stringify(thing.categories),
  revision: thing.revision,
  version: thing.version,
  changed_at: thing.changedAt,
  changed_by: thing.changedBy,
});

interface ThingRow {
  readonly id: string;
  readonly kind: Thing['kind'];
  readonly made_of: Thing['madeOf'];
  readonly number: number;
  readonly name: string;
  readonly description: string;
  readonly identifier: string;
  readonly scope: Thing['scope'];
  readonly platforms: string;
  readonly publisher: string;
  readonly software_version: string;
  readonly member_count: number;
  readonly categories: string;
  readonly revision: number;
  readonly version: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

const toThing = (row: ThingRow): Thing => ({
  id: row.id,
  kind: row.kind,
  madeOf: row.made_of,
  number: row.number,
  name: row.name,
  description: row.description,
  identifier: row.identifier,
  scope: row.scope,
  platforms: toPlatforms(row.platforms),
  publisher: row.publisher,
  softwareVersion: row.software_version,
  memberCount: row.member_count,
  categories: JSON.parse(row.categories) as string[],
  revision: row.revision,
  version: row.version,
  createdAt: row.created_at,
  createdBy: row.created_by,
  changedAt: row.changed_at,
  changedBy: row.changed_by,
});
