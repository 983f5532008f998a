/** Said of a push that this client answered by itself, without a word from Apple. */
export type LocalReason =
  | 'BadPushMagic'
  | 'ClientClosed'
  | 'ConnectionLost'
  | 'QueueFull'
  | 'ServerCertificateUntrusted'
  | 'Timeout'
  | 'TlsCertificateRefused'
  | 'TopicNotOfCertificate';

/**
 * What became of one push, with the decision that follows from it. `reason` is Apple's word from the answer's
 * body (`BadDeviceToken`, `Unregistered` …) or a {@link LocalReason}; it is safe to log and to show.
 *
 * - `accepted`: Apple took it. That is not delivery: only a later check-in proves that.
 * - `token-invalid`: stop pushing to this enrolment and flag it; only a new TokenUpdate mends it.
 * - `unregistered`: suspend pushes since `since`; no proof of unenrolment while the device checks in.
 * - `certificate-problem`: raise an alarm; every push will fail until the push certificate (or, for
 *   `ServerCertificateUntrusted`, the trust in Apple's) is mended. The push itself may be tried again then.
 * - `retry`: nothing is wrong with this push; try again in `afterMs` milliseconds.
 * - `rejected`: the request was wrong, a bug of ours; do not repeat it unchanged.
 */
export type PushOutcome =
  | { readonly kind: 'accepted'; readonly apnsId: string }
  | { readonly kind: 'token-invalid'; readonly reason: string }
  | { readonly kind: 'unregistered'; readonly since?: Date; readonly reason: string }
  | { readonly kind: 'certificate-problem'; readonly reason: string }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** One answer of APNs: status, the headers that count, and the raw body (JSON with `reason`, or empty). */
export interface ApnsAnswer {
  readonly status: number;
  readonly apnsId: string | undefined;
  /** `retry-after` in milliseconds, where the answer had one in seconds. */
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** Every reason that Apple documents for `POST /3/device/…`, with the kind it leads to. */
const KIND_BY_REASON: Readonly<Record<string, PushOutcome['kind']>> = {
  BadDeviceToken: 'token-invalid',
  DeviceTokenNotForTopic: 'token-invalid',
  BadTopic: 'token-invalid',
  TopicDisallowed: 'certificate-problem',
  BadCertificate: 'certificate-problem',
  BadCertificateEnvironment: 'certificate-problem',
  ExpiredProviderToken: 'certificate-problem',
  InvalidProviderToken: 'certificate-problem',
  MissingProviderToken: 'certificate-problem',
  Forbidden: 'certificate-problem',
  Unregistered: 'unregistered',
  ExpiredToken: 'unregistered',
  IdleTimeout: 'retry',
  TooManyRequests: 'retry',
  TooManyProviderTokenUpdates: 'retry',
  InternalServerError: 'retry',
  ServiceUnavailable: 'retry',
  Shutdown: 'retry',
  BadCollapseId: 'rejected',
  BadExpirationDate: 'rejected',
  BadMessageId: 'rejected',
  BadPath: 'rejected',
  BadPriority: 'rejected',
  DuplicateHeaders: 'rejected',
  InvalidPushType: 'rejected',
  MethodNotAllowed: 'rejected',
  MissingDeviceToken: 'rejected',
  MissingTopic: 'rejected',
  PayloadEmpty: 'rejected',
  PayloadTooLarge: 'rejected',
};

/** True for a reason that Apple documents: only those may become a metric label. */
export function isKnownReason(reason: string): boolean {
  return Object.hasOwn(KIND_BY_REASON, reason);
}

function kindOfStatus(status: number): PushOutcome['kind'] {
  if (status === 403) return 'certificate-problem';
  if (status === 410) return 'unregistered';
  if (status === 429 || status >= 500) return 'retry';
  return 'rejected';
}

/** The `reason` and `timestamp` (milliseconds) of an error body; nothing where it is not such JSON. */
function readErrorBody(body: string): { reason?: string; since?: Date } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return {};
  }
  if (typeof parsed !== 'object' || parsed === null) return {};
  const { reason, timestamp } = parsed as Record<string, unknown>;
  const since = typeof timestamp === 'number' ? new Date(timestamp) : undefined;
  return {
    ...(typeof reason === 'string' && /^[A-Za-z]{1,64}$/.test(reason) && { reason }),
    ...(since !== undefined && !Number.isNaN(since.getTime()) && { since }),
  };
}

/**
 * Turns an answer of APNs into an outcome. The reason decides; where it is unknown (Apple adds reasons without
 * notice), the status does.
 *
 * @param backoffMs what to wait before a retry where the answer does not say
 */
export function outcomeOfAnswer(answer: ApnsAnswer, backoffMs: (status: number) => number): PushOutcome {
  if (answer.status === 200) return { kind: 'accepted', apnsId: answer.apnsId ?? '' };
  const { reason = `Status${answer.status}`, since } = readErrorBody(answer.body);
  const kind = isKnownReason(reason) ? KIND_BY_REASON[reason] : kindOfStatus(answer.status);
  switch (kind) {
    case 'unregistered':
      return { kind, reason, ...(since !== undefined && { since }) };
    case 'retry':
      return { kind, reason, afterMs: Math.max(backoffMs(answer.status), answer.retryAfterMs ?? 0) };
    case 'token-invalid':
    case 'certificate-problem':
      return { kind, reason };
    default:
      return { kind: 'rejected', reason };
  }
}
