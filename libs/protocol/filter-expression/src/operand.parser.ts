import {
  findProperty,
  suggestName,
  type ClassModel,
  type FilterReader,
  type GivenValue,
  type Place,
  type PropertyRef,
  type Token,
} from '@espalier/conditions';

/** Alias of the only source in the conditions of filters. */
export const FILTER_ALIAS = 'item';

/** What one side of a comparison can be, before the other is known. */
export type Operand =
  | { readonly kind: 'property'; readonly ref: PropertyRef; readonly at: Place }
  | { readonly kind: 'value'; readonly value: GivenValue; readonly at: Place }
  | { readonly kind: 'now'; readonly at: Place }
  | { readonly kind: 'null'; readonly at: Place };

/** Reads fields, values and the functions that stand for them. */
export class OperandParser {
  constructor(
    private readonly tokens: FilterReader<Place>,
    private readonly model: ClassModel,
  ) {}

  operand(): Operand {
    const token = this.tokens.take();
    const { at } = token;
    switch (token.kind) {
      case 'text':
      case 'time':
        return { kind: 'value', value: { kind: 'text', value: token.value }, at };
      case 'number': {
        const value = Number(token.value);
        if (!Number.isSafeInteger(value)) this.tokens.fail('Numbers are whole here.', at);
        return { kind: 'value', value: { kind: 'integer', value: value === 0 ? 0 : value }, at };
      }
      case 'word':
        return this.word(token);
      case 'symbol':
      case 'end':
        return this.tokens.fail('Here a field or a value is expected.', at);
    }
  }

  private word({ value, at }: Token<Place>): Operand {
    const word = value.toLowerCase();
    if (this.tokens.isSymbol('(')) return this.call(word, at);
    if (word === 'null') return { kind: 'null', at };
    if (word === 'true' || word === 'false') {
      return { kind: 'value', value: { kind: 'flag', value: word === 'true' }, at };
    }
    const property = findProperty(this.model, value);
    if (property !== undefined)
      return { kind: 'property', ref: { kind: 'property', alias: FILTER_ALIAS, property }, at };
    return this.tokens.fail(unknownField(this.model, value), at);
  }

  /** Case does not count, so that `tolower(name)` is `name`. */
  private call(word: string, at: Place): Operand {
    if (word === 'now') {
      this.tokens.expectSymbol('(');
      this.tokens.expectSymbol(')');
      return { kind: 'now', at };
    }
    if (word !== 'tolower' && word !== 'toupper') {
      return this.tokens.fail(
        'The functions are contains, startswith, endswith, tolower, toupper and now.',
        at,
      );
    }
    return this.tokens.deeper(() => {
      this.tokens.expectSymbol('(');
      const operand = this.operand();
      this.tokens.expectSymbol(')');
      return operand;
    });
  }
}

/** Says which fields there are. */
export function unknownField(model: ClassModel, name: string): string {
  const known = model.properties.map((property) => property.name);
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return `There is no field "${shown}". ${suggestName(name, known)}`;
}
