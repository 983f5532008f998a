import { textProblem } from '@espalier/conditions';
import { NAMESPACE, type ServiceRoute } from './entity.model.js';
import { odataLimits } from './limits.js';
import { ODataError } from './odata.error.js';
import { parsePathArguments, parsePathKey } from './path-value.parser.js';
import type { PathKey, RequestTarget } from './request.target.js';

const PREFIX = /^\/+(?:CCM_Proxy_MutualAuth\/+[^/]+\/+)?AdminService(?:_TokenAuth)?(?=\/|$)/i;

/**
 * What follows the prefix of AdminService in a raw path, in any case: `/AdminService`, `/AdminService_TokenAuth`, or
 * `/CCM_Proxy_MutualAuth/<id>/AdminService`. Undefined where the path is none of its.
 */
export function afterPrefix(rawPath: string): string | undefined {
  const prefix = PREFIX.exec(rawPath)?.[0];
  return prefix === undefined ? undefined : rawPath.slice(prefix.length);
}

/**
 * Reads the raw, still encoded path after `/AdminService`. Slashes may be doubled, as public modules send them; a
 * slash inside of a quoted key belongs to the key, encoded or not. Throws ODataError.
 */
export function parseRequestPath(rawPath: string): RequestTarget {
  if (rawPath.length > odataLimits.path) {
    throw new ODataError(400, `A path has at most ${odataLimits.path} characters.`);
  }
  const [first, ...segments] = splitSegments(rawPath).map(decoded);
  if (first === undefined) return { kind: 'service' };
  if (first.toLowerCase() === '$metadata' && segments.length === 0) return { kind: 'metadata' };
  const route = ROUTES.get(first.toLowerCase());
  if (route === undefined) {
    throw new ODataError(404, `There is no ${shown(first)} here: paths begin with wmi/ or v1.0/.`);
  }
  return withinRoute(route, segments);
}

const ROUTES: ReadonlyMap<string, ServiceRoute> = new Map([
  ['wmi', 'wmi'],
  ['v1.0', 'v1.0'],
  ['v1', 'v1.0'],
]);

function withinRoute(route: ServiceRoute, [first, ...rest]: readonly string[]): RequestTarget {
  if (first === undefined) return { kind: 'service', route };
  if (first.toLowerCase() === '$metadata' && rest.length === 0) return { kind: 'metadata', route };
  if (first.startsWith('$')) throw notThere(first);
  const { name, method, inside } = named(first);
  if (method !== undefined) {
    if (rest.length > 0) throw deeper();
    return { kind: 'static-method', route, entity: name, method, arguments: parsePathArguments(inside) };
  }
  if (inside !== undefined && inside.trim() !== '') {
    return withKey(route, name, parsePathKey(inside), rest);
  }
  const [second, ...others] = rest;
  if (second === undefined) return { kind: 'entity-set', route, entity: name, isCount: false };
  if (isCount(second) && others.length === 0)
    return { kind: 'entity-set', route, entity: name, isCount: true };
  const bound = boundMethod(second);
  if (bound !== undefined) {
    if (others.length > 0) throw deeper();
    return { kind: 'static-method', route, entity: name, ...bound };
  }
  if (second.startsWith('$')) throw notThere(second);
  return withKey(route, name, { kind: 'single', value: { kind: 'segment', value: second } }, others);
}

function withKey(
  route: ServiceRoute,
  entity: string,
  key: PathKey,
  [member, ...rest]: readonly string[],
): RequestTarget {
  if (member === undefined) return { kind: 'entity', route, entity, key };
  const bound = boundMethod(member);
  const counted = rest.length === 1 && isCount(rest[0] ?? '');
  if (rest.length > 0 && (bound !== undefined || !counted)) throw deeper();
  if (bound !== undefined) return { kind: 'method', route, entity, key, ...bound };
  if (member.startsWith('$')) throw notThere(member);
  if (!/^[A-Za-z_]\w*$/.test(member)) {
    throw new ODataError(404, `${shown(member)} is no name of a property, and no ${NAMESPACE}.<Method>.`);
  }
  return { kind: 'member', route, entity, key, member, isCount: counted };
}

const isCount = (segment: string): boolean => segment.toLowerCase() === '$count';

/** `SMS_Scripts`, `SMS_Scripts.CreateScripts`, `Device(16777219)`. */
const NAMED = /^(?<name>[A-Za-z_]\w*)(?:\.(?<method>[A-Za-z_]\w*))?(?:\((?<inside>.*)\))?$/s;

interface NamedSegment {
  readonly name: string;
  readonly method: string | undefined;
  /** What stands between the parentheses. */
  readonly inside: string | undefined;
}

function named(segment: string): NamedSegment {
  const { name, method, inside } = NAMED.exec(segment)?.groups ?? {};
  if (name !== undefined) return { name, method, inside };
  const isOpen = /^[A-Za-z_]\w*\(/.test(segment);
  throw isOpen
    ? new ODataError(400, `${shown(segment)} has no closing parenthesis at its end.`)
    : new ODataError(404, `${shown(segment)} is no name of a class.`);
}

/** Undefined where the segment is no method. */
function boundMethod(
  segment: string,
): Pick<RequestTarget & { kind: 'method' }, 'method' | 'arguments'> | undefined {
  if (!segment.toLowerCase().startsWith(`${NAMESPACE.toLowerCase()}.`)) return undefined;
  const { method, inside } = named(segment);
  if (method === undefined) throw notThere(segment);
  return { method, arguments: parsePathArguments(inside) };
}

const QUOTE = /^(?:'|%27)$/i;
const OPENING = /^(?:\(|%28)$/i;

/** Parts between slashes that stand in no quoted key; empty ones are left out. */
function splitSegments(rawPath: string): string[] {
  const segments: string[] = [];
  let from = 0;
  let isInside = false;
  let isQuoted = false;
  for (const { 0: mark, index } of rawPath.matchAll(/\/|'|%27|\(|%28/gi)) {
    if (OPENING.test(mark)) isInside = true;
    else if (QUOTE.test(mark)) isQuoted = isInside && !isQuoted;
    else if (!isQuoted) {
      segments.push(rawPath.slice(from, index));
      from = index + 1;
      isInside = false;
    }
  }
  segments.push(rawPath.slice(from));
  const filled = segments.filter((segment) => segment !== '');
  if (filled.length > odataLimits.segments) throw deeper();
  return filled;
}

function decoded(segment: string): string {
  let text;
  try {
    text = decodeURIComponent(segment);
  } catch {
    throw new ODataError(400, `${shown(segment)} is not percent-encoded UTF-8: "%" itself is written %25.`);
  }
  const problem = text.length > odataLimits.option ? 'The key is too long.' : textProblem(text);
  if (problem !== undefined) throw new ODataError(400, problem);
  return text;
}

const deeper = (): ODataError =>
  new ODataError(501, 'Paths go no deeper than an entity, and one property, navigation or method of it.');

const notThere = (segment: string): ODataError =>
  new ODataError(501, `${shown(segment)} is not possible here.`);

const shown = (text: string): string =>
  `"${text.length > 64 ? `${text.slice(0, 64).toWellFormed()}…` : text}"`;
