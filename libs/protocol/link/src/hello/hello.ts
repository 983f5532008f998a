import { LinkError } from '../link-error.js';
import { MAX_ROUTES } from '../link-limits.js';
import { asChoice, asInteger, asList, asObject, asText, parseObject } from './fields.js';

/** Services that may dial a dmz-proxy. */
export const LINK_SERVICES = ['mdm', 'config-proxy'] as const;
export type LinkService = (typeof LINK_SERVICES)[number];

/** `cert`: a request without a client certificate is refused at the edge. */
export type RouteAuth = 'none' | 'cert';
/** `safe`: GET and HEAD may be sent again elsewhere where the link broke before the response. */
export type RouteRetry = 'never' | 'safe';

/** One route that a service offers to devices. */
export interface RouteAdvertisement {
  readonly id: string;
  /** Ends in `/`: every path below it. Otherwise: exactly this path. */
  readonly prefix: string;
  readonly methods: readonly string[];
  readonly auth: RouteAuth;
  /** Largest request body in bytes. */
  readonly maxBody: number;
  /** From the end of the request to the head of the response. */
  readonly timeoutMs: number;
  readonly retry: RouteRetry;
}

/** What the DMZ says first, as the body of `POST /.link/v1/hello`. */
export interface DmzHello {
  /** Versions of the link protocol that it speaks. */
  readonly proto: readonly number[];
  readonly dmzId: string;
  /** Its clock, in milliseconds since 1970, so that the inside can warn of skew. */
  readonly time: number;
}

/** What the inside answers. */
export interface LinkHello {
  /** Random; names this link in the logs of both ends. */
  readonly linkId: string;
  readonly service: LinkService;
  readonly site: string;
  readonly replica: string;
  /** Number of this link among those of the replica to this DMZ. */
  readonly slot: number;
  readonly build: string;
  /** Most requests in flight that the inside wants on this link. */
  readonly maxStreams: number;
  readonly routes: readonly RouteAdvertisement[];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const PREFIX = /^\/(?!.*\/\.{1,2}(?:\/|$))(?!\.{1,2}(?:\/|$))(?:[A-Za-z0-9._~-]+\/)*[A-Za-z0-9._~-]*$/;
const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const MAX_BODY = 4 * 1024 ** 3;
const MAX_TIMEOUT_MS = 10 * 60_000;

/** @throws LinkError PROTOCOL where the text is not a valid hello of a DMZ */
export function parseDmzHello(text: string): DmzHello {
  const hello = parseObject(text, 'the hello of the DMZ');
  return {
    proto: asList(hello['proto'], 'proto', 16, (entry, what) => asInteger(entry, what, 1, 1_000)),
    dmzId: asText(hello['dmzId'], 'dmzId', NAME),
    time: asInteger(hello['time'], 'time', 0, Number.MAX_SAFE_INTEGER),
  };
}

/** @throws LinkError PROTOCOL where the text is not a valid hello of an inside service */
export function parseLinkHello(text: string): LinkHello {
  const hello = parseObject(text, 'the hello of the inside');
  return {
    linkId: asText(hello['linkId'], 'linkId', NAME),
    service: asChoice(hello['service'], 'service', LINK_SERVICES),
    site: asText(hello['site'], 'site', NAME),
    replica: asText(hello['replica'], 'replica', NAME),
    slot: asInteger(hello['slot'], 'slot', 0, 1_000),
    build: asText(hello['build'], 'build'),
    maxStreams: asInteger(hello['maxStreams'], 'maxStreams', 1, 100_000),
    routes: asList(hello['routes'], 'routes', MAX_ROUTES, parseRoute),
  };
}

/** @throws LinkError PROTOCOL naming the field that is wrong */
export function parseRoute(value: unknown, what: string): RouteAdvertisement {
  const route = asObject(value, what);
  return {
    id: asText(route['id'], `${what}.id`, NAME),
    prefix: parsePrefix(route['prefix'], `${what}.prefix`),
    methods: asList(route['methods'], `${what}.methods`, METHODS.length, (entry, name) =>
      asChoice(entry, name, METHODS),
    ),
    auth: asChoice(route['auth'], `${what}.auth`, ['none', 'cert']),
    maxBody: asInteger(route['maxBody'], `${what}.maxBody`, 0, MAX_BODY),
    timeoutMs: asInteger(route['timeoutMs'], `${what}.timeoutMs`, 1, MAX_TIMEOUT_MS),
    retry: asChoice(route['retry'], `${what}.retry`, ['never', 'safe']),
  };
}

/** @throws LinkError PROTOCOL where it is not a path of plain segments */
export function parsePrefix(value: unknown, what: string): string {
  const text = asText(value, what);
  if (!PREFIX.test(text)) throw new LinkError('PROTOCOL', `${what} is not a path of plain segments`);
  return text;
}
