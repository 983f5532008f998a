import { commonErrors, isEspalierError, messagingErrors, type EspalierError } from '@espalier/contracts';
import { JetStreamApiError } from '@nats-io/jetstream';
import { PermissionViolationError, RequestError, TimeoutError } from '@nats-io/transport-node';

/** JSStreamStoreFailedF: the stream's limits with `discard: new` (nats-server errors.json). */
const STREAM_STORE_FAILED = 10_077;

export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** True where the server refused for lack of permission. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof PermissionViolationError ||
  (error instanceof Error && error.cause instanceof PermissionViolationError);

/** True where nobody listens on the subject. */
export const hasNoResponders = (error: unknown): boolean =>
  error instanceof RequestError && error.isNoResponders();

/** The error of a publish or a JetStream request as callers see it. */
export function toMessagingError(error: unknown, what: string): EspalierError {
  if (isEspalierError(error)) return error;
  const detail = `${what}: ${errorText(error)}.`;
  if (isForbidden(error)) return messagingErrors.ESP_MESSAGING_FORBIDDEN({ detail, cause: error });
  if (error instanceof JetStreamApiError && error.code === STREAM_STORE_FAILED)
    return messagingErrors.ESP_MESSAGING_BACKLOG_FULL({ detail, cause: error });
  if (error instanceof TimeoutError) return commonErrors.ESP_TIMEOUT({ detail, cause: error });
  return commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail, cause: error });
}
