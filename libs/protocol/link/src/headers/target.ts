import { LinkError } from '../link-error.js';

/** Longest request target, query included: SCEP by GET carries a whole CMS message in the query. */
export const MAX_TARGET_LENGTH = 8_192;

/** A request target that was checked. Neither part is ever decoded or normalised. */
export interface Target {
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
}

/** RFC 3986 §3.3 path characters without `;`, which some servers cut segments at. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{2})*$/;
/** RFC 3986 §3.4, and the characters that real clients leave unescaped. */
const QUERY = /^[\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7e]*$/;
/** Escaped separators, dots and control characters: what a second decoder would read differently. */
const DECEITFUL_ESCAPE = /%(?:2f|5c|2e|25|[01][0-9a-f]|7f)/i;
const EMPTY_OR_DOT_SEGMENT = /\/(?:\/|\.{1,2}(?:\/|$))/;

/**
 * Checks the target of a request once, raw, for both ends: what passes means the same to every parser.
 * @throws LinkError TARGET where it is not in origin form (RFC 9112 §3.2.1) or could be read in two ways
 */
export function checkTarget(target: string): Target {
  if (target.length > MAX_TARGET_LENGTH) throw refusal('is too long');
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  if (!PATH.test(path)) throw refusal('is not an absolute path of plain characters');
  if (EMPTY_OR_DOT_SEGMENT.test(path)) throw refusal('has an empty segment or a dot segment');
  if (path.includes('%') && DECEITFUL_ESCAPE.test(path)) throw refusal('has an escaped separator or dot');
  if (!QUERY.test(query)) throw refusal('has a query with characters that must be escaped');
  return { path, query };
}

function refusal(what: string): LinkError {
  return new LinkError('TARGET', `The request target ${what}.`);
}
