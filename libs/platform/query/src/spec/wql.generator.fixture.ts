import {
  keyProperty,
  type ClassModel,
  type ComparisonOperator,
  type Place,
  type PropertyModel,
  type PropertyType,
  type TimeUnit,
} from '@espalier/conditions';
import type {
  WqlCondition,
  WqlJoin,
  WqlOperand,
  WqlPath,
  WqlQuery,
  WqlRunTime,
  WqlText,
  WqlTimeOperand,
  WqlValue,
} from '@espalier/wql';
import type { Random } from './random.fixture.js';
import { ruleModel, type SiteValues } from './site.fixture.js';

const at: Place = { line: 1, column: 1, piece: '' };
const OPERATORS: readonly ComparisonOperator[] = ['=', '<>', '<', '<=', '>', '>='];
const FIXED_UNITS: readonly TimeUnit[] = ['week', 'day', 'hour', 'minute', 'second'];
const UNITS: readonly TimeUnit[] = [...FIXED_UNITS, 'year', 'quarter', 'month'];

interface NamedSource {
  readonly name: string;
  readonly model: ClassModel;
}

const namesIn = ({ properties, arrays = [] }: ClassModel): readonly string[] =>
  [...properties, ...arrays.flatMap((array) => array.properties)].map(({ name }) => name);

/** Makes queries that are valid over the model of the site. */
export class WqlGenerator {
  private readonly random: Random;

  constructor(private readonly values: SiteValues) {
    this.random = values.random;
  }

  query(): WqlQuery {
    return this.build(ruleModel.classes[0] as ClassModel, 0, undefined);
  }

  private build(model: ClassModel, nesting: number, selected: PropertyType | 'key' | undefined): WqlQuery {
    const { random } = this;
    const alias = random.chance(0.2) ? `x${nesting}` : undefined;
    const sources: NamedSource[] = [{ name: alias ?? model.name, model }];
    const joins = random.times(random.pick([0, 0, 0, 1, 1, 1, 2, 2, 3]), (index) =>
      this.join(sources, index),
    );
    const select = this.selected(sources, selected);
    return {
      distinct: random.chance(0.3),
      select: [select],
      from: { className: model.name, alias, at },
      joins,
      where: random.chance(0.03)
        ? undefined
        : this.condition(sources, nesting, this.random.pick([1, 1, 2, 2, 3])),
    };
  }

  private selected(
    sources: readonly NamedSource[],
    type: PropertyType | 'key' | undefined,
  ): WqlQuery['select'][number] {
    if (type === undefined)
      return this.random.pick([
        { kind: 'all', qualifier: undefined, at },
        this.path(sources[0] as NamedSource, 'Name'),
      ]);
    const source = this.random.pick(sources);
    if (type === 'key') return this.path(source, keyProperty(source.model).name);
    return this.typed(sources, type)?.path ?? this.path(source, 'ResourceId');
  }

  private join(sources: NamedSource[], index: number): WqlJoin {
    const { random } = this;
    const model = random.pick(ruleModel.classes);
    const isTaken = sources.some(({ name }) => name.toLowerCase() === model.name.toLowerCase());
    const alias = isTaken || random.chance(0.2) ? `j${index}` : undefined;
    const source = { name: alias ?? model.name, model };
    const pairs = random.times(random.chance(0.1) ? 2 : 1, () => {
      const sides = [this.path(source, 'ResourceId'), this.path(random.pick(sources), 'ResourceID')] as const;
      const [left, right] = random.chance(0.5) ? sides : [sides[1], sides[0]];
      return { left, right };
    });
    sources.push(source);
    return { kind: random.chance(0.35) ? 'left' : 'inner', className: model.name, alias, on: pairs, at };
  }

  private path({ name, model }: NamedSource, property: string): WqlPath {
    const isUnique = ruleModel.classes.every(
      (other) => other === model || !namesIn(other).includes(property),
    );
    const short = isUnique && name.toLowerCase() === model.name.toLowerCase() && this.random.chance(0.05);
    return { kind: 'path', qualifier: short ? undefined : name, name: property, at };
  }

  private anyProperty(sources: readonly NamedSource[]): { path: WqlPath; property: PropertyModel } {
    const source = this.random.pick(sources);
    const property = this.random.chance(0.08)
      ? keyProperty(source.model)
      : this.random.pick(this.propertiesOf(source.model));
    return { path: this.path(source, property.name), property };
  }

  /** Its own, or the elements of one of its arrays. */
  private propertiesOf({ properties, arrays = [] }: ClassModel): readonly PropertyModel[] {
    return arrays.length > 0 && this.random.chance(0.35) ? this.random.pick(arrays).properties : properties;
  }

  private typed(
    sources: readonly NamedSource[],
    type: PropertyType,
  ): { path: WqlPath; property: PropertyModel } | undefined {
    for (let tries = 0; tries < 8; tries += 1) {
      const found = this.anyProperty(sources);
      if (found.property.type === type) return found;
    }
    return undefined;
  }

  private condition(sources: readonly NamedSource[], nesting: number, depth: number): WqlCondition {
    const { random } = this;
    const kind = depth === 0 ? 'leaf' : random.pick(['leaf', 'leaf', 'and', 'and', 'or', 'not'] as const);
    switch (kind) {
      case 'leaf':
        return this.leaf(sources, nesting);
      case 'not':
        return { kind, condition: this.condition(sources, nesting, depth - 1) };
      case 'and':
      case 'or': {
        const conditions = random.times(2 + random.integer(2), () =>
          this.condition(sources, nesting, depth - 1),
        );
        return { kind, conditions };
      }
    }
  }

  private leaf(sources: readonly NamedSource[], nesting: number): WqlCondition {
    const { random } = this;
    const { path, property } = this.anyProperty(sources);
    const negated = random.chance(0.35);
    const roll = random.next();
    if (roll < 0.1) return { kind: 'is-null', negated, property: path };
    if (roll < 0.2) {
      const values = random.times(1 + random.integer(4), () => this.value(property.type));
      return { kind: 'in-list', negated, property: path, values };
    }
    if (roll < 0.3 && nesting < 2) return this.membership(sources, nesting, negated);
    if (roll < 0.6 && property.type === 'text')
      return { kind: 'like', negated, property: path, pattern: this.pattern() };
    if (roll < 0.75) return this.dateDifference(sources) ?? this.comparison(sources, path, property);
    return this.comparison(sources, path, property);
  }

  private membership(sources: readonly NamedSource[], nesting: number, negated: boolean): WqlCondition {
    const { random } = this;
    const model = random.pick(ruleModel.classes);
    if (random.chance(0.6)) {
      const source = random.pick(sources);
      const query = this.build(model, nesting + 1, 'key');
      return { kind: 'in-query', negated, property: this.path(source, 'ResourceId'), query };
    }
    const { path, property } = this.anyProperty(sources);
    return {
      kind: 'in-query',
      negated,
      property: path,
      query: this.build(model, nesting + 1, property.type),
    };
  }

  private comparison(sources: readonly NamedSource[], path: WqlPath, property: PropertyModel): WqlCondition {
    const { random } = this;
    const operator = random.pick(OPERATORS);
    const right: WqlOperand =
      (random.chance(0.2) ? this.typed(sources, property.type)?.path : undefined) ??
      (property.type === 'time' && random.chance(0.5) ? this.runTime() : this.value(property.type));
    const [left, other] = random.chance(0.2) ? [right, path] : [path, right];
    return { kind: 'compare', operator, left, right: other, at };
  }

  private dateDifference(sources: readonly NamedSource[]): WqlCondition | undefined {
    const { random } = this;
    const [one, other] = [this.typed(sources, 'time'), this.typed(sources, 'time')];
    if (one === undefined) return undefined;
    const isBetween = other !== undefined && random.chance(0.4);
    const constant: WqlTimeOperand = random.chance(0.8) ? this.runTime() : this.time();
    const sides = [one.path, isBetween ? other.path : constant] as const;
    const [from, to] = random.chance(0.5) ? sides : [sides[1], sides[0]];
    const unit = random.pick(isBetween ? FIXED_UNITS : UNITS);
    const value = {
      kind: 'integer',
      value: random.pick([0, 1, -1, 2, 7, 30, -30, 365, 9_007_199_254_740_991]),
      at,
    } as const;
    const difference = { kind: 'date-difference', unit, from, to, at } as const;
    const [left, right] = random.chance(0.2) ? [value, difference] : [difference, value];
    return { kind: 'compare', operator: random.pick(OPERATORS), left, right, at };
  }

  private runTime(): WqlRunTime {
    const { random } = this;
    const shifts = random.times(random.pick([0, 1, 1, 2]), () => ({
      unit: random.pick(UNITS),
      amount: random.pick([0, 1, -1, -7, -30, 12, -365, 2_000_000_000, -9_007_199_254_740_991]),
    }));
    return { kind: 'run-time', shifts, at };
  }

  private time(): WqlText {
    const iso = new Date(this.values.value('time')).toISOString();
    const value = this.random.pick([
      iso,
      iso.slice(0, 19).replace('T', ' '),
      iso.slice(0, 10),
      `${iso.slice(0, 19).replaceAll(/[-T:]/g, '')}.000000+060`,
    ]);
    return { kind: 'text', value, at };
  }

  private value(type: PropertyType): WqlValue {
    const value = this.values.value(type);
    switch (type) {
      case 'text':
        return {
          kind: 'text',
          value: this.values.text(),
          at,
        };
      case 'integer':
        return this.random.chance(0.05)
          ? { kind: 'text', value: String(value), at }
          : {
              kind: 'integer',
              value: this.random.chance(0.05) ? Number(value) + 3_000_000_000 : Number(value),
              at,
            };
      case 'flag':
        return this.random.chance(0.5)
          ? { kind: 'flag', value: value === 1, at }
          : { kind: 'integer', value: Number(value), at };
      case 'time':
        return this.time();
    }
  }

  private pattern(): WqlText {
    const { random, values } = this;
    const word = Array.from(String(values.value('text')));
    const pieces = word.map((letter) =>
      random.chance(0.2)
        ? random.pick(['%', '_', this.set(), this.set(), values.letter()])
        : letter.replaceAll(/[[%_]/g, random.chance(0.7) ? '[$&]' : '$&'),
    );
    const ends = [random.chance(0.5) ? '%' : '', random.chance(0.5) ? '%' : ''];
    return { kind: 'text', value: `${ends[0]}${pieces.join('')}${ends[1]}`, at };
  }

  private set(): string {
    const { random, values } = this;
    const members = random.times(1 + random.integer(3), () =>
      random.chance(0.7) ? values.range() : values.letter(),
    );
    return `[${random.chance(0.4) ? '^' : ''}${members.join('').replaceAll(']', '')}]`;
  }
}

const JUNK = [
  "'",
  '"',
  '\\',
  ';',
  '--',
  '/*',
  "'; drop table resource; --",
  '"; delete from {resource}; --',
  "' or '1'='1",
  '\0',
  '\ud800',
  '\u00a0',
  'ﬀ',
  '“',
  '(',
  ')',
  '((((((((((',
  '[',
  ']',
  '%',
  ',',
  '.',
  '=',
  '<>',
  ':q0',
  '{resource}',
  '$1',
  '@0',
  '?',
  '99999999999999999999',
  '-1',
  '1.5',
  '0x10',
  'null',
  'not',
  'and',
  'or',
  'like',
  'in',
  'select',
  'where',
  'union select * from SMS_R_System',
  'SMS_R_System',
  'Name',
  'GetDate()',
  'DateAdd(day, 1, Name)',
  'constructor',
  '__proto__',
  'toString',
];

/** The same text spelt another way: case of words, white space, quotes. */
export function respell(random: Random, text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|[A-Za-z_]+| /gs, (piece) => {
    if (piece === ' ') return random.chance(0.1) ? random.pick(['\n', '\t ', '  ', '\r\n']) : piece;
    if (piece.startsWith('"')) return random.chance(0.3) ? requote(piece) : piece;
    return random.chance(0.2) ? random.pick([piece.toUpperCase(), piece.toLowerCase()]) : piece;
  });
}

function requote(piece: string): string {
  const value = piece.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "''");
  return `'${value}'`;
}

/** A text with a few things wrong in it, perhaps. */
export function mutate(random: Random, text: string): string {
  let mutated = text;
  for (let left = 1 + random.integer(3); left > 0; left -= 1) {
    const tokens = mutated.split(/(\s+|[(),.'"[\]=<>])/).filter((token) => token !== '');
    const index = random.integer(tokens.length);
    const other = random.integer(tokens.length);
    switch (random.integer(5)) {
      case 0:
        tokens.splice(index, 1);
        break;
      case 1:
        tokens.splice(index, 0, random.pick(JUNK));
        break;
      case 2:
        tokens[index] = random.pick(JUNK);
        break;
      case 3:
        [tokens[index], tokens[other]] = [tokens[other] ?? '', tokens[index] ?? ''];
        break;
      default:
        tokens.splice(index, 0, tokens[other] ?? '');
    }
    mutated = tokens.join('');
  }
  return mutated;
}
