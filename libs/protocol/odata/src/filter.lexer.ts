import { textProblem } from '@espalier/conditions';
import { odataLimits } from './limits.js';
import { ODataError } from './odata.error.js';

/** A word, number, time, text or symbol; `end` stands after the last. */
export interface Token {
  readonly kind: 'word' | 'number' | 'time' | 'text' | 'symbol' | 'end';
  /** Words, numbers and times as written, texts without quotes. */
  readonly value: string;
  /** Where it begins and where it ends: in characters, from 1. */
  readonly at: number;
  readonly end: number;
}

/** A `+` outside of a text is a space that was encoded for a form. */
const SPACE = /[\s+]+/y;
const TOKENS = [
  ['text', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iy],
  // The sign of an offset came as "+", which a query decodes to a space.
  [
    'time',
    /[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+ -][0-9]{2}:[0-9]{2})?)?/iy,
  ],
  ['number', /-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?(?:[lmfd](?![\p{L}\p{N}_]))?/iuy],
  // OData 2 writes guid'…' and datetime'…'.
  ['text', /(?:guid|datetime|datetimeoffset)?'(?:[^']|'')*'/iy],
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['symbol', /[(),/:*]/y],
] as const;

const ADVICE: ReadonlyMap<string, string> = new Map([
  ["'", "This text has no closing quote. A quote inside of a text is written twice: 'it''s'."],
  ['"', "Write texts in single quotes: 'text'."],
  ['=', 'Write "eq".'],
  ['!', 'Write "ne" or "not".'],
  ['<', 'Write "lt" or "le".'],
  ['>', 'Write "gt" or "ge".'],
  ['|', 'Write "or".'],
  ['&', 'Write "and".'],
  ['$', 'Names do not begin with "$". PowerShell replaces $name in double quotes only.'],
  ['@', 'Write the value itself in place of a parameter alias.'],
]);

/** Splits a filter or an order; throws ODataError at what is no part of the language. */
export function tokenize(text: string): Token[] {
  if (text.length > odataLimits.option) {
    throw new ODataError(
      400,
      `At most ${odataLimits.option} characters are possible; this has ${text.length}.`,
    );
  }
  const tokens: Token[] = [];
  let from = skipSpace(text, 0);
  while (from < text.length) {
    const token = readToken(text, from);
    tokens.push(token);
    from = skipSpace(text, token.end - 1);
  }
  tokens.push({ kind: 'end', value: '', at: text.length + 1, end: text.length + 1 });
  return tokens;
}

function readToken(text: string, from: number): Token {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = from;
    const piece = pattern.exec(text)?.[0];
    if (piece === undefined) continue;
    return { kind, value: valueOf(kind, piece, from + 1), at: from + 1, end: from + piece.length + 1 };
  }
  const piece = String.fromCodePoint(text.codePointAt(from) ?? 0).toWellFormed();
  throw new ODataError(400, ADVICE.get(piece) ?? `"${piece}" has no meaning here.`, from + 1);
}

function valueOf(kind: Token['kind'], piece: string, at: number): string {
  if (kind === 'time') return piece.replace(' ', '+');
  const open = piece.indexOf("'");
  if (kind !== 'text' || open === -1) return piece;
  const value = piece.slice(open + 1, -1).replaceAll("''", "'");
  const problem = textProblem(value);
  if (problem !== undefined) throw new ODataError(400, problem, at);
  // As above; no other text has this form.
  return value.replace(/^(\d{4}-\d{2}-\d{2}T[0-9:.]+) (\d{2}:\d{2})$/i, '$1+$2');
}

function skipSpace(text: string, from: number): number {
  SPACE.lastIndex = from;
  return SPACE.test(text) ? SPACE.lastIndex : from;
}
