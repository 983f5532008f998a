import type { IncomingHttpHeaders } from 'node:http2';
import { LinkError } from '../link-error.js';
import { MAX_HEADER_BYTES, MAX_HEADER_PAIRS } from '../link-limits.js';

/** Headers that only the DMZ may set towards the inside. */
export const dmzHeaders = {
  requestId: 'pmm-request-id',
  clientCert: 'client-cert',
  /** `ok`, `none`, or why the certificate was not verified: RFC 9440 fields come whatever the result. */
  clientVerify: 'pmm-client-verify',
  forwardedFor: 'x-forwarded-for',
} as const;

/** Marks an error that the DMZ made itself, to devices and whoever reads their logs. */
export const ERROR_SOURCE_HEADER = 'pmm-error-source';
export const ERROR_SOURCE_DMZ = 'dmz';

/** What of a device's request reaches the inside. Everything else is dropped, so nothing can pose as the DMZ. */
const REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'content-encoding',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'mdm-signature',
  'range',
  'user-agent',
  'x-apple-aspen-deviceinfo',
]);

/** What of an answer reaches the device. */
const RESPONSE_HEADERS: ReadonlySet<string> = new Set([
  'accept-ranges',
  'allow',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-range',
  'content-security-policy',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'referrer-policy',
  'retry-after',
  'vary',
  'x-content-type-options',
]);

/** Visible ASCII, spaces and tabs: what both HTTP versions and every parser read alike. */
const VALUE = /^[\x20-\x7e\t]*$/;
const LENGTH = /^[0-9]{1,15}$/;

/** A device's request headers as far as they may cross the link. */
export interface RebuiltRequest {
  /** Null prototype; lower-case names, one value each. */
  readonly headers: Record<string, string>;
  /** Bytes of the body as declared; undefined where it comes in chunks or not at all. */
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
}

/**
 * Builds the request headers for the link anew from `IncomingMessage.rawHeaders`.
 * @throws LinkError HEADERS where the request could be read in two ways, or is too large
 */
export function rebuildRequestHeaders(raw: readonly string[]): RebuiltRequest {
  if (raw.length > MAX_HEADER_PAIRS * 2) throw refusal(`has more than ${MAX_HEADER_PAIRS} fields`);
  const headers = Object.create(null) as Record<string, string>;
  let contentLength: number | undefined;
  let chunked = false;
  let hosts = 0;
  let connection: string | undefined;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    if (REQUEST_HEADERS.has(name)) {
      if (name in headers) throw refusal(`has ${name} twice`);
      if (!VALUE.test(value)) throw refusal(`has ${name} with bytes outside ASCII`);
      headers[name] = value;
    } else if (name === 'content-length') {
      if (contentLength !== undefined || !LENGTH.test(value)) throw refusal('has no single content-length');
      contentLength = Number(value);
    } else if (name === 'transfer-encoding') {
      if (chunked || value.toLowerCase() !== 'chunked') throw refusal('has a transfer-encoding but chunked');
      chunked = true;
    } else if (name === 'host') hosts += 1;
    else if (name === 'connection') connection = connection === undefined ? value : `${connection},${value}`;
  }
  if (hosts !== 1) throw refusal('does not have exactly one host');
  if (chunked && contentLength !== undefined) throw refusal('has both content-length and transfer-encoding');
  // RFC 9110 §7.6.1: whatever Connection names is for this hop only.
  if (connection !== undefined && connection.length > 0)
    for (const token of connection.toLowerCase().split(',')) delete headers[token.trim()];
  return { headers, contentLength, chunked };
}

/**
 * Builds the response headers for the device anew, as the flat list that `ServerResponse.writeHead` takes.
 * `content-length` is kept: it is how a device notices a short body.
 */
export function rebuildResponseHeaders(headers: IncomingHttpHeaders): string[] {
  const rebuilt: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string' || !VALUE.test(value)) continue;
    if (RESPONSE_HEADERS.has(name) || (name === 'content-length' && LENGTH.test(value)))
      rebuilt.push(name, value);
  }
  return rebuilt;
}

/** @returns the declared length; undefined where none is declared or it is no number */
export function contentLengthOf(headers: IncomingHttpHeaders): number | undefined {
  const value = headers['content-length'];
  return value !== undefined && LENGTH.test(value) ? Number(value) : undefined;
}

/**
 * Guards what is about to be sent over the link: too many or too large headers would cost the whole link.
 * @throws LinkError HEADERS
 */
export function checkHeaderBlock(headers: Readonly<Record<string, string | number | undefined>>): void {
  let pairs = 0;
  let bytes = 0;
  for (const name in headers) {
    const value = String(headers[name]);
    pairs += 1;
    // RFC 9113 §6.5.2: 32 bytes of overhead per field.
    bytes += name.length + value.length + 32;
    if (!VALUE.test(value)) throw refusal(`has ${name} with bytes outside ASCII`);
  }
  if (pairs > MAX_HEADER_PAIRS) throw refusal(`has more than ${MAX_HEADER_PAIRS} fields`);
  if (bytes > MAX_HEADER_BYTES) throw refusal(`has headers of more than ${MAX_HEADER_BYTES} bytes`);
}

function refusal(what: string): LinkError {
  return new LinkError('HEADERS', `The message ${what}.`);
}
