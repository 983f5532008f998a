import { expressionLimits, textProblem, type Place } from '@espalier/conditions';
import { FilterError } from './filter.error.js';

/** A word, number, time, text or symbol; `end` stands after the last. */
export interface Token {
  readonly kind: 'word' | 'number' | 'time' | 'text' | 'symbol' | 'end';
  /** Words as written, texts without quotes; numbers and times as written. */
  readonly value: string;
  readonly at: Place;
}

/** A `+` is a space that was encoded for a form and not decoded. */
const SPACE = /[\s+]+/y;
const TOKENS = [
  ['time', /[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?/iy],
  ['number', /-?[0-9]+(?:\.[0-9]+)?/y],
  // OData 2 writes guid'…' and datetime'…'.
  ['text', /(?:guid|datetime|datetimeoffset|time)?'(?:[^']|'')*'/iy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /[(),]/y],
] as const;

const ADVICE: ReadonlyMap<string, string> = new Map([
  ["'", "This text has no closing quote. A quote inside a text is written twice: 'it''s'."],
  ['"', "Write texts in single quotes: 'text'."],
  ['=', 'Write "eq".'],
  ['!', 'Write "ne" or "not".'],
  ['<', 'Write "lt" or "le".'],
  ['>', 'Write "gt" or "ge".'],
  ['&', 'Write "and".'],
  ['|', 'Write "or".'],
  ['/', 'Paths and any/all are not possible: name a field of the list.'],
  ['.', 'Paths are not possible: name a field of the list.'],
  [';', 'A filter is one condition, without ";".'],
]);

/** Splits a filter or an order; throws FilterError at what is no part of the language. */
export function tokenize(text: string): Token[] {
  const { characters } = expressionLimits;
  if (text.length > characters) {
    const place = { line: 1, column: 1, piece: '' };
    throw new FilterError(`At most ${characters} characters are possible; this has ${text.length}.`, place);
  }
  const tokens: Token[] = [];
  let from = skipSpace(text, 0);
  while (from < text.length) {
    const token = readToken(text, from);
    tokens.push(token);
    from = skipSpace(text, from + token.at.piece.length);
  }
  tokens.push({ kind: 'end', value: '', at: { line: 1, column: text.length + 1, piece: '' } });
  return tokens;
}

function readToken(text: string, from: number): Token {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = from;
    const piece = pattern.exec(text)?.[0];
    if (piece === undefined) continue;
    const at = { line: 1, column: from + 1, piece };
    return { kind, value: kind === 'text' ? unquote(piece, at) : piece, at };
  }
  const piece = String.fromCodePoint(text.codePointAt(from) ?? 0);
  const at = { line: 1, column: from + 1, piece };
  throw new FilterError(ADVICE.get(piece) ?? `"${piece}" has no meaning here.`, at);
}

function unquote(piece: string, at: Place): string {
  const value = piece.slice(piece.indexOf("'") + 1, -1).replaceAll("''", "'");
  const problem = textProblem(value);
  if (problem !== undefined) throw new FilterError(problem, at);
  return value;
}

function skipSpace(text: string, from: number): number {
  SPACE.lastIndex = from;
  return SPACE.test(text) ? SPACE.lastIndex : from;
}
