import { readCondition, type ComparisonOperator } from '@espalier/conditions';
import type { OperandParser } from './operand.parser.js';
import type { TokenReader } from './token.reader.js';
import type { WqlCondition, WqlOperand, WqlPath, WqlQuery } from './wql-query.js';

const OPERATORS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ['=', '='],
  ['<>', '<>'],
  ['!=', '<>'],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

/** Reads what stands after `where`. */
export class ConditionParser {
  constructor(
    private readonly tokens: TokenReader,
    private readonly operands: OperandParser,
    private readonly subquery: (nesting: number) => WqlQuery,
  ) {}

  condition(nesting: number): WqlCondition {
    return readCondition<WqlCondition>(this.tokens, {
      leaf: () => this.leaf(nesting),
      chain: (kind, conditions) => ({ kind, conditions }),
      not: (condition) => ({ kind: 'not', condition }),
      closing: 'which closes the parenthesis',
    });
  }

  private leaf(nesting: number): WqlCondition {
    const { tokens } = this;
    const left = this.operands.operand();
    const operator = tokens.next.kind === 'symbol' ? OPERATORS.get(tokens.next.value) : undefined;
    if (operator !== undefined) {
      const { at } = tokens.take();
      if (tokens.isWord('null')) {
        tokens.fail(`Nothing is equal to null: write "is null" or "is not null".`);
      }
      return { kind: 'compare', operator, left, right: this.operands.operand(), at };
    }
    return this.predicate(left, nesting);
  }

  private predicate(left: WqlOperand, nesting: number): WqlCondition {
    const { tokens } = this;
    const { at } = tokens.next;
    const property = (): WqlPath =>
      left.kind === 'path' ? left : tokens.fail('Only a property can stand before this word.', at);
    if (tokens.skipWord('is')) {
      const negated = tokens.skipWord('not');
      tokens.expectWord('null', 'as in "is null" or "is not null"');
      return { kind: 'is-null', negated, property: property() };
    }
    const negated = tokens.skipWord('not');
    if (tokens.skipWord('like')) {
      const pattern = this.operands.value();
      if (pattern.kind !== 'text') return tokens.fail('After like a text in quotes is expected.', pattern.at);
      return { kind: 'like', negated, property: property(), pattern };
    }
    if (tokens.skipWord('in')) return this.membership(property(), negated, nesting);
    return tokens.fail(
      'Here an operator is expected: = <> < <= > >=, like, not like, in, not in, is null or is not null.',
    );
  }

  private membership(property: WqlPath, negated: boolean, nesting: number): WqlCondition {
    const { tokens } = this;
    tokens.expectSymbol('(', 'with which a list or a subquery begins');
    if (tokens.isWord('select')) {
      const query = this.subquery(nesting + 1);
      tokens.expectSymbol(')', 'which closes the subquery');
      return { kind: 'in-query', negated, property, query };
    }
    const values = tokens.list(() => this.operands.value(), 'which closes the list');
    return { kind: 'in-list', negated, property, values };
  }
}
