import type { Readable } from 'node:stream';
import type { RouteAuth, RouteRetry } from '@espalier/link';

/** A request that a device made to the DMZ, as it arrives inside. Nothing in it was checked beyond the route. */
export interface DeviceRequest {
  readonly method: string;
  /** Raw path as the device sent it: never decoded, checked against the path rules by the DMZ. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names, one value each. Only allow-listed names and those the DMZ sets itself. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** DER of the certificate that the device proved to hold in TLS (RFC 9440 `Client-Cert`). */
  readonly clientCertificate: Buffer | undefined;
  /** `ok`, `none`, or OpenSSL's name for why the DMZ could not verify the certificate. */
  readonly clientVerify: string;
  /** Address of the device as the DMZ saw it. */
  readonly remoteAddress: string;
  /** 32 hexadecimal digits, the same in the DMZ's log. */
  readonly requestId: string;
  /**
   * The whole body.
   * @throws EspalierError ESP_TOO_LARGE above the route's `maxBody`, ESP_BAD_REQUEST where the body was cut
   */
  body(): Promise<Buffer>;
  /** The body as a stream; it errors, and never just ends, where the body was cut or is too large. */
  readonly stream: Readable;
  /** Aborts when the device or the link is gone before the answer was sent. */
  readonly signal: AbortSignal;
}

/** What a handler answers with. A string is sent as UTF-8; a Readable that errors cuts the device's connection. */
export interface DeviceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | Readable;
}

/** One route that a service serves to devices through the DMZ. */
export interface DeviceRoute {
  /** Stable name for metrics and logs. */
  readonly id: string;
  /** Ends in `/`: every path below (and not the path without the slash). Otherwise: exactly this path. */
  readonly prefix: string;
  readonly methods: readonly string[];
  /** `cert`: the DMZ and this end refuse a request without a client certificate with 403. */
  readonly auth: RouteAuth;
  /** Largest body in bytes; above it the device gets 413. */
  readonly maxBody: number;
  /** From the end of the request to the head of the response; above it the device gets 504. */
  readonly timeoutMs: number;
  /** `safe`: GET and HEAD may be sent again over another link where this one broke before the response. */
  readonly retry: RouteRetry;
  handle(request: DeviceRequest): Promise<DeviceResponse>;
}
