import { adminServiceErrors } from '@espalier/contracts';
import {
  bindFilter,
  entityEnvelope,
  entityWriter,
  listEnvelope,
  listFrame,
  nextLink,
  parseExpand,
  parseFilter,
  parseOrder,
  parseSelect,
  type ODataObject,
  type QueryOptions,
  type Selection,
  type ServiceContext,
  type ServiceRoute,
} from '@espalier/odata';
import type { AdminService } from './class.catalogue.js';
import type { AdminClass, ClassRow, ClassScope } from './class.model.js';
import { keyCondition, type ClassQuery, type ClassStore } from './class.store.js';
import type { JsonBody, LazyReader, Visitor } from './door.js';
import type { Visibility } from '../access/visibility.service.js';
import { restrictTo } from './reach.js';

export interface ClassReaderOptions {
  readonly services: Readonly<Record<ServiceRoute, AdminService>>;
  readonly store: ClassStore;
  readonly lazy: Readonly<Record<string, LazyReader>>;
  readonly visibility: Visibility;
}

/** How something is read. */
export interface Reading {
  readonly context: ServiceContext;
  readonly route: ServiceRoute;
  readonly visitor: Visitor;
  readonly options: QueryOptions;
  /** As sent. */
  readonly rawQuery: string;
}

export interface ListReading extends Reading {
  /** Absolute, without query. */
  readonly url: string;
}

type Key = Readonly<Record<string, string | number | boolean>>;

/** Rows of a page; the rest has a link. No Microsoft source names theirs. */
const PAGE = 1_000;
/** Rows that are in memory at once. */
const PART = 250;

/** Reads lists, single objects and what they lead to. */
export class ClassReader {
  constructor(private readonly options: ClassReaderOptions) {}

  async list(entity: AdminClass, reading: ListReading, within?: Key): Promise<JsonBody> {
    const { options, context, rawQuery, url } = reading;
    const query = await this.#query(entity, reading, within);
    const { shown, columns } = this.#selection(entity, reading);
    const wanted = options.top ?? Number.POSITIVE_INFINITY;
    const limit = Math.min(wanted, PAGE);
    const { store } = this.options;
    const count = options.count ? await store.count(entity, query) : undefined;
    const { head, tail } = listFrame(context, entity, { count, select: shown });
    if (limit === 0) return `${head}${tail()}`;
    const read = async (
      from: { skip?: number | undefined; cursor?: string },
      left: number,
    ): Promise<Part> => {
      const asked = { ...query, ...from, limit: Math.min(left, PART), select: columns };
      const { rows, next } = await store.list(entity, asked);
      const written = this.#written(entity, rows, reading, shown);
      if (options.expand !== undefined) await this.#expand(entity, rows, written, reading);
      return { text: JSON.stringify(written).slice(1, -1), size: rows.length, next };
    };
    const { skip, skipToken } = options;
    const first = await read(skipToken === undefined ? { skip } : { cursor: skipToken }, limit);
    const end = ({ next }: Part, given: number): string => {
      const rest = wanted - given;
      if (next === undefined || rest <= 0) return tail();
      return tail(nextLink(url, rawQuery, { skipToken: next, ...(Number.isFinite(rest) && { top: rest }) }));
    };
    if (first.next === undefined || first.size >= limit)
      return `${head}${first.text}${end(first, first.size)}`;
    return inParts(first, { head, end, limit, read: (cursor, left) => read({ cursor }, left) });
  }

  async count(entity: AdminClass, reading: Reading, within?: Key): Promise<number> {
    return this.options.store.count(entity, await this.#query(entity, reading, within));
  }

  /** One object, as a list of one, with its lazy properties. @throws EspalierError ESP_ADMIN_SERVICE_UNKNOWN */
  async one(entity: AdminClass, key: Key, reading: Reading): Promise<ODataObject> {
    const { context, visitor } = reading;
    const row = await this.find(entity, key, visitor, entity.scope);
    const { shown } = this.#selection(entity, reading);
    const written = await this.#whole(entity, row, reading, shown);
    if (reading.options.expand !== undefined) await this.#expand(entity, [row], [written], reading);
    return listEnvelope(context, entity, [written], { select: shown });
  }

  /** What an object leads to, or the value of one of its properties. */
  async member(entity: AdminClass, key: Key, name: string, reading: ListReading): Promise<JsonBody> {
    const row = await this.find(entity, key, reading.visitor, entity.scope);
    const navigation = findNamed(entity.navigations ?? [], name);
    if (navigation !== undefined) {
      const target = this.#target(navigation.target, reading);
      return this.list(target, reading, keyOf(navigation.target, row));
    }
    const property = findNamed(entity.properties, name);
    if (property === undefined) throw noMember(entity, name);
    const written = await this.#whole(entity, row, reading, undefined);
    return JSON.stringify({
      '@odata.context': `${reading.context.baseUrl}/$metadata#${entity.name}`,
      value: written[property.name] ?? null,
    });
  }

  /** How many objects an object leads to. */
  async countMember(entity: AdminClass, key: Key, name: string, reading: Reading): Promise<number> {
    const row = await this.find(entity, key, reading.visitor, entity.scope);
    const navigation = findNamed(entity.navigations ?? [], name);
    if (navigation === undefined) throw noMember(entity, name);
    return this.count(this.#target(navigation.target, reading), reading, keyOf(navigation.target, row));
  }

  /** What was made or changed, bare and with its lazy properties. */
  async written(
    entity: AdminClass,
    key: Key,
    visitor: Visitor,
    { context, route }: Pick<Reading, 'context' | 'route'>,
    scope: ClassScope,
  ): Promise<ODataObject> {
    const row = await this.find(entity, key, visitor, scope);
    return entityEnvelope(
      context,
      entity,
      await this.#whole(entity, row, { context, route, visitor }, undefined),
    );
  }

  /** @throws EspalierError ESP_ADMIN_SERVICE_UNKNOWN where there is none, or it is out of reach */
  async find(entity: AdminClass, key: Key, { caller }: Visitor, scope: ClassScope): Promise<ClassRow> {
    const { store, visibility } = this.options;
    const row = await store.get(entity, key, await restrictTo(entity, visibility, caller, scope));
    if (row === undefined)
      throw adminServiceErrors.ESP_ADMIN_SERVICE_UNKNOWN({
        detail: `${entity.name} has no object ${Object.values(key).join(';')}.`,
      });
    return row;
  }

  async #query(entity: AdminClass, { options, visitor }: Reading, within?: Key): Promise<ClassQuery> {
    const filter = options.filter === undefined ? undefined : bindFilter(parseFilter(options.filter), entity);
    const conditions = [
      ...(filter === undefined ? [] : [filter]),
      ...(within === undefined ? [] : [keyCondition(entity, within)]),
    ];
    return {
      condition: conditions.length > 1 ? { kind: 'and', conditions } : conditions[0],
      order: options.orderBy === undefined ? undefined : parseOrder(options.orderBy, entity),
      restriction: await restrictTo(entity, this.options.visibility, visitor.caller, entity.scope),
    };
  }

  async #whole(
    entity: AdminClass,
    row: ClassRow,
    { context, route, visitor }: Pick<Reading, 'context' | 'route' | 'visitor'>,
    select: Selection | undefined,
  ): Promise<ODataObject> {
    await this.options.lazy[entity.name]?.(row, visitor);
    return entityWriter(entity, { context, route, lazy: true, select })(withServer(row, context));
  }

  /** What is shown, and the columns that it takes. */
  #selection(
    entity: AdminClass,
    { options }: Reading,
  ): { readonly shown: Selection | undefined; readonly columns: readonly string[] | undefined } {
    const shown = options.select === undefined ? undefined : parseSelect(options.select, entity);
    // What is expanded is found by columns that may not be shown.
    const isWhole = shown === undefined || options.expand !== undefined;
    return { shown, columns: isWhole ? undefined : shown.properties.map(({ name }) => name) };
  }

  #written(
    entity: AdminClass,
    rows: readonly ClassRow[],
    { context, route }: Reading,
    select: Selection | undefined,
  ): ODataObject[] {
    const write = entityWriter(entity, { context, route, select });
    return rows.map((row) => write(withServer(row, context)));
  }

  /** Puts what the rows lead to into what is written of them: one query for all where there is one row for each. */
  async #expand(
    entity: AdminClass,
    rows: readonly ClassRow[],
    written: readonly ODataObject[],
    reading: Reading,
  ): Promise<void> {
    for (const navigation of parseExpand(reading.options.expand ?? '', entity)) {
      const target = this.#target(navigation.target, reading);
      const cache = new Map<string, ODataObject[]>();
      for (const [index, row] of rows.entries()) {
        const key = keyOf(navigation.target, row);
        const id = JSON.stringify(key);
        const found = cache.get(id) ?? (await this.#related(target, key, reading));
        cache.set(id, found);
        Object.assign(written[index] ?? {}, {
          [navigation.name]: navigation.isCollection ? found : (found[0] ?? null),
        });
      }
    }
  }

  async #related(target: AdminClass, key: Key, reading: Reading): Promise<ODataObject[]> {
    const { visitor } = reading;
    const { rows } = await this.options.store.list(target, {
      condition: keyCondition(target, key),
      restriction: await restrictTo(target, this.options.visibility, visitor.caller, target.scope),
      limit: PAGE,
    });
    return this.#written(target, rows, reading, undefined);
  }

  /** A class that is led to; whoever reads it needs its scope. */
  #target(name: string, { route, visitor }: Reading): AdminClass {
    const found = this.options.services[route].entities.find((entity) => entity.name === name);
    if (found === undefined) throw new TypeError(`Nothing is called ${name}`);
    visitor.need(found.scope);
    return found;
  }
}

/** Rows of a list as JSON, commas between them, and where the next ones are. */
interface Part {
  readonly text: string;
  readonly size: number;
  readonly next?: string | undefined;
}

interface Parts {
  readonly head: string;
  readonly end: (last: Part, given: number) => string;
  readonly limit: number;
  readonly read: (cursor: string, left: number) => Promise<Part>;
}

/** A long page as fast as it is taken: no more of it than a part is in memory. */
async function* inParts(first: Part, { head, end, limit, read }: Parts): AsyncGenerator<string> {
  let part = first;
  let given = part.size;
  yield `${head}${part.text}`;
  while (part.next !== undefined && given < limit) {
    part = await read(part.next, limit - given);
    given += part.size;
    if (part.size > 0) yield `,${part.text}`;
  }
  yield end(part, given);
}

const findNamed = <T extends { readonly name: string }>(items: readonly T[], name: string): T | undefined =>
  items.find((item) => item.name.toLowerCase() === name.toLowerCase());

const noMember = (entity: AdminClass, name: string): Error =>
  adminServiceErrors.ESP_ADMIN_SERVICE_UNKNOWN({ detail: `${entity.name} has no ${name}.` });

/** Rows that name the server name it as the caller does. */
function withServer(row: ClassRow, { server }: ServiceContext): ClassRow {
  row['server'] = server;
  return row;
}

/** By which properties of the target a row finds what it leads to. */
function keyOf(target: string, row: ClassRow): Key {
  return target === 'ResourceCollectionMembership'
    ? { ResourceID: Number(row['MachineId']) }
    : { CollectionID: String(row['CollectionID']) };
}
