import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { isEspalierError, type EspalierError } from '@espalier/contracts';
import { ERROR_SOURCE_DMZ, ERROR_SOURCE_HEADER, LinkError } from '@espalier/link';
import { deviceErrors } from './device-errors.js';

/** Seconds after which a device should try again where a link may have come back. */
const RETRY_AFTER_SECONDS = 5;

/** What a device may see of anything that was thrown at the edge. */
export function toDeviceError(error: unknown): EspalierError {
  if (isEspalierError(error)) return error;
  if (error instanceof LinkError) {
    const { code, message } = error;
    if (code === 'TARGET' || code === 'HEADERS' || code === 'CLIENT_CERT')
      return deviceErrors.ESP_DMZ_BAD_REQUEST({ detail: message, cause: error });
    if (code === 'CLOSED' || code === 'TRUNCATED') return deviceErrors.ESP_DMZ_LINK_LOST({ cause: error });
    if (code === 'TIMEOUT') return deviceErrors.ESP_DMZ_TIMEOUT({ cause: error });
  }
  return deviceErrors.ESP_DMZ_INTERNAL({ cause: error });
}

interface Rendered {
  readonly body: string;
  readonly headers: Record<string, string>;
}

function render(error: EspalierError, requestId: string | undefined): Rendered {
  const body = JSON.stringify({ ...error.toBody(), ...(requestId !== undefined && { requestId }) });
  return {
    body,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      [ERROR_SOURCE_HEADER]: ERROR_SOURCE_DMZ,
      ...(error.status === 503 && { 'retry-after': String(RETRY_AFTER_SECONDS) }),
    },
  };
}

/** Sends an error as a marked problem (RFC 9457). */
export function sendError(
  response: ServerResponse,
  error: EspalierError,
  requestId: string | undefined,
  extra: Readonly<Record<string, string>> = {},
): void {
  const { body, headers } = render(error, requestId);
  response.writeHead(error.status, { ...headers, ...extra });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The same as bytes, for a connection on which no request could be read. */
export function rawError(error: EspalierError): string {
  const { body, headers } = render(error, undefined);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
