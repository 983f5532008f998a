import { expressionLimits } from '../limits.js';
import type { ExpressionLanguage, Token } from './language.js';
import { tokenize } from './tokenize.js';

/**
 * Goes through the tokens of one text, and counts what it may hold only so much of. Words count in any case.
 * @typeParam At how the language tells places
 */
export class TokenReader<At> {
  protected readonly tokens: Token<At>[];
  protected position = 0;
  private depth = 0;
  private conditions = 0;
  private values = 0;

  constructor(
    text: string,
    private readonly language: ExpressionLanguage<At>,
  ) {
    this.tokens = tokenize(text, language);
  }

  get next(): Token<At> {
    return this.tokens[this.position] as Token<At>;
  }

  /** True where the symbol follows the next token. */
  isBefore(symbol: string): boolean {
    const second = this.tokens[this.position + 1];
    return second?.kind === 'symbol' && second.value === symbol;
  }

  take(): Token<At> {
    const token = this.next;
    if (token.kind !== 'end') this.position += 1;
    return token;
  }

  /** @param words in lower case */
  isWord(...words: readonly string[]): boolean {
    return this.next.kind === 'word' && words.includes(this.next.value.toLowerCase());
  }

  /** True, and beyond it, where the word stands next. */
  skipWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.position += 1;
    return found;
  }

  /** The same for what joins conditions. */
  skipConnective(word: 'and' | 'or'): boolean {
    return this.skipWord(word);
  }

  isSymbol(symbol: string): boolean {
    return this.next.kind === 'symbol' && this.next.value === symbol;
  }

  skipSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.position += 1;
    return found;
  }

  /** @param where says what the symbol is for */
  expectSymbol(symbol: string, where?: string): void {
    if (this.skipSymbol(symbol)) return;
    this.fail(`Here "${symbol}" is expected${where === undefined ? '' : `, ${where}`}.`);
  }

  /** Reads what stands inside of something, which can go only so deep. */
  deeper<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > expressionLimits.depth) this.fail(this.language.beyond.depth);
    const result = read();
    this.depth -= 1;
    return result;
  }

  /** Before each condition, of which there can be only so many. */
  countCondition(): void {
    this.conditions += 1;
    if (this.conditions > expressionLimits.conditions) this.fail(this.language.beyond.conditions);
  }

  /** Reads the values of a list behind its opening parenthesis, and its closing one. */
  list<T>(read: () => T, where?: string): T[] {
    const values: T[] = [];
    do {
      this.values += 1;
      if (this.values > expressionLimits.values) this.fail(this.language.beyond.values);
      values.push(read());
    } while (this.skipSymbol(','));
    this.expectSymbol(')', where);
    return values;
  }

  fail(problem: string, at: At = this.next.at): never {
    return this.language.refuse(problem, at);
  }
}
