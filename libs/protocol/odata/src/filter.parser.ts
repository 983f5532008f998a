import type { AffixFunction, FilterExpression, FilterOperand, FilterOperator } from './filter.ast.js';
import { odataLimits } from './limits.js';
import { OperandParser } from './operand.parser.js';
import { TokenReader } from './token.reader.js';

const OPERATORS: ReadonlySet<string> = new Set<FilterOperator>(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);
const AFFIXES: ReadonlySet<string> = new Set<AffixFunction>(['contains', 'startswith', 'endswith']);

const isOperator = (word: string): word is FilterOperator => OPERATORS.has(word);
const isAffix = (word: string): word is AffixFunction => AFFIXES.has(word);

/**
 * Reads a decoded `$filter`, such as `startswith(Name,'All') eq true and MemberCount gt 5`. Operators and functions
 * are taken in any case. Throws ODataError: 400, and 501 for what OData has and this service does not.
 */
export const parseFilter = (text: string): FilterExpression => new FilterParser(text).parse();

class FilterParser {
  private readonly tokens: TokenReader;
  private readonly operands: OperandParser;
  private conditions = 0;
  private values = 0;

  constructor(text: string) {
    this.tokens = new TokenReader(text);
    this.operands = new OperandParser(this.tokens);
  }

  parse(): FilterExpression {
    const expression = this.chain('or');
    this.tokens.expectEnd('"and", "or"');
    return expression;
  }

  private chain(kind: 'or' | 'and'): FilterExpression {
    const part = (): FilterExpression => (kind === 'or' ? this.chain('and') : this.negatable());
    const first = part();
    const parts = [first];
    while (this.tokens.skipConnective(kind)) parts.push(part());
    return parts.length === 1 ? first : { kind, parts };
  }

  private negatable(): FilterExpression {
    if (this.tokens.skipWord('not')) {
      return this.tokens.deeper(() => ({ kind: 'not', part: this.negatable() }));
    }
    if (!this.tokens.skipSymbol('(')) return this.leaf();
    return this.tokens.deeper(() => {
      const expression = this.chain('or');
      this.tokens.expectSymbol(')');
      return this.statedTruth(expression);
    });
  }

  private leaf(): FilterExpression {
    this.conditions += 1;
    if (this.conditions > odataLimits.conditions) {
      this.tokens.fail(`A filter has at most ${odataLimits.conditions} conditions.`);
    }
    const { kind, value, at } = this.tokens.next;
    const word = value.toLowerCase();
    if (kind === 'word' && isAffix(word) && this.tokens.isBefore('(')) return this.affix(word, at);
    if (kind === 'word' && this.tokens.isBefore('/')) return this.lambda();
    return this.comparison(this.operands.operand());
  }

  private comparison(left: FilterOperand): FilterExpression {
    const { at } = this.tokens.next;
    if (this.tokens.skipWord('in')) return this.membership(left, at);
    if (this.tokens.isWord('has')) this.tokens.fail('"has" is not possible here.', at, 501);
    const operator = this.operator();
    if (operator !== undefined) {
      return { kind: 'compare', operator, left, right: this.operands.operand(), at };
    }
    if (left.kind === 'name') return { kind: 'truth', name: left.name, at: left.at };
    return this.tokens.fail('Here an operator is expected: eq ne lt le gt ge or in.');
  }

  private affix(name: AffixFunction, at: number): FilterExpression {
    this.tokens.take();
    return this.tokens.deeper(() => {
      this.tokens.expectSymbol('(');
      const text = this.operands.operand();
      this.tokens.expectSymbol(',');
      const sought = this.operands.operand();
      this.tokens.expectSymbol(')');
      return this.statedTruth({ kind: 'affix', function: name, text, sought, at });
    });
  }

  /** `contains(Name,'x') eq true`, as public modules write it. */
  private statedTruth(expression: FilterExpression): FilterExpression {
    const operator = this.operator();
    if (operator === undefined) return expression;
    const { next } = this.tokens;
    const isTruth = this.tokens.skipWord('true') || this.tokens.skipWord('false');
    if (!isTruth || (operator !== 'eq' && operator !== 'ne')) {
      this.tokens.fail('After a condition only "eq true" or "eq false" is possible.', next.at);
    }
    const isTrue = (next.value.toLowerCase() === 'true') === (operator === 'eq');
    return isTrue ? expression : { kind: 'not', part: expression };
  }

  private membership(operand: FilterOperand, at: number): FilterExpression {
    this.tokens.expectSymbol('(');
    const values: FilterOperand[] = [];
    do {
      this.values += 1;
      if (this.values > odataLimits.values) {
        this.tokens.fail(`Lists have at most ${odataLimits.values} values together.`);
      }
      values.push(this.operands.operand());
    } while (this.tokens.skipSymbol(','));
    this.tokens.expectSymbol(')');
    return { kind: 'in', operand, values, at };
  }

  private lambda(): FilterExpression {
    const { value: name, at } = this.tokens.take();
    this.tokens.expectSymbol('/');
    const quantifier = this.tokens.skipWord('any') ? 'any' : this.tokens.skipWord('all') ? 'all' : undefined;
    if (quantifier === undefined) {
      return this.tokens.fail('After "/" only any(…) and all(…) are possible.', this.tokens.next.at, 501);
    }
    return this.tokens.deeper(() => {
      this.tokens.expectSymbol('(');
      if (quantifier === 'any' && this.tokens.skipSymbol(')')) {
        return this.statedTruth({ kind: 'lambda', quantifier, name, at });
      }
      const variable = this.tokens.next;
      if (variable.kind !== 'word') this.tokens.fail('Here a name for the elements is expected: x: x eq 5.');
      this.tokens.take();
      this.tokens.expectSymbol(':');
      const condition = this.chain('or');
      this.tokens.expectSymbol(')');
      return this.statedTruth({ kind: 'lambda', quantifier, name, variable: variable.value, condition, at });
    });
  }

  private operator(): FilterOperator | undefined {
    const word = this.tokens.next.value.toLowerCase();
    if (this.tokens.next.kind !== 'word' || !isOperator(word)) return undefined;
    this.tokens.take();
    return word;
  }
}
