import { suggestName } from '@espalier/conditions';
import { odataLimits } from './limits.js';
import { ODataError } from './odata.error.js';

/** Options of a request, each as written but decoded: `$filter` and the like are read against a model. */
export interface QueryOptions {
  readonly filter?: string;
  readonly select?: string;
  readonly orderBy?: string;
  readonly expand?: string;
  /** Not negative. */
  readonly top?: number;
  /** Not negative. */
  readonly skip?: number;
  /** True where the number of all rows is asked for. */
  readonly count: boolean;
  readonly skipToken?: string;
  /** `xml` for metadata only. */
  readonly format?: 'json' | 'xml';
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };
type Read = (options: Mutable<QueryOptions>, value: string) => void;

const READERS: Readonly<Record<string, Read>> = {
  $filter: (options, value) => (options.filter = value),
  $select: (options, value) => (options.select = value),
  $orderby: (options, value) => (options.orderBy = value),
  $expand: (options, value) => (options.expand = value),
  $skiptoken: (options, value) => (options.skipToken = value),
  $top: (options, value) => (options.top = wholeNumber('$top', value)),
  $skip: (options, value) => (options.skip = wholeNumber('$skip', value)),
  $count: (options, value) => (options.count = flag('$count', value)),
  $format: (options, value) => (options.format = format(value)),
};

/** What OData knows and this service does not. */
const LEFT_OUT = new Set([
  '$apply',
  '$compute',
  '$search',
  '$deltatoken',
  '$id',
  '$index',
  '$schemaversion',
  '$levels',
]);

/** What earlier versions of OData called otherwise. */
const RENAMED: ReadonlyMap<string, string> = new Map([['$inlinecount', '$count=true']]);

/**
 * Reads a raw, still encoded query, with or without its `?`: names in any case, `$` also encoded, `+` for spaces.
 * Options without `$` are ignored, as OData has it. Throws ODataError.
 */
export function parseQueryOptions(rawQuery: string): QueryOptions {
  if (rawQuery.length > odataLimits.query) {
    throw new ODataError(400, `A query has at most ${odataLimits.query} characters.`);
  }
  const options: Mutable<QueryOptions> = { count: false };
  const given = new Set<string>();
  for (const [name, value] of splitQuery(rawQuery)) {
    if (name === '') throw namelessOption();
    if (!name.startsWith('$')) continue;
    const read = readerOf(name);
    if (given.has(name)) throw new ODataError(400, `${name} comes twice.`);
    given.add(name);
    read(options, checked(name, value));
  }
  return options;
}

/**
 * The same request for the page after it. `url` has no query; `rawQuery` is the request's own. `top` is how many of
 * the rows that were asked for are still to come.
 */
export function nextLink(
  url: string,
  rawQuery: string,
  next: { readonly skipToken: string; readonly top?: number },
): string {
  const replaced = new Set(['$skiptoken', '$skip', '$top']);
  if (next.top === undefined) replaced.delete('$top');
  const kept = parts(rawQuery).filter(
    (part) =>
      !replaced.has(
        decoded(part.split('=', 1)[0] ?? '')
          .trim()
          .toLowerCase(),
      ),
  );
  const added = [
    ...(next.top === undefined ? [] : [`$top=${next.top}`]),
    `$skiptoken=${encodeURIComponent(next.skipToken)}`,
  ];
  return `${url}?${[...kept, ...added].join('&')}`;
}

const parts = (rawQuery: string): string[] =>
  rawQuery
    .replace(/^\?/, '')
    .split('&')
    .filter((part) => part !== '');

function splitQuery(rawQuery: string): (readonly [name: string, value: string])[] {
  const all = parts(rawQuery);
  if (all.length > odataLimits.options) {
    throw new ODataError(400, `A query has at most ${odataLimits.options} options.`);
  }
  return all.map((part) => {
    const equals = part.indexOf('=');
    const [name, value] = equals === -1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
    return [decoded(name).trim().toLowerCase(), decoded(value).trim()];
  });
}

/** PowerShell replaces `$filter` in double quotes by a variable that is empty: everything would be listed. */
const namelessOption = (): ODataError =>
  new ODataError(400, 'An option has no name. PowerShell keeps $filter in single quotes, or as `$filter.');

function readerOf(name: string): Read {
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  if (read !== undefined) return read;
  if (LEFT_OUT.has(name)) throw new ODataError(501, `${name} is not possible here.`);
  const renamed = RENAMED.get(name);
  if (renamed !== undefined) throw new ODataError(400, `Write ${renamed} in place of ${name}.`);
  throw new ODataError(
    400,
    `There is no option "${name.slice(0, 64).toWellFormed()}". ${suggestName(name, Object.keys(READERS))}`,
  );
}

function checked(name: string, value: string): string {
  if (value === '') throw new ODataError(400, `${name} is empty: leave it out.`);
  if (value.length > odataLimits.option) {
    throw new ODataError(400, `${name} has at most ${odataLimits.option} characters.`);
  }
  return value;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new ODataError(400, 'The query is not percent-encoded UTF-8: "%" itself is written %25.');
  }
}

function wholeNumber(name: string, value: string): number {
  if (/^[0-9]{1,9}$/.test(value)) return Number(value);
  throw new ODataError(400, `${name} is a whole number from 0 to 999999999.`);
}

function flag(name: string, value: string): boolean {
  if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new ODataError(400, `${name} is true or false.`);
}

/** Parameters such as `odata.metadata=minimal` and `odata=verbose` change nothing. */
function format(value: string): 'json' | 'xml' {
  const kind = /^(?:application\/)?(json|xml)(?:\s*;.*)?$/is.exec(value)?.[1]?.toLowerCase();
  if (kind === 'json' || kind === 'xml') return kind;
  throw new ODataError(400, '$format is json; for $metadata also xml.');
}
