import { filterLanguage, unquote, type ExpressionLanguage, type Place } from '@espalier/conditions';
import { FilterError } from './filter.error.js';

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

/** The filters and orders of the JSON API are one line. */
export const filterExpressions: ExpressionLanguage<Place> = {
  ...filterLanguage,
  tokens: [
    ['time', /[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?/iy],
    ['number', /-?[0-9]+(?:\.[0-9]+)?/y],
    // OData 2 writes guid'…' and datetime'…'.
    ['text', /(?:guid|datetime|datetimeoffset|time)?'(?:[^']|'')*'/iy],
    filterLanguage.word,
    ['symbol', /[(),]/y],
  ],
  advice: ADVICE,
  placesIn: () => (offset, piece) => ({ line: 1, column: offset + 1, piece }),
  valueOf: (kind, piece, fail) => (kind === 'text' ? unquote(piece, fail) : piece),
  refuse: (problem, at = { line: 1, column: 1, piece: '' }) => {
    throw new FilterError(problem, at);
  },
};
