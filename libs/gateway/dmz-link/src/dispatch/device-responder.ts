import type { ServerHttp2Stream } from 'node:http2';
import { Readable } from 'node:stream';
import { checkHeaderBlock, sendBody } from '@espalier/link';
import type { DeviceResponse } from './device-route.js';

/**
 * Sends a handler's answer over the link. A device gets it whole, or its connection is cut.
 * @throws LinkError HEADERS before anything was sent; TRUNCATED where a stream of the handler failed
 */
export async function respond(
  stream: ServerHttp2Stream,
  method: string,
  response: DeviceResponse,
): Promise<void> {
  const { status, body } = response;
  const headers: Record<string, string | number> = { ':status': status };
  for (const name in response.headers) headers[name.toLowerCase()] = response.headers[name] as string;
  if (stream.closed || stream.destroyed) {
    if (body instanceof Readable) body.destroy();
    return;
  }
  if (body instanceof Readable) return respondStream(stream, method, headers, body);

  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const bodyless = status === 204 || status === 304;
  if (!bodyless) headers['content-length'] ??= bytes?.byteLength ?? 0;
  if (bytes !== undefined && method !== 'HEAD') headers['content-length'] = bytes.byteLength;
  checkHeaderBlock(headers);
  if (bytes === undefined || bytes.byteLength === 0 || method === 'HEAD' || bodyless)
    stream.respond(headers, { endStream: true });
  else {
    stream.respond(headers);
    stream.end(bytes);
  }
}

async function respondStream(
  stream: ServerHttp2Stream,
  method: string,
  headers: Record<string, string | number>,
  body: Readable,
): Promise<void> {
  try {
    checkHeaderBlock(headers);
    if (method === 'HEAD') {
      stream.respond(headers, { endStream: true });
      return;
    }
    const length = headers['content-length'];
    const declared = length === undefined ? undefined : Number(length);
    stream.respond(headers, { waitForTrailers: declared === undefined });
    await sendBody(stream, body, { declared });
  } finally {
    if (!body.readableEnded) body.destroy();
  }
}
