import { filterLanguage, unquote, type ExpressionLanguage } from '@espalier/conditions';
import { ODataError } from './odata.error.js';

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

/** Filters, orders and lists of names; places are in characters, from 1. */
export const odataExpressions: ExpressionLanguage<number> = {
  ...filterLanguage,
  tokens: [
    ['text', /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/iy],
    // The sign of an offset came as "+", which a query decodes to a space.
    [
      'time',
      /[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+ -][0-9]{2}:[0-9]{2})?)?/iy,
    ],
    ['number', /-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?(?:[lmfd](?![\p{L}\p{N}_]))?/iuy],
    // OData 2 writes guid'…' and datetime'…'.
    ['text', /(?:guid|datetime|datetimeoffset)?'(?:[^']|'')*'/iy],
    filterLanguage.word,
    ['symbol', /[(),/:*]/y],
  ],
  advice: ADVICE,
  placesIn: () => (offset) => offset + 1,
  valueOf: (kind, piece, fail) => {
    if (kind === 'time') return piece.replace(' ', '+');
    if (kind !== 'text' || !piece.includes("'")) return piece;
    // As above; no other text has this form.
    return unquote(piece, fail).replace(/^(\d{4}-\d{2}-\d{2}T[0-9:.]+) (\d{2}:\d{2})$/i, '$1+$2');
  },
  refuse: (problem, at) => {
    throw new ODataError(400, problem, at);
  },
};
