import type { Http2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { LinkError } from '../link-error.js';
import { BODY_BYTES_TRAILER } from './body-check.js';

/**
 * Cuts a stream so that the peer notices. Only `destroy` with an error does: without one, and with `close(code)`,
 * Node ends the stream cleanly and a short body passes for whole.
 */
export function cutStream(stream: Http2Stream, reason: Error): void {
  if (!stream.destroyed) stream.destroy(reason);
}

/** How a body is sent. */
export interface SendBodyOptions {
  /** The `content-length` that was sent; undefined where none was, then the stream needs `waitForTrailers`. */
  readonly declared: number | undefined;
  /** Chunks that were read from the source before. */
  readonly head?: readonly Buffer[];
  /** Called for every chunk that was read from the source. */
  readonly onData?: (bytes: number) => void;
}

/**
 * Copies a source into a stream of the link, at the pace of its window, and ends it only when the source ended whole.
 * Where the source fails, ends early or has another length than declared, the stream is cut.
 * @returns when the last byte was handed over
 * @throws LinkError TRUNCATED where the source was at fault, CLOSED where the receiver or the link was
 */
export function sendBody(stream: Http2Stream, source: Readable, options: SendBodyOptions): Promise<void> {
  const { declared, head = [], onData } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let settled = false;

  const stop = (error: LinkError | undefined): void => {
    if (settled) return;
    settled = true;
    source.off('data', forward);
    if (error === undefined) return resolve();
    cutStream(stream, error);
    // Not destroyed: with a device's request would go the connection that its answer must go out on.
    if (source.listenerCount('data') === 0) source.pause();
    reject(error);
  };
  const truncated = (message: string, cause?: unknown): void => {
    if (!settled) stop(new LinkError('TRUNCATED', message, { cause }));
  };
  const write = (chunk: Buffer): void => {
    sent += chunk.length;
    if (declared !== undefined && sent > declared) truncated(`the body has more than ${declared} bytes`);
    else if (!stream.write(chunk)) source.pause();
  };
  const forward = (chunk: Buffer | string): void => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    onData?.(bytes.length);
    if (!settled) write(bytes);
  };

  if (declared === undefined)
    stream.once('wantTrailers', () => {
      stream.sendTrailers({ [BODY_BYTES_TRAILER]: String(sent) });
    });
  stream.on('drain', () => void (settled || source.resume()));
  const cutOff = (cause?: unknown): void => {
    if (!settled) stop(new LinkError('CLOSED', 'the receiver cut the body', { cause }));
  };
  stream.on('error', cutOff);
  stream.on('close', () => cutOff());
  source.on('data', forward);
  source.on('error', (error) => truncated('the source of the body failed', error));
  source.on('close', () => truncated('the source of the body closed early'));
  source.on('end', () => {
    if (settled) return;
    if (declared !== undefined && sent !== declared)
      return truncated(`the body has ${sent} of ${declared} bytes`);
    stream.end();
    stop(undefined);
  });
  if (source.destroyed) truncated('the source of the body is closed');
  for (const chunk of head) if (!settled) write(chunk);
  return promise;
}
