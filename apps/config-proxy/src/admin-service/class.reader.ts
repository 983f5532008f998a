import { adminServiceErrors } from '@espalier/contracts';
import {
  bindFilter,
  entityEnvelope,
  entityOf,
  listEnvelope,
  listFrame,
  nextLink,
  parseExpand,
  parseFilter,
  parseOrder,
  parseSelect,
  type JsonBytes,
  type ODataObject,
  type QueryOptions,
  type Selection,
  type ServiceContext,
  type ServiceRoute,
} from '@espalier/odata';
import { objectPath } from './admin-service.url.js';
import type { AdminService } from './class.catalogue.js';
import type { AdminClass, ClassRow, ClassScope } from './class.model.js';
import { keyCondition, type ClassQuery, type ClassStore } from './class.store.js';
import type { JsonBody, LazyReader, Visitor } from './door.js';
import type { Visibility } from '../access/visibility.service.js';
import { SharedReads } from '../http/shared-reads.js';
import { pageBody, PART } from './page.body.js';
import { restrictTo } from './reach.js';
import { RowWriters, withServer } from './row.writers.js';

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

/** Reads lists, single objects and what they lead to. */
export class ClassReader {
  readonly #writers = new RowWriters();
  /** Short pages; what a restriction lets through is the same for all who have it. */
  readonly #shared = new SharedReads<JsonBody>();

  constructor(private readonly options: ClassReaderOptions) {}

  async list(entity: AdminClass, reading: ListReading, within?: Key): Promise<JsonBody> {
    const { options, context, rawQuery, url } = reading;
    const { store } = this.options;
    const query = await this.#query(entity, reading, within);
    const { shown, columns } = this.#selection(entity, reading);
    const wanted = options.top ?? Number.POSITIVE_INFINITY;
    const limit = Math.min(wanted, PAGE);
    const page = async (): Promise<JsonBody> => {
      const count = options.count ? await store.count(entity, query) : undefined;
      const { head, tail } = listFrame(context, entity, { count, select: shown });
      if (limit === 0) return Buffer.from(`${head}${tail()}`);
      const end = (next: string | undefined, given: number): string => {
        const rest = wanted - given;
        if (next === undefined || rest <= 0) return tail();
        return tail(
          nextLink(url, rawQuery, { skipToken: next, ...(Number.isFinite(rest) && { top: rest }) }),
        );
      };
      return pageBody({
        head,
        end,
        limit,
        from: options.skipToken === undefined ? { skip: options.skip } : { cursor: options.skipToken },
        read: (from, most) => store.list(entity, { ...query, ...from, limit: most, select: columns }),
        write: (rows, out) => this.#write(entity, rows, { reading, select: shown, out }),
      });
    };
    // What is sent in parts is read as its caller takes it; what a row leads to depends on more than its class.
    if (limit > PART || options.expand !== undefined) return page();
    // All that the page depends on: what was asked for, and what whoever asks may see.
    const key = JSON.stringify([context.baseUrl, url, rawQuery, entity.name, within, query.restriction]);
    return this.#shared.get(key, page);
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
    const body = {
      '@odata.context': `${reading.context.baseUrl}/$metadata#${objectPath(entity.name, key)}/${property.name}`,
      value: written[property.name] ?? null,
    };
    return Buffer.from(JSON.stringify(body));
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
    return entityOf(entity, withServer(row, context), { context, route, lazy: true, select });
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

  /** Rows with commas between them, and what they lead to where that was asked for. */
  async #write(
    entity: AdminClass,
    rows: readonly ClassRow[],
    { reading, select, out }: { reading: Reading; select: Selection | undefined; out: JsonBytes },
  ): Promise<void> {
    if (reading.options.expand === undefined)
      return this.#writers.write(entity, rows, { ...reading, select, out });
    const objects = this.#writers.objects(entity, rows, { ...reading, select });
    await this.#expand(entity, rows, objects, reading);
    out.json(JSON.stringify(objects).slice(1, -1));
  }

  /** Puts what the rows lead to into what is written of them: one query for all where there is one row for each. */
  async #expand(
    entity: AdminClass,
    rows: readonly ClassRow[],
    written: readonly Record<string, unknown>[],
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
    return this.#writers.objects(target, rows, { ...reading, select: undefined });
  }

  /** A class that is led to; whoever reads it needs its scope. */
  #target(name: string, { route, visitor }: Reading): AdminClass {
    const found = this.options.services[route].entities.find((entity) => entity.name === name);
    if (found === undefined) throw new TypeError(`Nothing is called ${name}`);
    visitor.need(found.scope);
    return found;
  }
}

const findNamed = <T extends { readonly name: string }>(items: readonly T[], name: string): T | undefined =>
  items.find((item) => item.name.toLowerCase() === name.toLowerCase());

const noMember = (entity: AdminClass, name: string): Error =>
  adminServiceErrors.ESP_ADMIN_SERVICE_UNKNOWN({ detail: `${entity.name} has no ${name}.` });

/** By which properties of the target a row finds what it leads to. */
function keyOf(target: string, row: ClassRow): Key {
  return target === 'ResourceCollectionMembership'
    ? { ResourceID: Number(row['MachineId']) }
    : { CollectionID: String(row['CollectionID']) };
}
