import type { FilterOperand } from './filter.ast.js';
import type { TokenReader } from './token.reader.js';

/** Functions and operators of OData that are not in here. */
const LEFT_OUT: ReadonlySet<string> = new Set(
  (
    'concat length indexof substring trim matchespattern cast isof round floor ceiling year month day hour minute ' +
    'second fractionalseconds date time totaloffsetminutes mindatetime maxdatetime case hassubset hassubsequence'
  ).split(' '),
);

/** Reads names, values and the functions that stand for them. */
export class OperandParser {
  constructor(private readonly tokens: TokenReader) {}

  operand(): FilterOperand {
    const { kind, value, at } = this.tokens.next;
    switch (kind) {
      case 'text':
      case 'time':
        this.tokens.take();
        return { kind, value, at };
      case 'number': {
        this.tokens.take();
        const number = Number(value.replace(/[lmfd]$/i, ''));
        return { kind, value: number === 0 ? 0 : number, at };
      }
      case 'word':
        this.tokens.take();
        return this.tokens.isSymbol('(') ? this.call(value.toLowerCase(), at) : wordOperand(value, at);
      case 'symbol':
      case 'end':
        return this.tokens.fail('Here a property or a value is expected.', at);
    }
  }

  private call(word: string, at: number): FilterOperand {
    if (word === 'now') {
      this.tokens.expectSymbol('(');
      this.tokens.expectSymbol(')');
      return { kind: 'now', at };
    }
    if (word === 'tolower' || word === 'toupper') {
      return this.tokens.deeper(() => {
        this.tokens.expectSymbol('(');
        const operand = this.operand();
        this.tokens.expectSymbol(')');
        return { kind: 'case', function: word, operand, at };
      });
    }
    if (word === 'substringof') this.tokens.fail("Write contains(Name,'text').", at);
    return this.tokens.fail(
      'The functions are contains, startswith, endswith, tolower, toupper and now.',
      at,
      LEFT_OUT.has(word) ? 501 : 400,
    );
  }
}

function wordOperand(value: string, at: number): FilterOperand {
  switch (value.toLowerCase()) {
    case 'null':
      return { kind: 'null', at };
    case 'true':
    case 'false':
      return { kind: 'flag', value: value.toLowerCase() === 'true', at };
    default:
      return { kind: 'name', name: value, at };
  }
}
