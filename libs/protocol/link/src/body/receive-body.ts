import { constants, type Http2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import { LinkError } from '../link-error.js';
import { BodyCheck } from './body-check.js';

/** Where a body goes. Exactly one of `end` and `fail` is called, last. */
export interface BodySink {
  data(chunk: Buffer): void;
  /** The body is whole. */
  end(): void;
  /** It is not, and never will be; the stream is closed or about to be. */
  fail(error: LinkError): void;
}

/**
 * Receives a body from the link and tells whole from cut (dmz-link trap: a broken link ends a stream cleanly).
 * Flow control stays with the caller: `stream.pause()` and `stream.resume()`.
 */
export function receiveBody(stream: Http2Stream, declared: number | undefined, sink: BodySink): void {
  const check = new BodyCheck(declared);
  let settled = false;
  let cause: unknown;
  const fail = (): void => {
    if (settled) return;
    settled = true;
    sink.fail(check.truncated(cause));
  };
  if (declared === undefined) stream.on('trailers', (trailers) => check.trailers(trailers));
  stream.on('error', (error) => {
    cause = error;
  });
  stream.on('aborted', fail);
  stream.on('data', (chunk: Buffer) => {
    check.add(chunk.length);
    if (!settled) sink.data(chunk);
  });
  stream.on('end', () => {
    if (!check.complete || (stream.rstCode ?? 0) !== constants.NGHTTP2_NO_ERROR) fail();
    else if (!settled) {
      settled = true;
      sink.end();
    }
  });
  stream.on('close', fail);
}

/**
 * The whole body, at most `limit` bytes.
 * @throws LinkError TOO_LARGE above the limit (the rest is left unread), TRUNCATED where it was cut
 */
export function collectBody(
  stream: Http2Stream,
  declared: number | undefined,
  limit: number,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  if (declared !== undefined && declared > limit) {
    reject(tooLarge(limit));
    return promise;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  receiveBody(stream, declared, {
    data(chunk) {
      size += chunk.length;
      if (size <= limit) return void chunks.push(chunk);
      chunks.length = 0;
      stream.pause();
      reject(tooLarge(limit));
    },
    end: () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    fail: reject,
  });
  return promise;
}

/** A body from the link as a Readable that errors, and never just ends, where the body was cut or is too large. */
export class BodyStream extends Readable {
  #attached = false;
  #size = 0;

  constructor(
    private readonly source: Http2Stream,
    private readonly declared: number | undefined,
    private readonly limit: number,
  ) {
    super({ highWaterMark: 64 * 1024 });
  }

  override _read(): void {
    if (this.#attached) this.source.resume();
    else this.#attach();
  }

  #attach(): void {
    if (this.declared !== undefined && this.declared > this.limit) {
      this.destroy(tooLarge(this.limit));
      return;
    }
    const { source } = this;
    this.#attached = true;
    receiveBody(source, this.declared, {
      data: (chunk) => {
        this.#size += chunk.length;
        if (this.#size > this.limit) {
          source.pause();
          this.destroy(tooLarge(this.limit));
        } else if (!this.push(chunk)) source.pause();
      },
      end: () => void this.push(null),
      fail: (error) => void this.destroy(error),
    });
  }
}

function tooLarge(limit: number): LinkError {
  return new LinkError('TOO_LARGE', `the body has more than ${limit} bytes`);
}
