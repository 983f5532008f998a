import { expressionLimits } from '@espalier/conditions';
import { ConditionParser } from './condition.parser.js';
import { OperandParser } from './operand.parser.js';
import { TokenReader } from './token.reader.js';
import type { WqlJoin, WqlPath, WqlQuery, WqlSelected, WqlSource } from './wql-query.js';

/** Reads a query; names are checked by `bindWql`. Throws WqlError. */
export function parseWql(text: string): WqlQuery {
  const tokens = new TokenReader(text);
  const query = new QueryParser(tokens).query(0);
  if (tokens.next.kind !== 'end') tokens.fail(ENDINGS.get(tokens.next.value) ?? 'The query should end here.');
  return query;
}

const ENDINGS: ReadonlyMap<string, string> = new Map([
  ['order', 'A rule selects a set of resources: leave "order by" out.'],
  ['group', 'A rule selects a set of resources: leave "group by" out.'],
  ['having', 'A rule selects a set of resources: leave "having" out.'],
  ['union', 'Write one query, with "or", or two rules.'],
  ['right', 'Only inner and left joins are possible.'],
  ['full', 'Only inner and left joins are possible.'],
  ['cross', 'Only inner and left joins are possible.'],
  [
    ',',
    'Write "inner join <class> on <class>.ResourceId = <class>.ResourceId" instead of a list of classes.',
  ],
  [')', 'This parenthesis was not opened.'],
]);

class QueryParser {
  private readonly operands: OperandParser;
  private readonly conditions: ConditionParser;

  constructor(private readonly tokens: TokenReader) {
    this.operands = new OperandParser(tokens);
    this.conditions = new ConditionParser(tokens, this.operands, (nesting) => this.query(nesting));
  }

  query(nesting: number): WqlQuery {
    const { tokens } = this;
    if (nesting > expressionLimits.subqueries) {
      tokens.fail(`Subqueries go at most ${expressionLimits.subqueries} deep.`);
    }
    tokens.expectWord('select', 'with which a query begins');
    const distinct = tokens.skipWord('distinct');
    const select = this.selected();
    tokens.expectWord('from', 'after what is selected');
    const from = this.source();
    const joins = this.joins();
    const where = tokens.skipWord('where') ? this.conditions.condition(nesting) : undefined;
    return { distinct, select, from, joins, where };
  }

  private selected(): WqlSelected[] {
    const items = [this.selectedItem()];
    while (this.tokens.skipSymbol(',')) items.push(this.selectedItem());
    return items;
  }

  private selectedItem(): WqlSelected {
    const { tokens } = this;
    const { at } = tokens.next;
    if (tokens.skipSymbol('*')) return { kind: 'all', qualifier: undefined, at };
    const first = tokens.expectName('a property or "*"');
    if (!tokens.skipSymbol('.')) return { kind: 'path', qualifier: undefined, name: first.at.piece, at };
    const qualifier = first.at.piece;
    if (tokens.skipSymbol('*')) return { kind: 'all', qualifier, at };
    return { kind: 'path', qualifier, name: this.operands.propertyName(), at };
  }

  private source(): WqlSource {
    const { tokens } = this;
    const name = tokens.expectName('a class');
    const hasAlias = tokens.skipWord('as') || tokens.isName();
    const alias = hasAlias ? tokens.expectName('the alias').at.piece : undefined;
    return { className: name.at.piece, alias, at: name.at };
  }

  private joins(): WqlJoin[] {
    const { tokens } = this;
    const joins: WqlJoin[] = [];
    while (tokens.isWord('inner', 'left', 'join')) {
      if (joins.length === expressionLimits.joins) {
        tokens.fail(`A query has at most ${expressionLimits.joins} joins.`);
      }
      const kind = tokens.skipWord('left') ? 'left' : 'inner';
      if (kind === 'left') tokens.skipWord('outer');
      else tokens.skipWord('inner');
      tokens.expectWord('join', 'as in "inner join"');
      const source = this.source();
      tokens.expectWord('on', 'and after it which keys are equal');
      joins.push({ kind, ...source, on: this.keyPairs() });
    }
    return joins;
  }

  private keyPairs(): { left: WqlPath; right: WqlPath }[] {
    const pairs = [];
    do {
      const left = this.operands.path();
      this.tokens.expectSymbol('=', 'since classes are joined by equal ResourceId');
      pairs.push({ left, right: this.operands.path() });
    } while (this.tokens.skipWord('and'));
    return pairs;
  }
}
