import { expressionLimits } from '../limits.js';
import { comparisonOf, type AffixFunction, type FilterOperator } from '../filter-words.js';
import type { ExpressionLanguage, PlaceOf, TokenKind } from './language.js';
import { TokenReader } from './token.reader.js';

const AFFIXES: ReadonlySet<string> = new Set<AffixFunction>(['contains', 'startswith', 'endswith']);

const isOperator = (word: string): word is FilterOperator => Object.hasOwn(comparisonOf, word);
const isAffix = (word: string): word is AffixFunction => AFFIXES.has(word);

/** What the languages of filters have in common. */
export const filterLanguage = {
  /** A `+` outside of a text is a space that was encoded for a form and not decoded. */
  space: /[\s+]+/y,
  word: ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  beyond: {
    characters: (given) =>
      `At most ${expressionLimits.characters} characters are possible; this has ${given}.`,
    conditions: `A filter has at most ${expressionLimits.conditions} conditions.`,
    depth: `Parentheses, functions and "not" go at most ${expressionLimits.depth} deep.`,
    values: `Lists have at most ${expressionLimits.values} values together.`,
  },
} as const satisfies Pick<ExpressionLanguage<unknown>, 'space' | 'beyond'> & {
  word: readonly [TokenKind, RegExp];
};

/** Goes through the tokens of a filter or an order. */
export class FilterReader<At> extends TokenReader<At> {
  private readonly placeOf: PlaceOf<At>;

  constructor(text: string, language: ExpressionLanguage<At>) {
    super(text, language);
    this.placeOf = language.placesIn(text);
  }

  /** `and` or `or`; some scripts leave out the spaces around it: `Name eq 'a'andClient eq 1`. */
  override skipConnective(word: 'and' | 'or'): boolean {
    if (this.skipWord(word)) return true;
    const { kind, value, start, end } = this.next;
    const isGlued = this.tokens[this.position - 1]?.end === start;
    if (kind !== 'word' || !isGlued || !value.toLowerCase().startsWith(word)) return false;
    const rest = value.slice(word.length);
    const at = this.placeOf(start + word.length, rest);
    this.tokens[this.position] = { kind, value: rest, at, start: start + word.length, end };
    return true;
  }

  /** The operator that stands next, and beyond it. */
  operator(): FilterOperator | undefined {
    const word = this.next.value.toLowerCase();
    if (this.next.kind !== 'word' || !isOperator(word)) return undefined;
    this.position += 1;
    return word;
  }

  /** The function that is called next, if it is a condition. */
  get affix(): AffixFunction | undefined {
    const word = this.next.value.toLowerCase();
    return this.next.kind === 'word' && isAffix(word) && this.isBefore('(') ? word : undefined;
  }

  /**
   * Whether what was read is to be true or false: `contains(Name,'x') eq true`, as public modules write it.
   * @param what was read, for whom it cannot be compared otherwise
   */
  statedTruth(what: string): boolean {
    const operator = this.operator();
    if (operator === undefined) return true;
    const { next } = this;
    const isTruth = this.skipWord('true') || this.skipWord('false');
    if (!isTruth || (operator !== 'eq' && operator !== 'ne')) {
      this.fail(`After a ${what} only "eq true" or "eq false" is possible.`, next.at);
    }
    return (next.value.toLowerCase() === 'true') === (operator === 'eq');
  }

  /** The direction behind a name in an order: ascending unless it says otherwise. */
  isDescending(): boolean {
    if (this.skipWord('desc')) return true;
    this.skipWord('asc');
    return false;
  }

  expectEnd(expected: string): void {
    if (this.next.kind !== 'end') this.fail(`Here ${expected} or the end is expected.`);
  }
}
