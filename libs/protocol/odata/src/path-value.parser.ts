import { textProblem } from '@espalier/conditions';
import { odataLimits } from './limits.js';
import { ODataError } from './odata.error.js';
import type { PathArguments, PathKey, PathValue } from './request.target.js';

/** Reads what stands between the parentheses of an entity: `'SMS00001'`, `16777219` or `A='x',B=1`. Throws ODataError. */
export function parsePathKey(inside: string): PathKey {
  const values = parseValues(inside);
  const [first] = values;
  if (first !== undefined && values.length === 1 && first.name === undefined) {
    return { kind: 'single', value: first.value };
  }
  return { kind: 'composite', values: byName(values) };
}

/** Reads what stands between the parentheses of a function, if it has any: `OperationId=5`. Throws ODataError. */
export const parsePathArguments = (inside: string | undefined): PathArguments =>
  byName(inside === undefined ? [] : parseValues(inside));

interface GivenName {
  readonly name: string | undefined;
  readonly value: PathValue;
}

const VALUE =
  /\s*(?:(?<name>[A-Za-z_]\w*)\s*=\s*)?(?:(?:guid)?'(?<text>(?:[^']|'')*)'|(?<bare>[^\s'",=]+))\s*(?<end>,|$)/iy;

function parseValues(inside: string): GivenName[] {
  const values: GivenName[] = [];
  let from = 0;
  let isMore = inside.trim() !== '';
  while (isMore) {
    VALUE.lastIndex = from;
    const match = VALUE.exec(inside);
    if (match?.groups === undefined) {
      throw new ODataError(
        400,
        "A key is written ('text'), (5) or (Name='text',Other=5); a quote in a text is written twice.",
      );
    }
    const { name, text, bare = '', end } = match.groups;
    values.push({
      name,
      value: text === undefined ? bareValue(bare) : textValue(text.replaceAll("''", "'")),
    });
    if (values.length > odataLimits.pathValues) {
      throw new ODataError(400, `At most ${odataLimits.pathValues} values are possible.`);
    }
    from = VALUE.lastIndex;
    isMore = end === ',';
  }
  return values;
}

function textValue(value: string): PathValue {
  const problem = textProblem(value);
  if (problem !== undefined) throw new ODataError(400, problem);
  return { kind: 'text', value };
}

const GUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;

function bareValue(bare: string): PathValue {
  if (/^-?[0-9]+$/.test(bare)) {
    const value = Number(bare);
    if (Number.isSafeInteger(value)) return { kind: 'integer', value: value === 0 ? 0 : value };
    throw new ODataError(400, `${bare.slice(0, 64)} is too large a number.`);
  }
  if (/^(?:true|false)$/i.test(bare)) return { kind: 'flag', value: bare.toLowerCase() === 'true' };
  if (GUID.test(bare)) return { kind: 'text', value: bare };
  if (bare.startsWith('@'))
    throw new ODataError(501, 'Write the value itself in place of a parameter alias.');
  throw new ODataError(400, `Put texts in quotes: ('${bare.slice(0, 64).toWellFormed()}').`);
}

function byName(values: readonly GivenName[]): ReadonlyMap<string, PathValue> {
  const named = new Map<string, PathValue>();
  const known = new Set<string>();
  for (const { name, value } of values) {
    if (name === undefined) throw new ODataError(400, 'Several values need names: (Name=1,Other=2).');
    if (known.has(name.toLowerCase())) throw new ODataError(400, `${name} comes twice.`);
    known.add(name.toLowerCase());
    named.set(name, value);
  }
  return named;
}
