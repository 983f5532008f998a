import { comparedText, type Condition } from '@espalier/conditions';
import { FILTER_ALIAS, type OrderField } from '@espalier/filter-expression';
import type { Database, Dialect, Page } from '@espalier/persistence';
import { countList, listPage } from '@espalier/query';
import { foldedName, IN_REACH, type AdminClass, type ClassRow } from './class.model.js';
import type { ClassRestriction } from './reach.js';

export interface ClassQuery {
  readonly condition?: Condition | undefined;
  readonly order?: readonly OrderField[] | undefined;
  /** A condition over the tables of the class: who asks sees no other rows. */
  readonly restriction: ClassRestriction;
}

export interface ClassPageQuery extends ClassQuery {
  readonly limit: number;
  readonly skip?: number | undefined;
  readonly cursor?: string | undefined;
  /** Names of the properties that are wanted; undefined: all. */
  readonly select?: readonly string[] | undefined;
}

/** Reads classes out of the site core's own tables. */
export class ClassStore {
  constructor(private readonly db: Database) {}

  list(from: AdminClass, query: ClassPageQuery): Promise<Page<ClassRow>> {
    const { limit, skip, cursor, condition, order, restriction } = query;
    const direction = order?.at(-1)?.descending === true ? ' desc' : '';
    return listPage<ClassRow>(this.db, {
      model: from.class,
      sql: selectSql(this.db.dialect, from, restriction),
      params: restriction.params,
      columns: columnsFor(from, query.select),
      condition,
      order,
      // In the direction of the order that was asked for, so that one index gives both.
      defaultOrder: from.keys.map((key) => `${key}${direction}`),
      limit,
      skip,
      cursor,
    });
  }

  count(from: AdminClass, { condition, restriction }: ClassQuery): Promise<number> {
    return countList(this.db, {
      model: from.class,
      sql: selectSql(this.db.dialect, from, restriction),
      params: restriction.params,
      condition,
    });
  }

  /** One object; undefined where there is none that the restriction lets through. */
  async get(
    from: AdminClass,
    key: Readonly<Record<string, string | number | boolean>>,
    restriction: ClassRestriction,
  ): Promise<ClassRow | undefined> {
    const { rows } = await this.list(from, {
      condition: keyCondition(from, key),
      restriction,
      limit: 1,
    });
    return rows[0];
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

/** Which columns rows need: those that their properties are made of, and of the keys. */
const columnsFor = (
  { keys, reads }: AdminClass,
  select: readonly string[] = [...reads.keys()],
): readonly string[] => [...new Set([...keys, ...select].flatMap((name) => reads.get(name) ?? []))];

const selectSql =
  (
    dialect: Dialect,
    { columns, from, where }: AdminClass,
    { sql: restriction, counted = '1 = 1' }: ClassRestriction,
  ) =>
  (uses: (column: string) => boolean): string => {
    const selected = columns.flatMap(({ name, sql, foldedSql }) => [
      ...(uses(name) ? [`${typeof sql === 'string' ? sql : sql(dialect)} AS "${name}"`] : []),
      ...(foldedSql !== undefined && uses(foldedName(name)) ? [`${foldedSql} AS "${foldedName(name)}"`] : []),
    ]);
    const conditions = [...(where === undefined ? [] : [where]), restriction];
    const sql = `SELECT ${selected.length === 0 ? '1 AS one' : selected.join(', ')} FROM ${from}
      WHERE ${conditions.map((part) => `(${part})`).join(' AND ')}`;
    return sql.replaceAll(IN_REACH, counted);
  };
