import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';

/** Room for a few ten thousand device tokens in one request. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** An answer other than 200 that a handler throws. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface RouteCall {
  /** The named groups of the route's pattern. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Reads and checks the JSON body. */
  json<T>(schema: z.ZodType<T>): Promise<T>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One route of a plain JSON API. A handler that has answered by itself (a stream) returns `STREAMED`. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Matches the whole path; named groups become `params`. */
  readonly path: RegExp;
  handle(call: RouteCall): unknown;
}

export const STREAMED = Symbol('the handler answers by itself');

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new HttpProblem(413, `The body exceeds ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readJson<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  const text = await readBody(request);
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new HttpProblem(400, 'The body is not JSON.');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new HttpProblem(400, problems.join('; '));
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return void response.end();
  const text = typeof value === 'string';
  const body = text ? value : `${JSON.stringify(value ?? {})}\n`;
  response.writeHead(status, {
    'content-type': text ? 'text/plain; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

async function dispatch(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sim');
  const matching = routes.filter((route) => route.path.test(url.pathname));
  const route = matching.find((candidate) => candidate.method === request.method);
  if (route === undefined) {
    const known = matching.map((candidate) => candidate.method).join(', ');
    throw matching.length > 0
      ? new HttpProblem(405, `Here only: ${known}.`)
      : new HttpProblem(404, `There is no ${url.pathname}.`);
  }
  const value = await route.handle({
    params: { ...route.path.exec(url.pathname)?.groups },
    query: url.searchParams,
    json: (schema) => readJson(request, schema),
    request,
    response,
  });
  if (value !== STREAMED) answer(response, 200, value);
}

export interface JsonServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves JSON routes over HTTP/1.1, with TLS where a certificate is given. Errors answer `{ "error": "…" }`. */
export async function startJsonServer(options: {
  readonly host: string;
  readonly port: number;
  readonly tls?: { readonly certificate: string; readonly key: string };
  readonly routes: readonly Route[];
}): Promise<JsonServer> {
  const listener: RequestListener = (request, response) => {
    dispatch(options.routes, request, response).catch((error: unknown) => {
      const status = error instanceof HttpProblem ? error.status : 500;
      answer(response, status, { error: error instanceof Error ? error.message : String(error) });
    });
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(listener)
      : createTlsServer({ cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' }, listener);
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${urlHost(options.host)}:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The host part of a URL for a listening address: a name that reaches it from this machine. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
