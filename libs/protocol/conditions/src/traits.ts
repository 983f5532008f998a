import type { Condition, Constant, PropertyRef, TypedQuery } from './condition.js';

/** What decides when a query must be evaluated again. */
export interface QueryTraits {
  /** Names of the classes with whose changes it changes, each once. */
  readonly classes: readonly string[];
  /** True where its result changes with the time at which it runs. */
  readonly usesRunTime: boolean;
  /**
   * True where rows of one resource decide about another (`Name in (select Name …)`): then evaluating the changed
   * resources alone is not enough.
   */
  readonly crossesResources: boolean;
}

/** Finds out what a query's result depends on. */
export function traitsOf(query: TypedQuery): QueryTraits {
  const classes = new Set<string>();
  let usesRunTime = false;
  let crossesResources = false;
  const lookAt = (operand: PropertyRef | Constant): void => {
    usesRunTime ||= operand.kind === 'run-time';
  };
  const visitQuery = ({ root, joins, where }: TypedQuery): void => {
    for (const { class: model } of [root, ...joins])
      for (const name of model.changesWith ?? [model.name]) classes.add(name);
    if (where !== undefined) visit(where, [root, ...joins]);
  };
  const visit = (condition: Condition, sources: readonly TypedQuery['root'][]): void => {
    switch (condition.kind) {
      case 'and':
      case 'or':
        for (const part of condition.conditions) visit(part, sources);
        return;
      case 'not':
        return visit(condition.condition, sources);
      case 'compare':
        return lookAt(condition.right);
      case 'date-difference':
        lookAt(condition.from);
        return lookAt(condition.to);
      case 'in-query': {
        const { property, query: inner } = condition;
        const byKey = isKey(property, sources) && isKey(inner.select, [inner.root, ...inner.joins]);
        crossesResources ||= !byKey;
        return visitQuery(inner);
      }
      case 'like':
      case 'in-list':
      case 'is-null':
        return;
    }
  };
  visitQuery(query);
  return { classes: [...classes], usesRunTime, crossesResources };
}

/** Names of the classes with whose changes a query changes, each once. */
export const classesOf = (query: TypedQuery): string[] => [...traitsOf(query).classes];

const isKey = ({ alias, property }: PropertyRef, sources: readonly TypedQuery['root'][]): boolean =>
  sources.some((source) => source.alias === alias && source.class.keyColumn === property.column);
