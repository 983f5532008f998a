import type { Condition, InQuery, Join, PropertyRef, Source, TypedQuery } from '@espalier/conditions';
import type { Dialect } from '@espalier/persistence';
import { quoted, SqlWriter, type CompiledSql } from './compiled-sql.js';
import { ConditionCompiler, type Aliases } from './condition.compiler.js';
import { aliasesOf, conjuncts, needsRow, normalForm, type NormalForm } from './normal-form.js';

/** Resources that a query is restricted to: those ids, or those of a range, both ends included. */
export type Restriction =
  { readonly ids: readonly number[] } | { readonly from: number; readonly to: number };

export interface QueryOptions {
  /** What `GetDate()` is; epoch ms. */
  readonly now: number;
  /** Default: every resource. No ids, no resources. */
  readonly restrict?: Restriction;
}

/** Writes a query as SQL that gives each selected key once, as `resource_id`, in no order. */
export function compileQuery(query: TypedQuery, dialect: Dialect, options: QueryOptions): CompiledSql {
  const writer = new SqlWriter(dialect, 'q');
  const { restrict } = options;
  const range =
    restrict !== undefined && 'from' in restrict
      ? ([writer.value(restrict.from), writer.value(restrict.to)] as const)
      : undefined;
  const select = new SelectCompiler(writer, options.now, query, range);
  const key = select.keyOf(query.root);
  // A list of any length is one text, whose plan looks up each id: by a spelt-out one PostgreSQL may read a whole index.
  const restricted = restrict !== undefined && 'ids' in restrict ? [writer.isIn(key, restrict.ids)] : [];
  const distinct = select.givesKeysTwice ? 'DISTINCT ' : '';
  return {
    sql: `SELECT ${distinct}${key} AS resource_id ${select.sql([], restricted)}`,
    params: writer.params,
  };
}

/** A condition that must be true, and the sources that it is about. */
interface Conjunct {
  readonly aliases: readonly string[];
  readonly sql: () => string;
}

/** Ends of a range of ids, written as parameters. */
type Range = readonly [from: string, to: string] | undefined;

/**
 * One SELECT from `FROM` on. Classes with several rows per resource become EXISTS, one for all that the same
 * condition ties together: joined, their rows would multiply before DISTINCT takes them back.
 */
class SelectCompiler {
  private readonly sqlAliases: ReadonlyMap<string, string>;
  private readonly conditions: ConditionCompiler;
  private readonly conjuncts: readonly Conjunct[];
  private readonly joins: readonly Join[];
  private readonly joined: readonly Join[];
  private readonly looked: readonly Join[];

  constructor(
    private readonly writer: SqlWriter,
    private readonly now: number,
    private readonly query: TypedQuery,
    private readonly range: Range,
  ) {
    const { root, where } = query;
    const forms = where === undefined ? [] : conjuncts(normalForm(where));
    const joins = query.joins.map((join) => asInner(join, forms));
    this.joins = joins;
    this.sqlAliases = new Map([root, ...joins].map(({ alias }) => [alias, writer.alias()]));
    this.conditions = new ConditionCompiler(writer, now, this.sqlAliases, (membership, equalTo) =>
      this.exists(membership, equalTo),
    );
    const isLooked = ({ kind, class: model }: Join): boolean => kind === 'inner' && !model.single;
    this.joined = joins.filter((join) => !isLooked(join));
    this.looked = joins.filter(isLooked);
    this.conjuncts = forms.map((form) => ({
      aliases: aliasesOf(form),
      sql: () => this.conditions.sql(form),
    }));
  }

  get givesKeysTwice(): boolean {
    return [this.query.root, ...this.joined].some((source) => !source.class.single);
  }

  keyOf(source: Source): string {
    return `${this.sqlAliases.get(source.alias)}.${quoted(source.class.keyColumn)}`;
  }

  /** `correlated` are further conditions about its sources, `given` about others. */
  sql(correlated: readonly Conjunct[], given: readonly string[] = []): string {
    const { root } = this.query;
    const all = [...correlated, ...this.conjuncts];
    const groups = this.groups(all);
    const isGrouped = ({ aliases }: Conjunct): boolean => groups.some((group) => sharesAny(group, aliases));
    const joins = this.joined.map(
      (join) =>
        `${join.kind === 'left' ? 'LEFT' : 'INNER'} JOIN ${this.table(join)} ON ${this.joinedBy(join)}`,
    );
    const conditions = [
      ...given,
      ...this.inRange(root),
      ...all.filter((conjunct) => !isGrouped(conjunct)).map(({ sql }) => sql()),
      ...groups.map((group) => this.groupSql(group, all)),
    ];
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    return `FROM ${[this.table(root), ...joins].join(' ')}${where}`;
  }

  private exists({ property, query }: InQuery, equalTo: string): string {
    // A key inside the range is equal to none outside, so that those need not be looked at.
    const byKey = isKeyOf(this.query, property) && isKeyOf(query, query.select);
    const select = new SelectCompiler(this.writer, this.now, query, byKey ? this.range : undefined);
    return select.existsSql(query.select, equalTo);
  }

  /** True where one of its rows has that value in the property. */
  existsSql(property: PropertyRef, equalTo: string): string {
    const correlation: Conjunct = {
      aliases: [property.alias],
      sql: () => `${this.conditions.column(property)} = ${equalTo}`,
    };
    return `EXISTS (SELECT 1 ${this.sql([correlation])})`;
  }

  private groupSql(group: readonly Join[], all: readonly Conjunct[]): string {
    const [first, ...others] = group;
    if (first === undefined) return '1 = 1';
    const joins = others.map((join) => ` INNER JOIN ${this.table(join)} ON ${this.joinedBy(join)}`).join('');
    const conditions = [
      this.joinedBy(first),
      ...all.filter(({ aliases }) => sharesAny(group, aliases)).map(({ sql }) => sql()),
    ];
    return `EXISTS (SELECT 1 FROM ${this.table(first)}${joins} WHERE ${conditions.join(' AND ')})`;
  }

  /** The classes to look into, those together that one condition names. */
  private groups(all: readonly Conjunct[]): Join[][] {
    let groups = this.looked.map((join) => [join]);
    for (const { aliases } of all) {
      const touched = groups.filter((group) => sharesAny(group, aliases));
      if (touched.length > 1) {
        groups = [...groups.filter((group) => !touched.includes(group)), touched.flat()];
      }
    }
    return groups;
  }

  private joinedBy(join: Join): string {
    const key = this.keyOf(join);
    const others = new Set(join.on.map((alias) => this.keyOf(this.anchor(alias))));
    return [...[...others].map((other) => `${key} = ${other}`), ...this.inRange(join)].join(' AND ');
  }

  /** An inner join has the key of what it is joined to: the source of that key which is not looked into. */
  private anchor(alias: string): Source {
    const join = this.joins.find((candidate) => candidate.alias === alias);
    if (join === undefined) return this.query.root;
    const [first] = join.on;
    return join.kind === 'inner' && first !== undefined ? this.anchor(first) : join;
  }

  private inRange(source: Source): string[] {
    if (this.range === undefined) return [];
    const [from, to] = this.range;
    return [`${this.keyOf(source)} BETWEEN ${from} AND ${to}`];
  }

  private table(source: Source): string {
    return `{${source.class.table}} AS ${this.sqlAliases.get(source.alias)}`;
  }
}

/** A left join of which a row must be there is an inner one, that can be looked into. */
const asInner = (join: Join, forms: readonly NormalForm[]): Join =>
  join.kind === 'left' && forms.some((form) => needsRow(form, join.alias))
    ? { ...join, kind: 'inner' }
    : join;

const isKeyOf = ({ root, joins }: TypedQuery, { alias, property }: PropertyRef): boolean =>
  [root, ...joins].some((source) => source.alias === alias && source.class.keyColumn === property.column);

const sharesAny = (group: readonly Source[], aliases: readonly string[]): boolean =>
  group.some(({ alias }) => aliases.includes(alias));

export interface ConditionOptions {
  /** SQL alias of the table, by alias of the condition's source. */
  readonly aliases: Aliases;
  /** Begins the names of parameters: letters, then no digit. */
  readonly prefix: string;
  /** What `now()` is; epoch ms. */
  readonly now: number;
}

/** Writes a condition over the columns of one SELECT, and over those classes that its subqueries name. */
export function compileCondition(
  condition: Condition,
  dialect: Dialect,
  { aliases, prefix, now }: ConditionOptions,
): CompiledSql {
  const writer = new SqlWriter(dialect, prefix);
  const compiler = new ConditionCompiler(writer, now, aliases, ({ query }, equalTo) =>
    new SelectCompiler(writer, now, query, undefined).existsSql(query.select, equalTo),
  );
  return { sql: compiler.sql(normalForm(condition)), params: writer.params };
}
