import { expressionLimits, type Place } from '@espalier/conditions';
import { WqlError } from './wql.error.js';
import { tokenize, type Token } from './wql.lexer.js';

/** Words of the language; a name that is one of them must be written with its class. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'select distinct from as where inner left outer join on and or not like in is null isnull true false right full cross group order by having union'.split(
    ' ',
  ),
);

/** Goes through the tokens of a query. */
export class TokenReader {
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  get next(): Token {
    return this.tokens[this.position] as Token;
  }

  /** The token after the next. */
  get second(): Token | undefined {
    return this.tokens[this.position + 1];
  }

  take(): Token {
    const token = this.next;
    if (token.kind !== 'end') this.position += 1;
    return token;
  }

  isWord(...words: readonly string[]): boolean {
    return this.next.kind === 'word' && words.includes(this.next.value);
  }

  isSymbol(symbol: string): boolean {
    return this.next.kind === 'symbol' && this.next.value === symbol;
  }

  /** True, and beyond it, where the word stands next. */
  skipWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.position += 1;
    return found;
  }

  skipSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.position += 1;
    return found;
  }

  expectWord(word: string, where: string): Token {
    return this.isWord(word) ? this.take() : this.fail(`Here "${word}" is expected, ${where}.`);
  }

  expectSymbol(symbol: string, where: string): Token {
    return this.isSymbol(symbol) ? this.take() : this.fail(`Here "${symbol}" is expected, ${where}.`);
  }

  /** True where a name stands next, not a word of the language. */
  isName(): boolean {
    return this.next.kind === 'word' && !KEYWORDS.has(this.next.value);
  }

  /** A name as it is written. */
  expectName(what: string): Token {
    return this.isName() ? this.take() : this.fail(`Here the name of ${what} is expected.`);
  }

  /** Reads what stands inside of something, which can go only so deep. */
  deeper<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > expressionLimits.depth) {
      this.fail(`Parentheses and "not" go at most ${expressionLimits.depth} deep.`);
    }
    const result = read();
    this.depth -= 1;
    return result;
  }

  fail(problem: string, at: Place = this.next.at): never {
    const shown = at.piece.length > 40 ? `${at.piece.slice(0, 40)}…` : at.piece;
    const found = at.piece === '' ? 'The query ends here.' : `Found: ${shown}`;
    throw new WqlError(`${problem} ${found}`, at);
  }
}
