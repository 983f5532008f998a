import { comparedText, type Condition } from '@espalier/conditions';
import { FILTER_ALIAS, type OrderField } from '@espalier/filter-expression';
import type { Database, Page } from '@espalier/persistence';
import { countList, listPage } from '@espalier/query';
import type { Restriction } from '../access/restrict.js';
import { foldedName, type AdminClass, type ClassRow } from './class.model.js';

export interface ClassQuery {
  readonly condition?: Condition | undefined;
  readonly order?: readonly OrderField[] | undefined;
  /** A condition over the tables of the class: who asks sees no other rows. */
  readonly restriction: Restriction;
}

export interface ClassPageQuery extends ClassQuery {
  readonly limit: number;
  readonly skip?: number | undefined;
  readonly cursor?: string | undefined;
  /** Names of the properties that are wanted; undefined: all. */
  readonly select?: readonly string[] | undefined;
  /** Names of the properties that condition and order ask about, or any text that holds them. */
  readonly mentions: string;
}

/** Reads classes out of the site core's own tables. */
export class ClassStore {
  constructor(private readonly db: Database) {}

  async list(from: AdminClass, query: ClassPageQuery): Promise<Page<ClassRow>> {
    const { limit, skip, cursor, condition, order } = query;
    const direction = order?.at(-1)?.descending === true ? ' desc' : '';
    const page = await listPage<ClassRow>(this.db, {
      model: from.class,
      sql: selectSql(from, query.restriction, columnsFor(from, query)),
      params: query.restriction.params,
      condition,
      order,
      // In the direction of the order that was asked for, so that one index gives both.
      defaultOrder: from.keys.map((key) => `${key}${direction}`),
      limit,
      skip,
      cursor,
    });
    await this.#extend(from, page.rows, query.select);
    return page;
  }

  count(from: AdminClass, { condition, restriction }: ClassQuery): Promise<number> {
    return countList(this.db, {
      model: from.class,
      sql: selectSql(from, restriction, () => true),
      params: restriction.params,
      condition,
    });
  }

  /** One object; undefined where there is none that the restriction lets through. */
  async get(
    from: AdminClass,
    key: Readonly<Record<string, string | number | boolean>>,
    restriction: Restriction,
  ): Promise<ClassRow | undefined> {
    const { rows } = await this.list(from, {
      condition: keyCondition(from, key),
      restriction,
      limit: 1,
      mentions: from.keys.join(' '),
    });
    return rows[0];
  }

  async #extend(from: AdminClass, rows: readonly ClassRow[], select?: readonly string[]): Promise<void> {
    if (rows.length === 0) return;
    const wanted = from.extensions.filter(
      ({ names }) => select === undefined || names.some((name) => select.includes(name)),
    );
    await Promise.all(wanted.map((extension) => extension.fill(this.db, rows)));
  }
}

/** True where the key's properties have those values. */
export function keyCondition(
  from: AdminClass,
  key: Readonly<Record<string, string | number | boolean>>,
): Condition {
  const conditions = Object.entries(key).map(([name, value]): Condition => {
    const property = from.class.properties.find((candidate) => candidate.name === name);
    if (property === undefined) throw new TypeError(`${from.name} has no property ${name}`);
    return {
      kind: 'compare',
      operator: '=',
      left: { kind: 'property', alias: FILTER_ALIAS, property },
      right: {
        kind: 'literal',
        type: property.type,
        value: typeof value === 'string' ? comparedText(property, value) : Number(value),
      },
    };
  });
  return { kind: 'and', conditions };
}

/** Which columns a page needs: what is shown, and what it is found and ordered by. */
function columnsFor(
  from: AdminClass,
  { select, mentions }: ClassPageQuery,
): (name: string, isFolded: boolean) => boolean {
  const mentioned = `${mentions} ${from.keys.join(' ')}`.toLowerCase();
  const asked = (name: string): boolean => mentioned.includes(name.toLowerCase());
  // What is derived may be made of any column.
  const plain = new Set([
    ...from.columns.map(({ name }) => name),
    ...from.extensions.flatMap(({ names }) => names),
  ]);
  const prunes = select !== undefined && select.every((name) => plain.has(name));
  return (name, isFolded) => asked(name) || (!isFolded && (!prunes || select.includes(name)));
}

function selectSql(
  { columns, from, where }: AdminClass,
  restriction: Restriction,
  needs: (name: string, isFolded: boolean) => boolean,
): string {
  const selected = columns.flatMap(({ name, sql, foldedSql }) => [
    ...(needs(name, false) ? [`${sql} AS "${name}"`] : []),
    ...(foldedSql !== undefined && needs(name, true) ? [`${foldedSql} AS "${foldedName(name)}"`] : []),
  ]);
  const conditions = [...(where === undefined ? [] : [where]), restriction.sql];
  return `SELECT ${selected.join(', ')} FROM ${from} WHERE ${conditions.map((part) => `(${part})`).join(' AND ')}`;
}
