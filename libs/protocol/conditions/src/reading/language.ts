import type { Fail } from '../expression.error.js';

/** What the pieces of an expression are; `end` stands after the last. */
export type TokenKind = 'word' | 'number' | 'time' | 'text' | 'symbol';

/** @typeParam At how the language tells places */
export interface Token<At> {
  readonly kind: TokenKind | 'end';
  /** What the language makes of it: texts are without their quotes. */
  readonly value: string;
  readonly at: At;
  /** Where it begins and what follows it: offsets in the text. */
  readonly start: number;
  readonly end: number;
}

/**
 * How a language splits its texts, and how it refuses them.
 * @typeParam At how it tells places
 */
export interface ExpressionLanguage<At> {
  /** Sticky, as all patterns here. */
  readonly space: RegExp;
  /** The first that matches counts. */
  readonly tokens: readonly (readonly [kind: TokenKind, pattern: RegExp])[];
  /** What to write instead of a character with which nothing begins. */
  readonly advice: ReadonlyMap<string, string>;
  /** What is said of a text beyond `expressionLimits`. */
  readonly beyond: {
    readonly characters: (given: number) => string;
    readonly conditions: string;
    readonly depth: string;
    readonly values: string;
  };
  /** Gives a function that tells places; its offsets never decrease. */
  readonly placesIn: (text: string) => PlaceOf<At>;
  readonly valueOf: (kind: TokenKind, piece: string, fail: Fail) => string;
  /**
   * Throws the error of the language.
   * @param at undefined for the text as a whole
   */
  readonly refuse: (problem: string, at: At | undefined) => never;
}

/** The place of a piece that begins at an offset; the piece is empty at the end. */
export type PlaceOf<At> = (offset: number, piece: string) => At;
