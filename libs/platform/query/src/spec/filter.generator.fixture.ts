import type { ClassModel, PropertyModel, PropertyType } from '@espalier/conditions';
import type { Random } from './random.fixture.js';
import type { SiteValues } from './site.fixture.js';

/** Makes filters that are valid over a class. */
export class FilterGenerator {
  private readonly random: Random;

  constructor(
    private readonly values: SiteValues,
    private readonly model: ClassModel,
  ) {
    this.random = values.random;
  }

  filter(depth = this.random.integer(4)): string {
    const { random } = this;
    const kind = depth === 0 ? 'leaf' : random.pick(['leaf', 'and', 'or', 'not', 'group'] as const);
    switch (kind) {
      case 'leaf':
        return this.leaf();
      case 'not':
        return `not (${this.filter(depth - 1)})`;
      case 'group':
        return `(${this.filter(depth - 1)})`;
      case 'and':
      case 'or':
        return `${this.filter(depth - 1)}${random.pick([` ${kind} `, ` ${kind} `, `+${kind}+`])}${this.filter(depth - 1)}`;
    }
  }

  private leaf(): string {
    const { random } = this;
    const property = random.pick(this.model.properties);
    const name = random.chance(0.2) ? property.name.toLowerCase() : property.name;
    const roll = random.next();
    if (roll < 0.1) return `${name} ${random.pick(['eq', 'ne'])} null`;
    if (roll < 0.25) {
      const values = random.times(1 + random.integer(3), () => this.literal(property.type));
      return `${name} in (${values.join(random.pick([',', ', ']))})`;
    }
    if (roll < 0.65 && property.type === 'text') return this.affix(name);
    const operator = random.pick(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'EQ']);
    if (random.chance(0.1)) return `${this.literal(property.type)} ${operator} ${name}`;
    const other = random.chance(0.15) ? this.comparable(property) : undefined;
    return `${name} ${operator} ${other ?? this.literal(property.type)}`;
  }

  private affix(name: string): string {
    const { random } = this;
    const word = Array.from(String(this.values.value('text')));
    const from = random.integer(word.length + 1);
    const piece = word.slice(from, from + 1 + random.integer(3)).join('');
    const field = random.chance(0.1) ? `tolower(${name})` : name;
    const call = `${random.pick(['contains', 'startswith', 'endswith', 'StartsWith'])}(${field},${quote(piece)})`;
    return random.chance(0.2)
      ? `${call} ${random.pick(['eq', 'ne'])} ${random.pick(['true', 'false'])}`
      : call;
  }

  private comparable(property: PropertyModel): string | undefined {
    const isExact = property.foldedColumn === undefined;
    return this.random.pick(
      this.model.properties.filter(
        (other) => other.type === property.type && (other.foldedColumn === undefined) === isExact,
      ),
    )?.name;
  }

  private literal(type: PropertyType): string {
    const { random } = this;
    const value = this.values.value(type);
    switch (type) {
      case 'text':
        return quote(this.values.text());
      case 'integer':
        return random.chance(0.1) ? String(Number(value) + 3_000_000_000) : String(value);
      case 'flag':
        return random.pick([String(value), value === 1 ? 'true' : 'false']);
      case 'time': {
        const iso = new Date(Number(value)).toISOString();
        return random.pick([iso, quote(iso), `datetime'${iso}'`, String(value), iso.slice(0, 10), 'now()']);
      }
    }
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
