import type { ServerResponse } from 'node:http';
import type { ClientHttp2Stream } from 'node:http2';
import { cutStream, LinkError, type BodySink } from '@espalier/link';

export interface ReplySinkOptions {
  readonly response: ServerResponse;
  readonly stream: ClientHttp2Stream;
  /** How long the device may take to accept more. */
  readonly stallMs: number;
  readonly onTruncated: (error: LinkError) => void;
}

/**
 * Brings a streamed answer to a device at the device's pace. Where the answer is cut, the device's connection is
 * cut, too: no last chunk, no full length, so that nobody takes the part for the whole.
 */
export function replySink({ response, stream, stallMs, onTruncated }: ReplySinkOptions): BodySink {
  let stalled: NodeJS.Timeout | undefined;
  response.on('drain', () => {
    clearTimeout(stalled);
    stream.resume();
  });
  response.once('close', () => clearTimeout(stalled));
  return {
    data(chunk) {
      if (response.destroyed || response.write(chunk)) return;
      stream.pause();
      clearTimeout(stalled);
      stalled = setTimeout(() => {
        cutStream(stream, new LinkError('TIMEOUT', 'the device does not read'));
        response.socket?.destroy();
      }, stallMs);
    },
    end: () => void response.end(),
    fail(error) {
      clearTimeout(stalled);
      if (response.destroyed) return;
      onTruncated(error);
      response.socket?.destroy();
    },
  };
}
