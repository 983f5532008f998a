import { readCondition, type AffixFunction, type ConditionGrammar } from '@espalier/conditions';
import type { FilterExpression, FilterOperand } from './filter.ast.js';
import { OperandParser } from './operand.parser.js';
import { TokenReader } from './token.reader.js';

/**
 * Reads a decoded `$filter`, such as `startswith(Name,'All') eq true and MemberCount gt 5`. Operators and functions
 * are taken in any case. Throws ODataError: 400, and 501 for what OData has and this service does not.
 */
export const parseFilter = (text: string): FilterExpression => new FilterParser(text).parse();

class FilterParser {
  private readonly tokens: TokenReader;
  private readonly operands: OperandParser;
  private readonly grammar: ConditionGrammar<FilterExpression> = {
    leaf: () => this.leaf(),
    chain: (kind, parts) => ({ kind, parts }),
    not: (part) => ({ kind: 'not', part }),
    closed: (expression) => this.statedTruth(expression),
  };

  constructor(text: string) {
    this.tokens = new TokenReader(text);
    this.operands = new OperandParser(this.tokens);
  }

  parse(): FilterExpression {
    const expression = this.condition();
    this.tokens.expectEnd('"and", "or"');
    return expression;
  }

  private condition(): FilterExpression {
    return readCondition(this.tokens, this.grammar);
  }

  private leaf(): FilterExpression {
    const { kind, at } = this.tokens.next;
    const { affix } = this.tokens;
    if (affix !== undefined) return this.affix(affix, at);
    if (kind === 'word' && this.tokens.isBefore('/')) return this.lambda();
    return this.comparison(this.operands.operand());
  }

  private comparison(left: FilterOperand): FilterExpression {
    const { at } = this.tokens.next;
    if (this.tokens.skipWord('in')) return this.membership(left, at);
    if (this.tokens.isWord('has')) this.tokens.fail('"has" is not possible here.', at, 501);
    const operator = this.tokens.operator();
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

  private statedTruth(expression: FilterExpression): FilterExpression {
    return this.tokens.statedTruth('condition') ? expression : { kind: 'not', part: expression };
  }

  private membership(operand: FilterOperand, at: number): FilterExpression {
    this.tokens.expectSymbol('(');
    const values = this.tokens.list(() => this.operands.operand());
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
      const condition = this.condition();
      this.tokens.expectSymbol(')');
      return this.statedTruth({ kind: 'lambda', quantifier, name, variable: variable.value, condition, at });
    });
  }
}
