import {
  affixPattern,
  expressionLimits,
  literalFor,
  mirrored,
  type ClassModel,
  type ComparisonOperator,
  type Condition,
  type Constant,
  type GivenValue,
  type Place,
  type PropertyRef,
} from '@espalier/conditions';
import { OperandParser, type Operand } from './operand.parser.js';
import { TokenReader } from './token.reader.js';

const OPERATORS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['eq', '='],
  ['ne', '<>'],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
]);

const AFFIXES = { contains: 'contains', startswith: 'startsWith', endswith: 'endsWith' } as const;

/**
 * Reads an OData-like filter over one class, such as `osVersion ge '15' and contains(name,'lab')`. Conditions name
 * their source `FILTER_ALIAS`. Names and operators are taken in any case. Throws FilterError.
 */
export function parseFilter(text: string, model: ClassModel): Condition {
  return new FilterParser(text, model).parse();
}

class FilterParser {
  private readonly tokens: TokenReader;
  private readonly operands: OperandParser;
  private conditions = 0;
  private values = 0;

  constructor(text: string, model: ClassModel) {
    this.tokens = new TokenReader(text);
    this.operands = new OperandParser(this.tokens, model);
  }

  parse(): Condition {
    const condition = this.chain('or');
    if (this.tokens.next.kind !== 'end') this.tokens.fail('Here "and", "or" or the end is expected.');
    return condition;
  }

  private chain(kind: 'or' | 'and'): Condition {
    const part = (): Condition => (kind === 'or' ? this.chain('and') : this.negatable());
    const first = part();
    const conditions = [first];
    while (this.tokens.skipConnective(kind)) conditions.push(part());
    return conditions.length === 1 ? first : { kind, conditions };
  }

  private negatable(): Condition {
    if (this.tokens.skipWord('not')) {
      return this.tokens.deeper(() => ({ kind: 'not', condition: this.negatable() }));
    }
    if (!this.tokens.skipSymbol('(')) return this.leaf();
    return this.tokens.deeper(() => {
      const condition = this.chain('or');
      this.tokens.expectSymbol(')');
      return condition;
    });
  }

  private leaf(): Condition {
    this.conditions += 1;
    if (this.conditions > expressionLimits.conditions) {
      this.tokens.fail(`A filter has at most ${expressionLimits.conditions} conditions.`);
    }
    const affix = this.affix();
    if (affix !== undefined) return affix;
    const left = this.operands.operand();
    if (this.tokens.skipWord('in')) return this.membership(left);
    const operator = this.operator();
    if (operator === undefined)
      return this.tokens.fail('Here an operator is expected: eq ne lt le gt ge or in.');
    return this.comparison(left, operator, this.operands.operand());
  }

  /** `contains(name,'x')`, also with `eq true` after it. */
  private affix(): Condition | undefined {
    const word = this.tokens.next.value.toLowerCase();
    if (this.tokens.next.kind !== 'word' || !this.tokens.isCall) return undefined;
    if (word === 'substringof') this.tokens.fail("Write contains(field,'text').");
    const name = Object.keys(AFFIXES).find((known) => known === word) as keyof typeof AFFIXES | undefined;
    if (name === undefined) return undefined;
    this.tokens.take();
    this.tokens.take();
    const operand = this.operands.operand();
    this.tokens.expectSymbol(',');
    const sought = this.operands.operand();
    this.tokens.expectSymbol(')');
    if (operand.kind !== 'property' || operand.ref.property.type !== 'text') {
      return this.tokens.fail(`${word} takes a field that is a text, and a text.`, operand.at);
    }
    if (sought.kind !== 'value' || sought.value.kind !== 'text') {
      return this.tokens.fail(`${word} takes a field that is a text, and a text.`, sought.at);
    }
    const pattern = affixPattern(AFFIXES[name], operand.ref.property, sought.value.value);
    return this.statedTruth({ kind: 'like', property: operand.ref, pattern });
  }

  private statedTruth(condition: Condition): Condition {
    const operator = this.operator();
    if (operator === undefined) return condition;
    const { next } = this.tokens;
    const isTruth = this.tokens.skipWord('true') || this.tokens.skipWord('false');
    if (!isTruth || (operator !== '=' && operator !== '<>')) {
      this.tokens.fail('After a function only "eq true" or "eq false" is possible.', next.at);
    }
    const isTrue = (next.value.toLowerCase() === 'true') === (operator === '=');
    return isTrue ? condition : { kind: 'not', condition };
  }

  private membership(left: Operand): Condition {
    if (left.kind !== 'property') return this.tokens.fail('Before "in" a field is expected.', left.at);
    this.tokens.expectSymbol('(');
    const values = [];
    do {
      this.values += 1;
      if (this.values > expressionLimits.values) {
        this.tokens.fail(`Lists have at most ${expressionLimits.values} values together.`);
      }
      const operand = this.operands.operand();
      if (operand.kind !== 'value') return this.tokens.fail('A list holds values.', operand.at);
      values.push(this.literal(left.ref, operand.value, operand.at));
    } while (this.tokens.skipSymbol(','));
    this.tokens.expectSymbol(')');
    return { kind: 'in-list', property: left.ref, values };
  }

  private comparison(left: Operand, operator: ComparisonOperator, right: Operand): Condition {
    if (left.kind !== 'property') {
      return right.kind === 'property'
        ? this.comparison(right, mirrored[operator], left)
        : this.tokens.fail('A comparison needs a field on one side.', left.at);
    }
    const property = left.ref;
    if (right.kind !== 'null') {
      return { kind: 'compare', operator, left: property, right: this.against(property, right) };
    }
    if (operator === '=') return { kind: 'is-null', property };
    if (operator === '<>') return { kind: 'not', condition: { kind: 'is-null', property } };
    return this.tokens.fail('Nothing is greater or less than null: write eq null or ne null.', right.at);
  }

  private against(left: PropertyRef, right: Exclude<Operand, { kind: 'null' }>): PropertyRef | Constant {
    const { property } = left;
    switch (right.kind) {
      case 'value':
        return this.literal(left, right.value, right.at);
      case 'now':
        return property.type === 'time'
          ? { kind: 'run-time', shifts: [] }
          : this.tokens.fail(`${property.name} is no time.`, right.at);
      case 'property': {
        const other = right.ref.property;
        const isSameForm = (property.foldedColumn === undefined) === (other.foldedColumn === undefined);
        return property.type === other.type && (property.type !== 'text' || isSameForm)
          ? right.ref
          : this.tokens.fail(`${property.name} and ${other.name} cannot be compared.`, right.at);
      }
    }
  }

  private literal({ property }: PropertyRef, value: GivenValue, at: Place): ReturnType<typeof literalFor> {
    return literalFor(property, value, (problem) => this.tokens.fail(problem, at));
  }

  private operator(): ComparisonOperator | undefined {
    const operator =
      this.tokens.next.kind === 'word' ? OPERATORS.get(this.tokens.next.value.toLowerCase()) : undefined;
    if (operator !== undefined) this.tokens.take();
    return operator;
  }
}
