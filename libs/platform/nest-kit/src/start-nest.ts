import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
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
import { NestLogger } from './http/nest-logger.js';
import { addRequestHooks, requestIdOf, type Gate } from './http/request-hooks.js';
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
  /** Addresses or networks of proxies whose X-Forwarded-For is believed; none unless told. */
  readonly trustedProxies?: readonly string[];
}

export interface NestServer {
  readonly app: INestApplication;
  /** The port that was bound. */
  readonly port: number;
}

const MIB = 1024 * 1024;
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
  addRequestHooks(fastify, { name: options.name, logger, metrics, routes, gate: options.gate });

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

function createAdapter({ https, bodyLimit, trustedProxies }: NestOptions): FastifyAdapter {
  const common = {
    logger: false,
    bodyLimit: bodyLimit ?? MIB,
    genReqId: requestIdOf,
    requestIdHeader: false,
    trustProxy: trustedProxies === undefined || trustedProxies.length === 0 ? false : [...trustedProxies],
    // A request must be whole within this time; its answer may take longer.
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseBadUrl,
  } satisfies FastifyServerOptions;
  return https === undefined
    ? new FastifyAdapter(common)
    : new FastifyAdapter({ ...common, https: readTlsFiles(https) });
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

/** What is not even HTTP. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const large = error.code === 'HPE_HEADER_OVERFLOW';
  const line = late
    ? '408 Request Timeout'
    : large
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  const status = Number(line.slice(0, 3));
  const detail = late
    ? 'The request was not whole in time.'
    : large
      ? 'The headers are too large.'
      : 'This is not HTTP.';
  const problem = toProblem({ ...commonErrors.ESP_BAD_REQUEST({ detail }).toBody(), status }, 'none');
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-type: ${PROBLEM_CONTENT_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
