import {
  findNamed,
  findProperty,
  keyProperty,
  suggestName,
  type ClassModel,
  type Join,
  type Place,
  type PropertyModel,
  type PropertyRef,
  type QueryModel,
  type Source,
} from '@espalier/conditions';
import { WqlError } from './wql.error.js';
import type { WqlJoin, WqlPath, WqlSelected, WqlSource } from './wql-query.js';

/** The sources of one query, and what names mean among them. */
export class WqlScope {
  private readonly sources: Source[] = [];
  private readonly elements = new Map<string, Join>();

  constructor(private readonly model: QueryModel) {}

  /**
   * The elements of those arrays that the query has asked for so far. Each array is joined once, as ConfigMgr does it:
   * what a query says of it, it says of one element, and of none where there is none.
   */
  get arrays(): Join[] {
    return [...this.elements.values()];
  }

  /** Adds what stands after `from`. */
  add(source: WqlSource): Source {
    const found = findNamed(this.model.classes, source.className);
    if (found === undefined) {
      const known = suggestName(
        source.className,
        this.model.classes.map(({ name }) => name),
      );
      return failAt(source.at, `There is no class "${shorten(source.className)}". ${known}`);
    }
    const alias = source.alias?.toLowerCase() ?? found.name.toLowerCase();
    if (this.sources.some((other) => other.alias === alias)) {
      const name = source.alias ?? found.name;
      failAt(
        source.at,
        `"${name}" stands for two classes: give one an alias, as in "${found.name} as other".`,
      );
    }
    const added = { alias, class: found };
    this.sources.push(added);
    return added;
  }

  addJoin(join: WqlJoin): Join {
    const earlier = new Set(this.sources.map(({ alias }) => alias));
    const { alias, class: model } = this.add(join);
    const on = join.on.map(({ left, right }) => {
      const [a, b] = [this.key(left), this.key(right)];
      const others = [a, b].filter((name) => earlier.has(name));
      return a !== b && others.length === 1 && others[0] !== undefined
        ? others[0]
        : failAt(
            left.at,
            `Join ${model.name} by its own key and that of an earlier class, as in "on ${model.name}.ResourceId = ${this.sources[0]?.class.name}.ResourceId".`,
          );
    });
    return { kind: join.kind, alias, class: model, on: [...new Set(on)] };
  }

  property(path: WqlPath): PropertyRef {
    const { qualifier, name } = path;
    const candidates = qualifier === undefined ? this.sources : [this.source(qualifier, path.at)];
    const [first, second] = candidates
      .map((source) => ({ source, ...findIn(source.class, name) }))
      .filter(({ property }) => property !== undefined);
    if (first?.property === undefined) return this.unknownProperty(path, candidates);
    const isKey = first.property === keyProperty(first.source.class);
    // Joined rows have the same key: without a class it is that of the first.
    if (second !== undefined && !isKey) {
      const names = `${first.source.class.name}.${name} or ${second.source.class.name}.${name}`;
      return failAt(path.at, `Several classes have "${name}": write ${names}.`);
    }
    const alias = first.array === undefined ? first.source.alias : this.elementOf(first.source, first.array);
    return { kind: 'property', alias, property: first.property };
  }

  /**
   * Checks a selected item. Which properties are selected makes no difference to a rule, so that what consoles list
   * by habit is not held against it; the classes must exist.
   */
  checkSelected(selected: WqlSelected): void {
    if (selected.qualifier !== undefined) this.source(selected.qualifier, selected.at);
  }

  /** Alias of the element of an array; no name that a query can give. */
  private elementOf(owner: Source, array: ClassModel): string {
    const alias = `${owner.alias}.${array.name}`;
    if (!this.elements.has(alias))
      this.elements.set(alias, { kind: 'left', alias, class: array, on: [owner.alias] });
    return alias;
  }

  private key(path: WqlPath): string {
    const { alias, property } = this.property(path);
    const source = this.sources.find((candidate) => candidate.alias === alias);
    if (source !== undefined && keyProperty(source.class).column === property.column) return alias;
    return failAt(path.at, 'Classes are joined by ResourceId only; write other conditions after where.');
  }

  private source(qualifier: string, at: Place): Source {
    const wanted = qualifier.toLowerCase();
    const byAlias = this.sources.find(({ alias }) => alias === wanted);
    const byClass = this.sources.filter((source) => source.class.name.toLowerCase() === wanted);
    const found = byAlias ?? (byClass.length === 1 ? byClass[0] : undefined);
    if (found !== undefined) return found;
    if (byClass.length > 1) {
      const aliases = byClass.map(({ alias }) => alias).join(' or ');
      return failAt(at, `"${shorten(qualifier)}" stands in the query more than once: write ${aliases}.`);
    }
    return failAt(at, this.unknownSource(qualifier));
  }

  private unknownSource(qualifier: string): string {
    const model = findNamed(this.model.classes, qualifier);
    const root = this.sources[0]?.class.name ?? '';
    return model === undefined
      ? `The query has no class or alias "${shorten(qualifier)}". ${suggestName(qualifier, this.names())}`
      : `${model.name} is not in this query: add "inner join ${model.name} on ${model.name}.ResourceId = ${root}.ResourceId".`;
  }

  private unknownProperty(path: WqlPath, candidates: readonly Source[]): never {
    const names = candidates.flatMap(({ class: { properties, arrays = [] } }) =>
      [...properties, ...arrays.flatMap((array) => array.properties)].map(({ name }) => name),
    );
    const owner =
      candidates.length === 1 ? `${candidates[0]?.class.name} has no` : 'No class of the query has a';
    return failAt(path.at, `${owner} property "${shorten(path.name)}". ${suggestName(path.name, names)}`);
  }

  private names(): string[] {
    return this.sources.flatMap(({ alias, class: { name } }) =>
      alias === name.toLowerCase() ? [name] : [alias, name],
    );
  }
}

/** A property of that name: of the class itself, or an array of it. */
function findIn(
  model: ClassModel,
  name: string,
): { readonly property?: PropertyModel | undefined; readonly array?: ClassModel } {
  const own = findProperty(model, name);
  if (own !== undefined) return { property: own };
  for (const array of model.arrays ?? []) {
    const property = findNamed(array.properties, name);
    if (property !== undefined) return { property, array };
  }
  return {};
}

export function failAt(at: Place, problem: string): never {
  throw new WqlError(problem, at);
}

const shorten = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);
