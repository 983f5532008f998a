import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger, Registry } from '@espalier/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EndpointRouteConfig, EndpointSpec } from '../endpoint/endpoint.js';
import { httpMetrics } from './http.metrics.js';
import type { RouteIndex } from './route-index.js';

/** Decides who may do what, before the body of a request is read. */
export interface Gate {
  /**
   * Lets a request to an endpoint that is not public through.
   * @param reply for headers that belong to a refusal, as WWW-Authenticate
   * @throws EspalierError
   */
  admit(request: FastifyRequest, reply: FastifyReply, endpoint: EndpointSpec): Promise<void>;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{8,64}$/;

/** The caller's own request id where it is harmless, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

export interface RequestHooksOptions {
  readonly name: string;
  readonly logger: Logger;
  readonly metrics: Registry;
  readonly routes: RouteIndex;
  readonly gate: Gate | undefined;
}

const PROTECTIVE_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const;

/** What happens to every request around its handler: id, headers, access, log line, metrics. */
export function addRequestHooks(fastify: FastifyInstance, options: RequestHooksOptions): void {
  const { logger, routes, gate } = options;
  const observe = httpMetrics(options.metrics, options.name);

  fastify.addHook('onRoute', ({ method, url, config }) => {
    const { endpoint } = (config ?? {}) as EndpointRouteConfig;
    // A route that no @Endpoint declares would have no scope and stand in no documentation.
    if (endpoint === undefined) throw new Error(`${String(method)} ${url} is not declared with @Endpoint`);
    if (endpoint.scope !== 'public' && gate === undefined)
      throw new Error(`${String(method)} ${url} needs a gate: it is not public`);
    routes.add(method, url);
  });

  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    void reply.headers(PROTECTIVE_HEADERS).header('x-request-id', request.id);
    // Some clients name a type for a body that they do not send.
    if (request.headers['content-length'] === '0') delete request.headers['content-type'];
    reply.raw.once('close', () => {
      const { method } = request;
      const route = request.routeOptions.url ?? '(none)';
      const status = reply.raw.statusCode;
      const seconds = (performance.now() - startedAt) / 1_000;
      observe({ method, route, status }, seconds);
      // What only looked and was answered is not worth a line at the usual level.
      const quiet = status < 400 && (method === 'GET' || method === 'HEAD');
      logger[quiet ? 'debug' : 'info'](
        {
          requestId: request.id,
          method,
          path: pathOf(request),
          status,
          ms: Math.round(seconds * 1e5) / 100,
          address: request.ip,
          ...(!reply.raw.writableFinished && { aborted: true }),
        },
        'request',
      );
    });
    done();
  });

  fastify.addHook('onRequest', async (request, reply) => {
    const { endpoint } = request.routeOptions.config as EndpointRouteConfig;
    if (endpoint === undefined || endpoint.scope === 'public') return;
    await gate?.admit(request, reply, endpoint);
  });
}

/** Without the query: it may hold what nobody wants in a log. */
const pathOf = (request: FastifyRequest): string =>
  (request.originalUrl.split('?', 1)[0] ?? '').slice(0, 500);
