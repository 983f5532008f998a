import { expressionLimits, textProblem, type Place } from '@espalier/conditions';
import { WqlError } from './wql.error.js';

/** A word, number, text or symbol; `end` stands after the last. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'symbol' | 'end';
  /** Words in lower case, texts without quotes and escapes, the rest as written. */
  readonly value: string;
  readonly at: Place;
}

const SPACE = /\s+/y;
const TOKENS = [
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['number', /-?[0-9]+(?:\.[0-9]+)?/y],
  ['text', /"(?:[^"\\]|""|\\[^])*"|'(?:[^'\\]|''|\\[^])*'/y],
  ['symbol', /<>|!=|<=|>=|[=<>(),.*]/y],
] as const;

const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    '"',
    'This text has no closing quote. A backslash before a quote makes it part of the text: write \\\\ for \\.',
  ],
  [
    "'",
    'This text has no closing quote. A backslash before a quote makes it part of the text: write \\\\ for \\.',
  ],
  ['-', 'Comments and subtraction are not possible here; a negative number is written without a space: -5.'],
  ['/', 'Comments are not possible here.'],
  [';', 'A query is one statement, without ";".'],
  ['[', 'Write names without brackets; sets of characters stand in quotes after like.'],
  ['!', 'Write "<>" or "not".'],
  ['“', 'Write straight quotes: ".'],
  ['”', 'Write straight quotes: ".'],
  ['‘', "Write straight quotes: '."],
  ['’', "Write straight quotes: '."],
]);

/** Splits a query; throws WqlError at what is no part of the language. */
export function tokenize(text: string): Token[] {
  const { characters } = expressionLimits;
  if (text.length > characters) {
    const place = { line: 1, column: 1, piece: '' };
    throw new WqlError(`A query has at most ${characters} characters; this has ${text.length}.`, place);
  }
  const tokens: Token[] = [];
  const places = new PlaceCounter(text);
  let from = skipSpace(text, 0);
  while (from < text.length) {
    const token = readToken(text, from, places);
    tokens.push(token);
    from = skipSpace(text, from + token.at.piece.length);
  }
  tokens.push({ kind: 'end', value: '', at: places.at(text.length, '') });
  return tokens;
}

function readToken(text: string, from: number, places: PlaceCounter): Token {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = from;
    const piece = pattern.exec(text)?.[0];
    if (piece === undefined) continue;
    const at = places.at(from, piece);
    if (kind === 'word') return { kind, value: piece.toLowerCase(), at };
    return { kind, value: kind === 'text' ? unquote(piece, at) : piece, at };
  }
  const piece = String.fromCodePoint(text.codePointAt(from) ?? 0);
  throw new WqlError(ADVICE.get(piece) ?? `"${piece}" has no meaning here.`, places.at(from, piece));
}

/** Backslash escapes quotes and itself; before anything else it stands for itself. */
function unquote(piece: string, at: Place): string {
  const quote = piece.charAt(0);
  const value = piece
    .slice(1, -1)
    .replaceAll(
      /\\(["'\\])|""|''/g,
      (match, escaped: string | undefined) => escaped ?? (match.startsWith(quote) ? quote : match),
    );
  const problem = textProblem(value);
  if (problem !== undefined) throw new WqlError(problem, at);
  return value;
}

function skipSpace(text: string, from: number): number {
  SPACE.lastIndex = from;
  return SPACE.test(text) ? SPACE.lastIndex : from;
}

/** Counts lines while it goes forward. */
class PlaceCounter {
  private line = 1;
  private lineStart = 0;
  private seen = 0;

  constructor(private readonly text: string) {}

  at(offset: number, piece: string): Place {
    for (;;) {
      const end = this.text.indexOf('\n', this.seen);
      if (end === -1 || end >= offset) break;
      this.line += 1;
      this.lineStart = end + 1;
      this.seen = end + 1;
    }
    return { line: this.line, column: offset - this.lineStart + 1, piece };
  }
}
