import { expressionLimits, type Place } from '@espalier/conditions';
import { FilterError } from './filter.error.js';
import { tokenize, type Token } from './filter.lexer.js';

/** Goes through the tokens of a filter or an order; words in any case. */
export class TokenReader {
  private readonly tokens: Token[];
  private position = 0;
  private depth = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  get next(): Token {
    return this.tokens[this.position] as Token;
  }

  /** True where a parenthesis follows the next token. */
  get isCall(): boolean {
    const second = this.tokens[this.position + 1];
    return second?.kind === 'symbol' && second.value === '(';
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.position += 1;
    return token;
  }

  skipWord(word: string): boolean {
    const found = this.next.kind === 'word' && this.next.value.toLowerCase() === word;
    if (found) this.position += 1;
    return found;
  }

  /** `and` or `or`; some scripts leave out the spaces around it: `Name eq 'a'andClient eq 1`. */
  skipConnective(word: 'and' | 'or'): boolean {
    if (this.skipWord(word)) return true;
    const before = this.tokens[this.position - 1];
    const { kind, value, at } = this.next;
    const isGlued = before !== undefined && before.at.column + before.at.piece.length === at.column;
    if (kind !== 'word' || !isGlued || !value.toLowerCase().startsWith(word)) return false;
    const piece = value.slice(word.length);
    this.tokens[this.position] = {
      kind,
      value: piece,
      at: { ...at, column: at.column + word.length, piece },
    };
    return true;
  }

  isSymbol(symbol: string): boolean {
    return this.next.kind === 'symbol' && this.next.value === symbol;
  }

  skipSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.position += 1;
    return found;
  }

  expectSymbol(symbol: string): void {
    if (!this.skipSymbol(symbol)) this.fail(`Here "${symbol}" is expected.`);
  }

  /** Reads what stands inside of something, which can go only so deep. */
  deeper<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > expressionLimits.depth) {
      this.fail(`Parentheses, functions and "not" go at most ${expressionLimits.depth} deep.`);
    }
    const result = read();
    this.depth -= 1;
    return result;
  }

  fail(problem: string, at: Place = this.next.at): never {
    throw new FilterError(problem, at);
  }
}
