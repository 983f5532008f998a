import {
  checkedText,
  expressionLimits,
  type ExpressionLanguage,
  type Fail,
  type Place,
} from '@espalier/conditions';
import { WqlError } from './wql.error.js';

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

/** Words are in lower case, texts without quotes and escapes, the rest as written. */
export const wqlLanguage: ExpressionLanguage<Place> = {
  space: /\s+/y,
  tokens: [
    ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
    ['number', /-?[0-9]+(?:\.[0-9]+)?/y],
    ['text', /"(?:[^"\\]|""|\\[^])*"|'(?:[^'\\]|''|\\[^])*'/y],
    ['symbol', /<>|!=|<=|>=|[=<>(),.*]/y],
  ],
  advice: ADVICE,
  beyond: {
    characters: (given) =>
      `A query has at most ${expressionLimits.characters} characters; this has ${given}.`,
    conditions: `A query has at most ${expressionLimits.conditions} conditions.`,
    depth: `Parentheses and "not" go at most ${expressionLimits.depth} deep.`,
    values: `The lists of a query have at most ${expressionLimits.values} values together.`,
  },
  placesIn: (text) => {
    const places = new PlaceCounter(text);
    return (offset, piece) => places.at(offset, piece);
  },
  valueOf: (kind, piece, fail) => {
    if (kind === 'word') return piece.toLowerCase();
    return kind === 'text' ? unescaped(piece, fail) : piece;
  },
  refuse: (problem, at = { line: 1, column: 1, piece: '' }) => {
    throw new WqlError(problem, at);
  },
};

/** Backslash escapes quotes and itself; before anything else it stands for itself. */
function unescaped(piece: string, fail: Fail): string {
  const quote = piece.charAt(0);
  const value = piece
    .slice(1, -1)
    .replaceAll(
      /\\(["'\\])|""|''/g,
      (match, escaped: string | undefined) => escaped ?? (match.startsWith(quote) ? quote : match),
    );
  return checkedText(value, fail);
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
