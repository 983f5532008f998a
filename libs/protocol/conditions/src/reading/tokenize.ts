import { expressionLimits } from '../limits.js';
import { textProblem } from '../values.js';
import type { Fail } from '../expression.error.js';
import type { ExpressionLanguage, PlaceOf, Token } from './language.js';

/** Splits a text; refuses it, in the words of its language, at what is no part of that. */
export function tokenize<At>(text: string, language: ExpressionLanguage<At>): Token<At>[] {
  if (text.length > expressionLimits.characters) {
    language.refuse(language.beyond.characters(text.length), undefined);
  }
  const placeOf = language.placesIn(text);
  const tokens: Token<At>[] = [];
  let from = skipSpace(text, 0, language.space);
  while (from < text.length) {
    const token = readToken(text, from, language, placeOf);
    tokens.push(token);
    from = skipSpace(text, token.end, language.space);
  }
  const end = text.length;
  tokens.push({ kind: 'end', value: '', at: placeOf(end, ''), start: end, end });
  return tokens;
}

function readToken<At>(
  text: string,
  start: number,
  language: ExpressionLanguage<At>,
  placeOf: PlaceOf<At>,
): Token<At> {
  for (const [kind, pattern] of language.tokens) {
    pattern.lastIndex = start;
    const piece = pattern.exec(text)?.[0];
    if (piece === undefined) continue;
    const at = placeOf(start, piece);
    const value = language.valueOf(kind, piece, (problem) => language.refuse(problem, at));
    return { kind, value, at, start, end: start + piece.length };
  }
  const piece = String.fromCodePoint(text.codePointAt(start) ?? 0);
  const problem = language.advice.get(piece) ?? `"${piece.toWellFormed()}" has no meaning here.`;
  return language.refuse(problem, placeOf(start, piece));
}

/** A text without its quotes, of which those inside are written twice; whatever stands before it is left out. */
export function unquote(piece: string, fail: Fail): string {
  return checkedText(piece.slice(piece.indexOf("'") + 1, -1).replaceAll("''", "'"), fail);
}

/** The value of a text, where it can be one. */
export function checkedText(value: string, fail: Fail): string {
  const problem = textProblem(value);
  return problem === undefined ? value : fail(problem);
}

function skipSpace(text: string, from: number, space: RegExp): number {
  space.lastIndex = from;
  return space.test(text) ? space.lastIndex : from;
}
