import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { commonErrors } from '@espalier/contracts';
import type { ServiceKit } from '@espalier/service-kit';
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
} from 'fastify';
import { PROBLEM_CONTENT_TYPE, toProblem } from './errors/problem.js';
import { ProblemFilter } from './errors/problem.filter.js';
import { drainOnShutdown } from './http/drain-on-shutdown.js';
import { refuseMalformed } from './http/malformed.js';
import { NestLogger } from './http/nest-logger.js';
import { addRequestHooks, requestIdOf, type Gate } from './http/request-hooks.js';
import { addBodyStreams, limitBodyTime } from './http/body-streams.js';
import { RouteIndex } from './http/route-index.js';
import { readTlsFiles, reloadOnHangup, type TlsFiles } from './http/tls-files.js';

export interface NestOptions {
  /** Of the server, in logs, metrics and shutdown. */
  readonly name: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** TLS 1.2 or newer with these files, read again on SIGHUP; without it plain HTTP. */
  readonly https?: TlsFiles;
  /** Needed as soon as one endpoint is not public. */
  readonly gate?: Gate;
  /** Longest body, in bytes; 1 MiB unless told. */
  readonly bodyLimit?: number;
  /** How long a body that is read into memory may take to arrive, in ms; 30 s unless told. */
  readonly wholeBodyMs?: number;
  /** Longest head of a request, in bytes; 16 KiB unless told. */
  readonly headLimit?: number;
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; none unless told. */
  readonly trustedProxies?: readonly string[];
  /**
   * Path and query by which a request finds its route, for protocols whose paths no router can read (any letter case,
   * keys in brackets). Handlers see what was sent as `request.originalUrl`.
   */
  readonly rewriteUrl?: (url: string) => string;
  /** Adds hooks of the service's own behind those of the kit: the gate has answered before `preHandler`. */
  readonly hooks?: (fastify: FastifyInstance) => void;
}

export interface NestServer {
  readonly app: INestApplication;
  /** The port that was bound. */
  readonly port: number;
}

const MIB = 1024 * 1024;
const WHOLE_BODY_MS = 30_000;
/** Ids are up to 400 characters, each of which may be spelt %XX. */
const MAX_PARAM_LENGTH = 1_200;

/**
 * Starts a Nest application on Fastify as part of a service: its log, metrics and shutdown are the service's, its
 * errors problem+json, its routes those of `@Endpoint` and no others.
 * @throws where a route is not declared with `@Endpoint`, a file of `https` is not usable, or the port is taken
 */
export async function startNest(
  kit: Pick<ServiceKit<unknown>, 'logger' | 'metrics' | 'lifecycle'>,
  module: Type | DynamicModule,
  options: NestOptions,
): Promise<NestServer> {
  const { metrics, lifecycle } = kit;
  const logger = kit.logger.child({ server: options.name });
  const routes = new RouteIndex();
  const adapter = createAdapter(options);
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.removeContentTypeParser('text/plain');
  addBodyStreams(fastify);
  limitBodyTime(fastify, options.wholeBodyMs ?? WHOLE_BODY_MS);
  addRequestHooks(fastify, { name: options.name, logger, metrics, routes, gate: options.gate });
  options.hooks?.(fastify);

  const app = await NestFactory.create(module, adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(new ProblemFilter(logger, routes));
  const server = fastify.server as Server;
  lifecycle.onShutdown('connections', `${options.name} application`, () => app.close());
  drainOnShutdown(lifecycle, options.name, server);
  await app.listen(options.port, options.host);
  if (options.https !== undefined) reloadOnHangup(server, options.https, logger, lifecycle);
  const { port } = server.address() as AddressInfo;
  logger.info({ host: options.host, port, tls: options.https !== undefined }, 'listening');
  return { app, port };
}

function createAdapter({
  https,
  bodyLimit,
  headLimit,
  trustedProxies,
  rewriteUrl,
}: NestOptions): FastifyAdapter {
  const common = {
    logger: false,
    bodyLimit: bodyLimit ?? MIB,
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedProxies === undefined || trustedProxies.length === 0 ? false : [...trustedProxies],
    // Heads have Node's own limit, bodies ours: see limitBodyTime.
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseBadUrl,
    ...(rewriteUrl !== undefined && { rewriteUrl: ({ url = '/' }) => rewriteUrl(url) }),
  } satisfies FastifyServerOptions;
  const head = headLimit === undefined ? {} : { maxHeaderSize: headLimit };
  return https === undefined
    ? new FastifyAdapter({ ...common, http: head })
    : new FastifyAdapter({ ...common, https: { ...readTlsFiles(https), ...head } });
}

/** What the router cannot read: it answers before any hook or filter. */
function refuseBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const body = commonErrors.ESP_BAD_REQUEST({ detail: error.message }).toBody();
  void reply
    .code(body.status)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .header('x-request-id', request.id)
    .send(Buffer.from(JSON.stringify(toProblem(body, request.id))));
}
