import { connect } from 'node:tls';
import type { TestIdentity } from '@espalier/testing';
import type { Edge } from './edge.fixture.js';

/** What came back over a raw connection. */
export interface RawReply {
  /** Status of the first answer; 0 where there was none. */
  readonly status: number;
  readonly text: string;
}

/** Sends bytes as they are to the device port and reads until the edge closes, or `waitMs` passed. */
export function rawRequest(
  edge: Edge,
  bytes: string | Buffer | readonly (string | Buffer)[],
  options: { readonly identity?: TestIdentity; readonly waitMs?: number } = {},
): Promise<RawReply> {
  const { promise, resolve } = Promise.withResolvers<RawReply>();
  const { identity, waitMs = 3_000 } = options;
  let text = '';
  const socket = connect({
    host: '127.0.0.1',
    port: edge.proxy.devicePort,
    ca: edge.files.ids.device.certificate,
    ALPNProtocols: ['http/1.1'],
    ...(identity !== undefined && { cert: identity.certificate, key: identity.key }),
  });
  const timer = setTimeout(() => socket.destroy(), waitMs);
  socket.setEncoding('latin1');
  socket.on('error', () => undefined);
  socket.on('data', (chunk: string) => (text += chunk));
  socket.on('close', () => {
    clearTimeout(timer);
    resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
  });
  socket.once('secureConnect', () => {
    for (const part of typeof bytes === 'string' || Buffer.isBuffer(bytes) ? [bytes] : bytes)
      socket.write(Buffer.isBuffer(part) ? part : Buffer.from(part, 'latin1'));
  });
  return promise;
}

/** A request as text, with `Connection: close` so that the edge ends the connection. */
export function rawText(line: string, fields: readonly string[] = [], body = ''): string {
  const host = fields.some((field) => /^host\s*:/i.test(field)) ? [] : ['Host: edge.example'];
  const close = fields.some((field) => /^connection\s*:/i.test(field)) ? [] : ['Connection: close'];
  return `${[line, ...host, ...fields, ...close].join('\r\n')}\r\n\r\n${body}`;
}
