import { randomUUID } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { commonErrors, type ErrorBody } from '@espalier/contracts';
import type { Logger } from '@espalier/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EndpointRouteConfig } from '../endpoint/endpoint.js';
import type { RouteIndex } from '../http/route-index.js';
import { httpErrors } from './http.errors.js';
import { PROBLEM_CONTENT_TYPE, toProblem, type Problem } from './problem.js';
import { toEspalierError } from './to-espalier-error.js';

/** Seconds after which a caller may try again what failed because something is away. */
const RETRY_AFTER_SECONDS = '2';

const problems = new WeakMap<FastifyRequest, Problem>();

/** What a request was refused with, for hooks: the answer may have the shape of another protocol. */
export const problemOf = (request: FastifyRequest): Problem | undefined => problems.get(request);

/** Turns every error into problem+json. What nobody expected is logged under an id, and only the id is shown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly routes: RouteIndex,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const body = this.bodyOf(thrown, request, reply);
    if (reply.sent || reply.raw.headersSent) {
      // Half an answer must not look like a whole one.
      reply.raw.destroy();
      return;
    }
    if (body.status === 503 && !reply.hasHeader('retry-after'))
      void reply.header('retry-after', RETRY_AFTER_SECONDS);
    const problem = toProblem(body, request.id);
    problems.set(request, problem);
    const { endpoint } = request.routeOptions.config as EndpointRouteConfig;
    const own = endpoint?.errorBody?.(problem);
    void reply
      .code(body.status)
      .header('content-type', own === undefined ? PROBLEM_CONTENT_TYPE : 'application/json')
      // As bytes: to text Fastify would add a charset, which these types do not have (RFC 9457 §8.1, RFC 8259 §11).
      .send(Buffer.from(JSON.stringify(own ?? problem)));
  }

  private bodyOf(thrown: unknown, request: FastifyRequest, reply: FastifyReply): ErrorBody {
    const known = toEspalierError(thrown);
    const fields = { requestId: request.id, method: request.method, route: request.routeOptions.url };
    if (known === undefined) return this.unexpected(thrown, fields, request);
    const allowed = known.code === 'ESP_HTTP_ROUTE_UNKNOWN' ? this.routes.methodsOf(request.url) : [];
    if (allowed.length > 0) {
      void reply.header('allow', allowed.join(', '));
      return httpErrors.ESP_HTTP_METHOD_NOT_ALLOWED().toBody();
    }
    this.logger[known.level]({ ...fields, code: known.code, err: known }, 'a request was refused');
    return known.toBody();
  }

  private unexpected(thrown: unknown, fields: object, request: FastifyRequest): ErrorBody {
    if (request.raw.destroyed && !request.raw.complete) {
      this.logger.debug({ ...fields, err: thrown }, 'the caller went away before its request was whole');
      return commonErrors.ESP_BAD_REQUEST().toBody();
    }
    const errorId = randomUUID();
    this.logger.error({ ...fields, err: thrown, errorId }, 'a request failed');
    return { ...commonErrors.ESP_INTERNAL({ detail: `Error id ${errorId}.` }).toBody(), errorId };
  }
}
