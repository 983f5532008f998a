import { expressionLimits, type ComparisonOperator } from '@espalier/conditions';
import type { OperandParser } from './operand.parser.js';
import type { TokenReader } from './token.reader.js';
import type { WqlCondition, WqlOperand, WqlPath, WqlQuery, WqlValue } from './wql-query.js';

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
  private conditions = 0;
  private values = 0;

  constructor(
    private readonly tokens: TokenReader,
    private readonly operands: OperandParser,
    private readonly subquery: (nesting: number) => WqlQuery,
  ) {}

  condition(nesting: number): WqlCondition {
    return this.chain('or', () => this.chain('and', () => this.negatable(nesting)));
  }

  private chain(kind: 'and' | 'or', part: () => WqlCondition): WqlCondition {
    const first = part();
    if (!this.tokens.isWord(kind)) return first;
    const conditions = [first];
    while (this.tokens.skipWord(kind)) conditions.push(part());
    return { kind, conditions };
  }

  private negatable(nesting: number): WqlCondition {
    const { tokens } = this;
    if (tokens.skipWord('not')) {
      return tokens.deeper(() => ({ kind: 'not', condition: this.negatable(nesting) }));
    }
    if (!tokens.skipSymbol('(')) return this.leaf(nesting);
    return tokens.deeper(() => {
      const condition = this.condition(nesting);
      tokens.expectSymbol(')', 'which closes the parenthesis');
      return condition;
    });
  }

  private leaf(nesting: number): WqlCondition {
    const { tokens } = this;
    this.conditions += 1;
    if (this.conditions > expressionLimits.conditions) {
      tokens.fail(`A query has at most ${expressionLimits.conditions} conditions.`);
    }
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
    const values: WqlValue[] = [];
    do {
      this.values += 1;
      if (this.values > expressionLimits.values) {
        tokens.fail(`The lists of a query have at most ${expressionLimits.values} values together.`);
      }
      values.push(this.operands.value());
    } while (tokens.skipSymbol(','));
    tokens.expectSymbol(')', 'which closes the list');
    return { kind: 'in-list', negated, property, values };
  }
}
