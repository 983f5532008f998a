import {
  constants,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Readable } from 'node:stream';
import {
  contentLengthOf,
  cutStream,
  LinkError,
  receiveBody,
  sendBody,
  type BodySink,
  type DmzSession,
} from '@espalier/link';

/** Bodies up to this size are held whole: a device then gets all of it or a clean error. */
export const WHOLE_BODY_BYTES = 64 * 1024;

/** A body that is streamed and does not move for this long is cut. */
const IDLE_MS = 120_000;

/** The body of a device's request. */
export type RequestBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | {
      readonly kind: 'streamed';
      readonly source: Readable;
      /** Chunks that were read before. */
      readonly head: readonly Buffer[];
      readonly declared: number | undefined;
      readonly onData: (bytes: number) => void;
    };

/** An answer that fitted into memory. */
export interface WholeReply {
  readonly kind: 'whole';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | undefined;
}

/** An answer whose body goes to the sink that the caller made for it. */
export interface StreamedReply {
  readonly kind: 'streamed';
  readonly status: number;
}

/** `unprocessed`: the inside never saw the request, so that any method may be sent again. */
export class ExchangeError extends LinkError {
  constructor(
    readonly unprocessed: boolean,
    code: 'CLOSED' | 'TIMEOUT' | 'TRUNCATED',
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

export interface ExchangeOptions {
  readonly link: DmzSession;
  readonly headers: OutgoingHttpHeaders;
  readonly body: RequestBody;
  readonly head: boolean;
  /** From the end of the request to the head of the response, or to the end of one that is held whole. */
  readonly timeoutMs: number;
  /** Called at once with the head of an answer that does not fit into memory. */
  readonly onStream: (status: number, headers: IncomingHttpHeaders, stream: ClientHttp2Stream) => BodySink;
  /** Called with the stream as soon as there is one. */
  readonly onOpen: (stream: ClientHttp2Stream) => void;
}

/**
 * Sends one request over a link.
 * @returns the answer, whole or about to be streamed
 * @throws ExchangeError where there was no answer, or a small one was cut
 */
export function exchange(options: ExchangeOptions): Promise<WholeReply | StreamedReply> {
  const { link, headers, body, timeoutMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<WholeReply | StreamedReply>();
  let stream: ClientHttp2Stream;
  try {
    stream = link.request(headers, {
      endStream: body.kind === 'none',
      waitForTrailers: body.kind === 'streamed' && body.declared === undefined,
    });
  } catch (cause) {
    reject(new ExchangeError(true, 'CLOSED', 'the link takes no requests', { cause }));
    return promise;
  }
  let answered = false;
  let failure: unknown;
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (message: string): void => {
    const error = new ExchangeError(false, 'TIMEOUT', message);
    reject(error);
    cutStream(stream, error);
  };
  const startTimer = (): void => {
    if (answered || stream.closed) return;
    timer = setTimeout(() => giveUp(`no whole answer in ${timeoutMs} ms`), timeoutMs);
  };
  const watchIdle = (): void => {
    stream.setTimeout(IDLE_MS, () => giveUp(`nothing moved for ${IDLE_MS} ms`));
  };

  stream.on('error', (error) => {
    failure = error;
  });
  stream.on('close', () => {
    clearTimeout(timer);
    if (answered) return;
    const unprocessed = stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    reject(new ExchangeError(unprocessed, 'CLOSED', 'the link broke before the answer', { cause: failure }));
  });
  stream.on('response', (responseHeaders, flags) => {
    answered = true;
    const status = responseHeaders[':status'] ?? 502;
    if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 || options.head) {
      stream.resume();
      resolve({ kind: 'whole', status, headers: responseHeaders, body: undefined });
      return;
    }
    const declared = contentLengthOf(responseHeaders);
    if (declared === undefined || declared > WHOLE_BODY_BYTES) {
      clearTimeout(timer);
      watchIdle();
      receiveBody(stream, declared, options.onStream(status, responseHeaders, stream));
      resolve({ kind: 'streamed', status });
      return;
    }
    const chunks: Buffer[] = [];
    receiveBody(stream, declared, {
      data: (chunk) => void chunks.push(chunk),
      end: () => {
        const whole = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
        resolve({ kind: 'whole', status, headers: responseHeaders, body: whole });
      },
      fail: (cause) => reject(new ExchangeError(false, 'TRUNCATED', cause.message, { cause })),
    });
  });
  options.onOpen(stream);

  if (body.kind === 'streamed') {
    watchIdle();
    void sendBody(stream, body.source, body).then(startTimer, (error: unknown) => {
      failure = error;
    });
  } else {
    if (body.kind === 'whole') stream.end(body.bytes);
    startTimer();
  }
  return promise;
}
