import type { ClassModel, PropertyModel } from './model.js';

interface Named {
  readonly name: string;
}

/** Longer names are not compared letter by letter. */
const LONGEST_NAME = 64;
const NAMES_SHOWN = 12;

const indexes = new WeakMap<readonly Named[], ReadonlyMap<string, Named>>();

/** The item of that name, in any case. The list must not change between calls. */
export function findNamed<T extends Named>(items: readonly T[], name: string): T | undefined {
  let index = indexes.get(items);
  if (index === undefined) {
    index = new Map(items.map((item) => [item.name.toLowerCase(), item]));
    indexes.set(items, index);
  }
  return index.get(name.toLowerCase()) as T | undefined;
}

const keys = new WeakMap<ClassModel, PropertyModel>();

/** The key that ties the rows of a class to resources, as a property; every class has it. */
export function keyProperty(model: ClassModel): PropertyModel {
  let key = keys.get(model);
  if (key === undefined) {
    key = model.properties.find(({ column }) => column === model.keyColumn) ?? {
      name: 'ResourceId',
      type: 'integer',
      column: model.keyColumn,
    };
    keys.set(model, key);
  }
  return key;
}

/** The property of that name, in any case; `ResourceId` is the key of every class. */
export const findProperty = (model: ClassModel, name: string): PropertyModel | undefined =>
  findNamed(model.properties, name) ?? (name.toLowerCase() === 'resourceid' ? keyProperty(model) : undefined);

/** Ends a message about an unknown name: `Did you mean "Name"?`, or what there is. */
export function suggestName(name: string, known: readonly string[]): string {
  const limit = name.length < 4 ? 1 : Math.min(3, Math.max(2, Math.floor(name.length / 3)));
  const wanted = name.toLowerCase();
  const near =
    name.length > LONGEST_NAME
      ? []
      : known
          .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
          .filter(({ distance }) => distance <= limit)
          .sort((a, b) => a.distance - b.distance);
  if (near[0] !== undefined) return `Did you mean "${near[0].candidate}"?`;
  const shown = known.slice(0, NAMES_SHOWN).join(', ');
  return `There is: ${shown}${known.length > NAMES_SHOWN ? ` and ${known.length - NAMES_SHOWN} more` : ''}.`;
}

/** Letters to insert, remove or replace to make one text of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
