import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Controller, Module, Req, Res, type Type } from '@nestjs/common';
import { commonErrors } from '@espalier/contracts';
import { createLogger, createMetrics, Lifecycle } from '@espalier/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  defineEndpoint,
  Endpoint,
  Input,
  startNest,
  type Gate,
  type InputOf,
  type NestOptions,
  type Problem,
  type ResultOf,
} from './index.js';

const pickApples = defineEndpoint({
  method: 'POST',
  path: '/orchards/:id/apples',
  scope: 'apples:pick',
  summary: 'Pick apples',
  params: z.object({ id: z.uuid() }),
  query: z.object({ basket: z.coerce.number().int().min(1).default(1) }),
  headers: z.object({ 'x-ripeness': z.enum(['ripe', 'green']).optional() }),
  body: z.strictObject({
    kind: z.string().min(2),
    tree: z.strictObject({ row: z.number() }).optional(),
    notes: z.unknown().optional(),
  }),
  response: z.object({ id: z.string(), basket: z.number(), kind: z.string() }).meta({ id: 'Apple' }),
  status: 201,
});
const fail = defineEndpoint({
  method: 'GET',
  path: '/fail/:how',
  scope: 'public',
  summary: 'Fail',
  params: z.object({ how: z.string() }),
});
const slow = defineEndpoint({
  method: 'GET',
  path: '/slow',
  scope: 'public',
  summary: 'Answer when told',
  response: z.object({ done: z.boolean() }),
});
const drip = defineEndpoint({
  method: 'GET',
  path: '/drip',
  scope: 'public',
  summary: 'Break off in the middle',
  contentType: ['text/plain', 'application/json'],
  ownAnswer: true,
});

const graft = defineEndpoint({
  method: 'GET',
  path: '/graft',
  scope: 'public',
  summary: 'Fail in a shape of its own',
  errorBody: ({ status, code }) => ({ trouble: { status, code } }),
});

/** Lets a test hold an answer of `/slow` back. */
export const held = { arrived: Promise.withResolvers<void>(), release: Promise.withResolvers<void>() };

/** An endpoint of each sort. */
@Controller()
export class OrchardController {
  @Endpoint(pickApples)
  pick(@Input() { params, query, body }: InputOf<typeof pickApples>): ResultOf<typeof pickApples> {
    return { id: params.id, basket: query.basket, kind: body.kind };
  }

  @Endpoint(fail)
  fail(@Input() { params }: InputOf<typeof fail>): void {
    if (params.how === 'known') throw commonErrors.ESP_SERVICE_UNAVAILABLE({ detail: 'No orchard.' });
    throw new Error('canary: the password is hunter2');
  }

  @Endpoint(slow)
  async slow(): Promise<ResultOf<typeof slow>> {
    held.arrived.resolve();
    await held.release.promise;
    return { done: true };
  }

  @Endpoint(graft)
  graft(@Req() { originalUrl }: FastifyRequest): void {
    throw commonErrors.ESP_NOT_FOUND({ detail: originalUrl });
  }

  @Endpoint(drip)
  async drip(@Res() reply: FastifyReply): Promise<void> {
    await new Promise((sent) => reply.raw.write('half an answer', sent));
    throw new Error('the tap broke');
  }
}
@Module({ controllers: [OrchardController] })
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
export class OrchardModule {}

/** Knows one caller and counts whom it saw. */
class CountingGate implements Gate {
  bodiesRead = 0;
  async admit(request: FastifyRequest): Promise<void> {
    if (request.body !== undefined) this.bodiesRead += 1;
    if (request.headers.authorization !== 'known') throw commonErrors.ESP_NOT_FOUND();
  }
}

/** A server of that, and a client of it. */
export class Orchard {
  readonly lines: Record<string, unknown>[] = [];
  readonly logger = createLogger({
    service: 'orchard',
    replica: 'spec',
    level: 'debug',
    destination: {
      write: (line: string) => void this.lines.push(JSON.parse(line) as Record<string, unknown>),
    },
  });
  readonly lifecycle = new Lifecycle({ logger: this.logger, graceMs: 5_000 });
  readonly metrics = createMetrics('orchard');
  readonly gate = new CountingGate();
  readonly agent = new Agent({ keepAlive: true });
  port = 0;

  async start(options: Partial<NestOptions> = {}, module: Type = OrchardModule): Promise<this> {
    const { gate } = this;
    const server = await startNest(this, module, {
      name: 'orchard',
      host: '127.0.0.1',
      port: 0,
      gate,
      bodyLimit: 4_096,
      ...options,
    });
    this.port = server.port;
    return this;
  }

  async open(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
  ): Promise<IncomingMessage> {
    const request = httpRequest({
      host: '127.0.0.1',
      port: this.port,
      method,
      path,
      headers,
      agent: this.agent,
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  async send(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string,
  ): Promise<{
    status: number;
    headers: IncomingMessage['headers'];
    json: Problem & Record<string, unknown>;
  }> {
    const response = await this.open(method, path, headers, body);
    const json = JSON.parse((await text(response)) || '{}') as Problem & Record<string, unknown>;
    return { status: response.statusCode ?? 0, headers: response.headers, json };
  }

  pick(
    body: unknown,
    path = '/orchards/0189f7ea-7b6c-7a0a-8b5e-3a0d8f3f3c11/apples',
    type = 'application/json',
  ) {
    return this.send(
      'POST',
      path,
      { authorization: 'known', 'content-type': type },
      typeof body === 'string' ? body : JSON.stringify(body),
    );
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.lifecycle.shutdown('the spec is over');
  }
}
