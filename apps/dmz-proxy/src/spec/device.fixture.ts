import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Readable } from 'node:stream';
import type { TestIdentity } from '@espalier/testing';

/** What a device made of an answer. */
export interface DeviceReply {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The device takes the answer for whole. */
  readonly complete: boolean;
  readonly error: string | undefined;
}

export interface DeviceOptions {
  readonly port: number;
  /** Certificate of the edge. */
  readonly ca: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: Buffer | string | Readable;
  readonly identity?: TestIdentity;
  readonly agent?: RequestOptions['agent'];
  /** Called with what came of the body so far. */
  readonly onData?: (bytes: number) => void;
}

/** Makes one request as a device does. Never rejects. */
export function deviceRequest(options: DeviceOptions): Promise<DeviceReply> {
  const { port, ca, path, method = 'GET', headers = {}, body, identity, agent, onData } = options;
  const { promise, resolve } = Promise.withResolvers<DeviceReply>();
  const chunks: Buffer[] = [];
  let reply: Omit<DeviceReply, 'body' | 'error'> = { status: 0, headers: {}, complete: false };
  let error: string | undefined;
  const finish = (): void => resolve({ ...reply, body: Buffer.concat(chunks), error });
  const request = httpsRequest(
    {
      host: '127.0.0.1',
      port,
      ca,
      path,
      method,
      headers,
      ...(identity !== undefined && { cert: identity.certificate, key: identity.key }),
      agent: agent ?? false,
    },
    (response) => {
      reply = { status: response.statusCode ?? 0, headers: response.headers, complete: false };
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        onData?.(bytes);
      });
      response.on('error', (cause) => (error ??= cause.message));
      response.on('end', () => (reply = { ...reply, complete: response.complete }));
      response.on('close', finish);
    },
  );
  request.on('error', (cause) => {
    error ??= cause.message;
    if (reply.status === 0) finish();
  });
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) request.end(body);
  // A body that fails is a device that goes away.
  else body.once('error', (cause) => request.destroy(cause)).pipe(request);
  return promise;
}
