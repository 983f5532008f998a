import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { commonErrors } from '@espalier/contracts';
import {
  BodyStream,
  collectBody,
  contentLengthOf,
  decodeClientCert,
  dmzHeaders,
  LinkError,
} from '@espalier/link';
import type { DeviceRequest } from './device-route.js';

/** A device's request on a stream of the link. What costs is made when it is asked for. */
export class LinkRequest implements DeviceRequest {
  readonly #mark: number;
  #query: URLSearchParams | undefined;
  #stream: BodyStream | undefined;
  #abort: AbortController | undefined;
  #bodyTaken = false;
  #answered = false;
  readonly #target: string;

  constructor(
    private readonly link: ServerHttp2Stream,
    private readonly fields: IncomingHttpHeaders,
    private readonly maxBody: number,
  ) {
    this.#target = fields[':path'] ?? '/';
    this.#mark = this.#target.indexOf('?');
  }

  get method(): string {
    return this.fields[':method'] ?? '';
  }

  get path(): string {
    return this.#mark === -1 ? this.#target : this.#target.slice(0, this.#mark);
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#mark === -1 ? '' : this.#target.slice(this.#mark + 1)));
  }

  get headers(): Readonly<Record<string, string | undefined>> {
    // Only `set-cookie` would be a list, and the DMZ lets no device send it.
    return this.fields as Readonly<Record<string, string | undefined>>;
  }

  /** @throws EspalierError ESP_BAD_REQUEST where the DMZ sent a field that is not RFC 9440 */
  get clientCertificate(): Buffer | undefined {
    const field = this.headers[dmzHeaders.clientCert];
    if (field === undefined) return undefined;
    try {
      return decodeClientCert(field);
    } catch (cause) {
      throw commonErrors.ESP_BAD_REQUEST({ detail: 'The client certificate cannot be read.', cause });
    }
  }

  get clientVerify(): string {
    return this.headers[dmzHeaders.clientVerify] ?? 'none';
  }

  get remoteAddress(): string {
    return this.headers[dmzHeaders.forwardedFor] ?? '';
  }

  get requestId(): string {
    return this.headers[dmzHeaders.requestId] ?? '';
  }

  async body(): Promise<Buffer> {
    this.#takeBody();
    try {
      return await collectBody(this.link, contentLengthOf(this.fields), this.maxBody);
    } catch (error) {
      throw bodyError(error, this.maxBody);
    }
  }

  get stream(): Readable {
    if (this.#stream === undefined) {
      this.#takeBody();
      this.#stream = new BodyStream(this.link, contentLengthOf(this.fields), this.maxBody);
    }
    return this.#stream;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const controller = (this.#abort = new AbortController());
      const abort = (): void => {
        if (!this.#answered) controller.abort(new LinkError('CLOSED', 'the device is gone'));
      };
      if (this.link.closed) abort();
      else this.link.once('close', abort);
    }
    return this.#abort.signal;
  }

  /** The answer was handed over: lets what is left of the body pass, so that the stream can end. */
  finish(): void {
    this.#answered = true;
    if (!this.link.readableEnded) this.link.resume();
  }

  #takeBody(): void {
    if (this.#bodyTaken) throw new TypeError('the body of a request can be taken once');
    this.#bodyTaken = true;
  }
}

/** The error that a device may see for a body that did not arrive whole. */
export function bodyError(error: unknown, maxBody: number): unknown {
  if (!(error instanceof LinkError)) return error;
  if (error.code === 'TOO_LARGE')
    return commonErrors.ESP_TOO_LARGE({ detail: `At most ${maxBody} bytes are taken here.`, cause: error });
  if (error.code === 'TRUNCATED')
    return commonErrors.ESP_BAD_REQUEST({ detail: 'The body was cut short.', cause: error });
  return error;
}
