import type { IncomingMessage } from 'node:http';

const LINGER_MS = 5_000;
const LINGER_BYTES = 16 * 1024 * 1024;

/**
 * Ends a connection whose device is still sending a body that nobody wants. To close at once would make TCP throw
 * the answer away before the device has read it (RFC 9112 §9.6): what comes is dropped for a moment.
 */
export function lingerAndClose(request: IncomingMessage, answer: string): void {
  const { socket } = request;
  let left = LINGER_BYTES;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  request.once('end', () => socket.destroySoon());
  socket.end(answer);
  request.resume();
}
