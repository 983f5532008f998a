import { tokenize, type Token } from './filter.lexer.js';
import { odataLimits } from './limits.js';
import { ODataError, type ODataStatus } from './odata.error.js';

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

  /** True where the symbol follows the next token. */
  isBefore(symbol: string): boolean {
    const second = this.tokens[this.position + 1];
    return second?.kind === 'symbol' && second.value === symbol;
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.position += 1;
    return token;
  }

  isWord(word: string): boolean {
    return this.next.kind === 'word' && this.next.value.toLowerCase() === word;
  }

  skipWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.position += 1;
    return found;
  }

  /** `and` or `or`; some modules leave out the spaces around it: `Name eq 'a'andClient eq 1`. */
  skipConnective(word: 'and' | 'or'): boolean {
    if (this.skipWord(word)) return true;
    const { kind, value, at, end } = this.next;
    const isGlued = this.tokens[this.position - 1]?.end === at;
    if (kind !== 'word' || !isGlued || !value.toLowerCase().startsWith(word)) return false;
    this.tokens[this.position] = { kind, value: value.slice(word.length), at: at + word.length, end };
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

  expectEnd(expected: string): void {
    if (this.next.kind !== 'end') this.fail(`Here ${expected} or the end is expected.`);
  }

  /** Reads what stands inside of something, which can go only so deep. */
  deeper<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > odataLimits.depth) {
      this.fail(`Parentheses, functions and "not" go at most ${odataLimits.depth} deep.`);
    }
    const result = read();
    this.depth -= 1;
    return result;
  }

  fail(problem: string, at: number = this.next.at, status: ODataStatus = 400): never {
    throw new ODataError(status, problem, at);
  }
}
