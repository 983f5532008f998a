import {
  affixPattern,
  comparisonOf,
  compareWith,
  FilterReader,
  literalFor,
  mirrored,
  readCondition,
  type ClassModel,
  type ComparisonOperator,
  type Condition,
  type Place,
} from '@espalier/conditions';
import { filterExpressions } from './filter.language.js';
import { OperandParser, type Operand } from './operand.parser.js';

/**
 * Reads an OData-like filter over one class, such as `osVersion ge '15' and contains(name,'lab')`. Conditions name
 * their source `FILTER_ALIAS`. Names and operators are taken in any case. Throws FilterError.
 */
export function parseFilter(text: string, model: ClassModel): Condition {
  return new FilterParser(text, model).parse();
}

class FilterParser {
  private readonly tokens: FilterReader<Place>;
  private readonly operands: OperandParser;

  constructor(text: string, model: ClassModel) {
    this.tokens = new FilterReader(text, filterExpressions);
    this.operands = new OperandParser(this.tokens, model);
  }

  parse(): Condition {
    const condition = readCondition<Condition>(this.tokens, {
      leaf: () => this.leaf(),
      chain: (kind, conditions) => ({ kind, conditions }),
      not: (part) => ({ kind: 'not', condition: part }),
    });
    this.tokens.expectEnd('"and", "or"');
    return condition;
  }

  private leaf(): Condition {
    const affix = this.affix();
    if (affix !== undefined) return affix;
    const left = this.operands.operand();
    if (this.tokens.skipWord('in')) return this.membership(left);
    const operator = this.tokens.operator();
    if (operator === undefined)
      return this.tokens.fail('Here an operator is expected: eq ne lt le gt ge or in.');
    return this.comparison(left, comparisonOf[operator], this.operands.operand());
  }

  /** `contains(name,'x')`, also with `eq true` after it. */
  private affix(): Condition | undefined {
    if (this.tokens.isWord('substringof') && this.tokens.isBefore('(')) {
      this.tokens.fail("Write contains(field,'text').");
    }
    const name = this.tokens.affix;
    if (name === undefined) return undefined;
    this.tokens.take();
    this.tokens.take();
    const operand = this.operands.operand();
    this.tokens.expectSymbol(',');
    const sought = this.operands.operand();
    this.tokens.expectSymbol(')');
    if (operand.kind !== 'property' || operand.ref.property.type !== 'text') {
      return this.tokens.fail(`${name} takes a field that is a text, and a text.`, operand.at);
    }
    if (sought.kind !== 'value' || sought.value.kind !== 'text') {
      return this.tokens.fail(`${name} takes a field that is a text, and a text.`, sought.at);
    }
    const pattern = affixPattern(name, operand.ref.property, sought.value.value);
    const like: Condition = { kind: 'like', property: operand.ref, pattern };
    return this.tokens.statedTruth('function') ? like : { kind: 'not', condition: like };
  }

  private membership(left: Operand): Condition {
    if (left.kind !== 'property') return this.tokens.fail('Before "in" a field is expected.', left.at);
    const { property } = left.ref;
    this.tokens.expectSymbol('(');
    const values = this.tokens.list(() => {
      const operand = this.operands.operand();
      return operand.kind === 'value'
        ? literalFor(property, operand.value, (problem) => this.tokens.fail(problem, operand.at))
        : this.tokens.fail('A list holds values.', operand.at);
    });
    return { kind: 'in-list', property: left.ref, values };
  }

  private comparison(left: Operand, operator: ComparisonOperator, right: Operand): Condition {
    if (left.kind !== 'property') {
      return right.kind === 'property'
        ? this.comparison(right, mirrored[operator], left)
        : this.tokens.fail('A comparison needs a field on one side.', left.at);
    }
    return compareWith(left.ref, operator, right, (problem) => this.tokens.fail(problem, right.at));
  }
}
