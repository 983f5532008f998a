import type { IncomingHttpHeaders } from 'node:http2';

/** As Apple: an MDM payload of 4 KB at most. */
export const MAX_PAYLOAD_BYTES = 4096;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Headers that APNs wants once at most. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  'apns-id',
  'apns-topic',
  'apns-expiration',
  'apns-priority',
  'apns-push-type',
  'apns-collapse-id',
]);

/** Who pushes, by the client certificate of the connection. */
export type PeerIdentity =
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'topic'; readonly topic: string };

/** An error answer of APNs. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** The headers of a push that may be taken. */
export interface PushHead {
  readonly token: string;
  readonly topic: string;
  readonly apnsId: string | undefined;
  /** Seconds since 1970; 0 where the header says so or is missing. */
  readonly expiration: number;
}

function refuse(status: number, reason: string): Refusal {
  return { status, reason };
}

function hasDuplicates(rawHeaders: readonly string[]): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (!SINGLE_HEADERS.has(name)) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function checkHeaders(headers: IncomingHttpHeaders, topic: string): Refusal | undefined {
  const pushType = header(headers, 'apns-push-type');
  const priority = header(headers, 'apns-priority') ?? '10';
  const expiration = header(headers, 'apns-expiration') ?? '0';
  const id = header(headers, 'apns-id');
  if ((header(headers, 'apns-topic') ?? topic) !== topic) return refuse(400, 'BadTopic');
  if (pushType !== undefined && pushType !== 'mdm') return refuse(400, 'InvalidPushType');
  if (!['1', '5', '10'].includes(priority)) return refuse(400, 'BadPriority');
  if (!/^\d{1,12}$/.test(expiration)) return refuse(400, 'BadExpirationDate');
  if (id !== undefined && !UUID.test(id)) return refuse(400, 'BadMessageId');
  if (Buffer.byteLength(header(headers, 'apns-collapse-id') ?? '') > 64) return refuse(400, 'BadCollapseId');
  return undefined;
}

/** Checks everything of a push that comes before its body, in the order APNs does. */
export function readPushHead(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  peer: PeerIdentity,
): PushHead | Refusal {
  if (headers[':method'] !== 'POST') return refuse(405, 'MethodNotAllowed');
  const path = headers[':path'] ?? '';
  if (!path.startsWith('/3/device/') && path !== '/3/device') return refuse(404, 'BadPath');
  if (peer.kind === 'none') return refuse(403, 'MissingProviderToken');
  if (peer.kind === 'refused') return refuse(403, 'BadCertificate');
  const token = path.slice('/3/device/'.length).toLowerCase();
  if (token === '') return refuse(400, 'MissingDeviceToken');
  if (hasDuplicates(rawHeaders)) return refuse(400, 'DuplicateHeaders');
  const refusal = checkHeaders(headers, peer.topic);
  if (refusal !== undefined) return refusal;
  return {
    token,
    topic: peer.topic,
    apnsId: header(headers, 'apns-id'),
    expiration: Number(header(headers, 'apns-expiration') ?? 0),
  };
}

/** Checks the body: `{"mdm":"<PushMagic>"}` and nothing else, as Apple's MDM documentation has it. */
export function checkPayload(body: Buffer): Refusal | undefined {
  if (body.length > MAX_PAYLOAD_BYTES) return refuse(413, 'PayloadTooLarge');
  try {
    const payload: unknown = JSON.parse(body.toString('utf8'));
    if (typeof payload !== 'object' || payload === null) return refuse(400, 'PayloadEmpty');
    const { mdm, ...rest } = payload as Record<string, unknown>;
    if (typeof mdm === 'string' && mdm !== '' && Object.keys(rest).length === 0) return undefined;
  } catch {
    // Falls through: what is no JSON carries no payload.
  }
  return refuse(400, 'PayloadEmpty');
}
