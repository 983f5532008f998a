import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { EspalierError } from '@espalier/contracts';
import { simErrors } from '../sim-devices.errors.js';

/** More than any enrolment profile or command. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
  /** A fault: the connection ends in the middle of the body, whose whole length was announced. */
  readonly cutBody?: boolean;
}

/** A whole answer: never one that was cut short. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpClientOptions {
  /** Trust, and the identity where TLS is to show it. */
  readonly secureContext: () => SecureContext;
  /** Without a byte for so long, a request fails. */
  readonly timeoutMs: number;
  /** An unused connection is closed after this. */
  readonly idleMs: number;
  /** Connections at once. Default 1: a device has one. */
  readonly maxSockets?: number;
}

/** HTTP/1.1 with keep-alive, as devices speak it. Follows no redirects. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #http: HttpAgent | undefined;
  #https: HttpsAgent | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** @throws EspalierError ESP_SIM_CONNECTION_FAILED, ESP_SIM_REPLY_CUT, ESP_SIM_STOPPED */
  async request(request: HttpRequest): Promise<HttpReply> {
    try {
      return await this.#send(request);
    } catch (error) {
      // The server closed a kept connection just then: that says nothing about the server.
      if (!(error instanceof StaleConnection)) throw error;
      return this.#send(request, { fresh: true });
    }
  }

  close(): void {
    this.#http?.destroy();
    this.#https?.destroy();
  }

  #send(request: HttpRequest, { fresh = false } = {}): Promise<HttpReply> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
    const { method, body, signal } = request;
    const url = new URL(request.url);
    const secure = url.protocol === 'https:';
    const sent = (secure ? httpsRequest : httpRequest)(url, {
      method,
      agent: fresh ? false : this.#agent(secure),
      // Without an agent the connection is made from these options.
      ...(secure && fresh && { secureContext: this.#options.secureContext() }),
      timeout: this.#options.timeoutMs,
      headers: {
        'user-agent': 'MDM/1.0',
        ...request.headers,
        ...(body !== undefined && { 'content-length': String(body.length) }),
      },
      ...(signal !== undefined && { signal }),
    });
    sent.once('timeout', () => sent.destroy(new Error(`no byte for ${this.#options.timeoutMs} ms`)));
    sent.once('error', (cause) => reject(failureOf(cause, sent, url, signal)));
    sent.once('response', (response) => {
      readReply(response).then(resolve, (error: unknown) =>
        reject(signal?.aborted === true ? simErrors.ESP_SIM_STOPPED() : error),
      );
    });
    if (request.cutBody === true && body !== undefined) {
      sent.write(body.subarray(0, body.length >> 1), () => sent.destroy(new Error('cut on purpose')));
    } else sent.end(body);
    return promise;
  }

  #agent(secure: boolean): HttpAgent | HttpsAgent {
    const common = {
      keepAlive: true,
      maxSockets: this.#options.maxSockets ?? 1,
      timeout: this.#options.idleMs,
    };
    if (!secure) return (this.#http ??= new HttpAgent(common));
    return (this.#https ??= new HttpsAgent({ ...common, secureContext: this.#options.secureContext() }));
  }
}

class StaleConnection extends Error {}

function failureOf(cause: Error, sent: ClientRequest, url: URL, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return simErrors.ESP_SIM_STOPPED();
  const code = 'code' in cause ? cause.code : undefined;
  if (sent.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE')) return new StaleConnection();
  const reason = cause.message === '' ? String(code) : cause.message;
  return simErrors.ESP_SIM_CONNECTION_FAILED({ detail: `${url.host}: ${reason}`, cause });
}

async function readReply(response: IncomingMessage): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_REPLY_BYTES) throw replyCut(`It is larger than ${MAX_REPLY_BYTES} bytes.`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (size > MAX_REPLY_BYTES) throw cause;
    throw replyCut('The connection ended before the body.', cause);
  }
  // RFC 9112 §8: without both, the end of the connection ends the body, and nobody can tell a cut from an end.
  const { headers, statusCode = 0 } = response;
  const framed = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!response.complete) throw replyCut('The connection ended before the body.');
  if (!framed && statusCode !== 204 && statusCode !== 304)
    throw replyCut('It has neither Content-Length nor chunks.');
  return { status: statusCode, headers, body: Buffer.concat(chunks) };
}

function replyCut(detail: string, cause?: unknown): EspalierError {
  return simErrors.ESP_SIM_REPLY_CUT({ detail, cause });
}
