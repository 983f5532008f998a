import { Readable } from 'node:stream';
import { createParamDecorator } from '@nestjs/common';
import { commonErrors } from '@espalier/contracts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { EndpointRouteConfig } from '../endpoint/endpoint.js';
import { httpErrors } from '../errors/http.errors.js';
import { refuseMalformed } from './malformed.js';

/** A streamed body may take for ever, but not stand still. */
const IDLE_BODY_MS = 60_000;

/** Gives a handler the body of a request as it comes; see `streams` of the endpoint. */
export const BodyStream = createParamDecorator((_data: unknown, context): Readable => {
  const { body } = context.switchToHttp().getRequest<FastifyRequest>();
  if (body === undefined || body === null)
    throw commonErrors.ESP_BAD_REQUEST({ detail: 'The body is missing.' });
  // JSON is parsed everywhere, also where it is not asked for.
  if (!(body instanceof Readable)) throw httpErrors.ESP_HTTP_UNSUPPORTED_MEDIA_TYPE();
  return body;
});

/**
 * Reads a streamed body into memory.
 * @param limit bytes
 * @throws EspalierError ESP_TOO_LARGE
 */
export async function readBodyStream(body: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw commonErrors.ESP_TOO_LARGE({ detail: `At most ${limit} bytes are taken.` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

const streamsOf = (config: unknown): readonly string[] =>
  ((config ?? {}) as EndpointRouteConfig).endpoint?.streams ?? [];

/** Lets bodies of the content types that an endpoint streams through unread; elsewhere those types are refused. */
export function addBodyStreams(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', ({ config }) => {
    for (const type of streamsOf(config)) {
      if (fastify.hasContentTypeParser(type)) continue;
      fastify.addContentTypeParser(type, (request, payload, done) => {
        const streams = streamsOf(request.routeOptions.config);
        if (streams.includes(type)) done(null, payload);
        else done(httpErrors.ESP_HTTP_UNSUPPORTED_MEDIA_TYPE({ detail: `${type} is not taken here.` }));
      });
    }
  });
}

/** Ends requests whose body does not come: slow senders must not hold connections for ever. */
export function limitBodyTime(fastify: FastifyInstance, wholeBodyMs: number): void {
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const { raw } = request;
    const late = (): void => {
      if (!raw.complete)
        refuseMalformed(Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), raw.socket);
    };
    if (streamsOf(request.routeOptions.config).length > 0) raw.setTimeout(IDLE_BODY_MS, late);
    else {
      const timer = setTimeout(late, wholeBodyMs);
      raw.once('close', () => clearTimeout(timer));
    }
    done(null, payload);
  });
}
