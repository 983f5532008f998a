import type { ClassModel, PlainRow, PropertyModel } from '@espalier/conditions';
import type { EdmPrimitive, EntityModel, EntityProperty } from '@espalier/odata';
import { FilterGenerator } from './filter.generator.fixture.js';
import type { Random } from './random.fixture.js';
import { listModel, siteModel, type SiteRows, type SiteValues } from './site.fixture.js';

const EDM: Readonly<Record<PropertyModel['type'], EdmPrimitive>> = {
  text: 'Edm.String',
  integer: 'Edm.Int64',
  flag: 'Edm.Boolean',
  time: 'Edm.DateTimeOffset',
};

const root = listModel(siteModel.classes[0] as ClassModel);
const others = siteModel.classes.slice(1);

/** `SMS_G_System_INSTALLED_SOFTWARE_Size`: what all rows of another class have there. */
const rowsProperty = (model: ClassModel, property: PropertyModel): EntityProperty => ({
  name: `${model.name}_${property.name}`,
  type: EDM[property.type],
  isCollection: true,
  elements: { kind: 'rows', class: model, property },
});

const columnProperty = (property: PropertyModel): EntityProperty => ({
  name: `${property.name}s`,
  type: EDM[property.type],
  isCollection: true,
  elements: { kind: 'column', property },
});

/** The resources of the site, with what other classes hold about them as arrays. */
export const systemEntity: EntityModel = {
  name: root.name,
  class: root,
  keys: ['ResourceId'],
  properties: [
    ...root.properties.map((source) => ({ name: source.name, type: EDM[source.type], source })),
    ...root.properties.slice(2).map(columnProperty),
    ...others.flatMap((model) => model.properties.map((property) => rowsProperty(model, property))),
  ],
};

/** The value of each property of a resource, arrays included, as the rows have it. */
export function entityValues(tables: SiteRows, row: PlainRow): Record<string, unknown> {
  return Object.fromEntries(
    systemEntity.properties.map(({ name, source, elements }) => {
      if (source !== undefined) return [name, row[source.column] ?? null];
      if (elements === undefined) return [name, null];
      const rows =
        elements.kind === 'column'
          ? [row]
          : (tables.get(elements.class.name) ?? []).filter(
              (other) => other['resource_id'] === row['resource_id'],
            );
      return [name, rows.map((other) => other[elements.property.column] ?? null)];
    }),
  );
}

/** Makes options of a request that are valid over the resources. */
export class ODataGenerator {
  private readonly random: Random;
  private readonly plain: FilterGenerator;

  constructor(private readonly values: SiteValues) {
    this.random = values.random;
    this.plain = new FilterGenerator(values, root);
  }

  filter(depth = this.random.integer(4)): string {
    const { random } = this;
    const kind = depth === 0 ? 'leaf' : random.pick(['leaf', 'and', 'or', 'not', 'stated'] as const);
    switch (kind) {
      case 'leaf':
        return this.leaf();
      case 'not':
        return `not (${this.filter(depth - 1)})`;
      case 'stated':
        return `(${this.filter(depth - 1)})${random.pick(['', '', ' eq true', ' ne true', ' eq false'])}`;
      case 'and':
      case 'or': {
        const [left, right] = [this.filter(depth - 1), this.filter(depth - 1)];
        // As a public module joins them.
        const isGlued = left.endsWith("'") && /^(?!datetime')[A-Za-z(]/.test(right) && random.chance(0.5);
        return isGlued ? `${left}${kind}${right}` : `${left} ${kind} ${right}`;
      }
    }
  }

  private leaf(): string {
    const { random } = this;
    const roll = random.next();
    if (roll < 0.6) return taken(this.plain, 0, false);
    if (roll < 0.65) return random.pick(['Active', 'active']);
    if (roll < 0.7)
      return `${random.pick(['Name', 'OSVersion'])} in (null${random.chance(0.5) ? ",'a'" : ''})`;
    return this.lambda();
  }

  private lambda(): string {
    const { random } = this;
    const lists = systemEntity.properties.filter(({ isCollection }) => isCollection === true);
    const { name, elements } = random.pick(lists);
    if (elements === undefined || random.chance(0.1)) return `${name}/any()`;
    const variable = random.pick(['x', 'Role', 'e1']);
    const element: PropertyModel = { ...elements.property, name: variable };
    const generator = new FilterGenerator(this.values, { ...root, properties: [element] });
    const condition = taken(generator, random.integer(2), element.foldedColumn === undefined);
    return `${name}/${random.pick(['any', 'any', 'all'])}(${variable}:${random.pick([' ', ''])}${condition})`;
  }

  orderBy(): string {
    const names = this.random.times(1 + this.random.integer(3), () => this.random.pick(root.properties).name);
    return [...new Set(names)]
      .map((name) => `${name}${this.random.pick(['', ' asc', ' desc', ' DESC'])}`)
      .join(', ');
  }

  select(): string {
    const { random } = this;
    const names = random.times(1 + random.integer(5), () => random.pick(systemEntity.properties).name);
    return random.chance(0.1)
      ? '*'
      : names.map((name) => (random.chance(0.2) ? name.toUpperCase() : name)).join(',');
  }
}

/** A filter that OData takes too: no list holds `now()`, and what is compared exactly has no case to change. */
function taken(generator: FilterGenerator, depth: number, isExact: boolean): string {
  for (;;) {
    const filter = generator.filter(depth);
    if (!/ in \([^)]*now\(/.test(filter) && !(isExact && filter.includes('tolower('))) return filter;
  }
}
