import { traitsOf, type QueryModel, type QueryTraits, type TypedQuery } from '@espalier/conditions';
import type { CollectionKind } from '@espalier/contracts';
import { bindWql, parseWql } from '@espalier/wql';

/** A query rule that can be evaluated. */
export interface BoundQuery extends QueryTraits {
  readonly typed: TypedQuery;
}

/** What queries of each kind of collection can ask about. */
export type QueryModels = Readonly<Record<CollectionKind, QueryModel>>;

const REMEMBERED = 2_000;

/** Makes typed queries of the texts of rules, each once. */
export class QueryRuleBinder {
  readonly #known = new Map<string, BoundQuery>();

  constructor(private readonly models: QueryModels) {}

  /** @throws WqlError */
  bind(kind: CollectionKind, text: string): BoundQuery {
    const key = `${kind} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const typed = bindWql(parseWql(text), this.models[kind]);
    const traits = traitsOf(typed);
    const bound = { typed, ...traits, classes: this.#sharing(kind, traits.classes) };
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(key, bound);
    return bound;
  }

  /** Some classes show the same rows under two names: a change of one is a change of the other. */
  #sharing(kind: CollectionKind, names: readonly string[]): string[] {
    const { classes } = this.models[kind];
    const tables = new Set(classes.filter(({ name }) => names.includes(name)).map(({ table }) => table));
    return classes.filter(({ table }) => tables.has(table)).map(({ name }) => name);
  }
}
