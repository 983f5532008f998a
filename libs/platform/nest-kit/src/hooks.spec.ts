import { Controller, Module } from '@nestjs/common';
import { commonErrors } from '@espalier/contracts';
import { createLogger, createMetrics, Lifecycle } from '@espalier/service-kit';
import { defineEndpoint, Endpoint, problemOf, startNest, type Gate } from './index.js';

const look = defineEndpoint({ method: 'POST', path: '/look', scope: 'any', summary: 'Look', audit: false });
const fall = defineEndpoint({
  method: 'POST',
  path: '/fall',
  scope: 'any',
  summary: 'Fail',
  errorBody: ({ title }) => ({ said: title }),
});

const order: string[] = [];

@Controller()
class SpecController {
  @Endpoint(look)
  look(): void {
    order.push('handler');
  }

  @Endpoint(fall)
  fall(): void {
    throw commonErrors.ESP_NOT_FOUND();
  }
}

@Module({ controllers: [SpecController] })
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class SpecModule {}

const gate: Gate = {
  admit: () => {
    order.push('gate');
    return Promise.resolve();
  },
};

describe('hooks of a service', () => {
  const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
  const lifecycle = new Lifecycle({ logger, graceMs: 1_000 });
  let url = '';
  beforeAll(async () => {
    const { port } = await startNest({ logger, lifecycle, metrics: createMetrics('spec') }, SpecModule, {
      name: 'spec',
      host: '127.0.0.1',
      port: 0,
      gate,
      hooks: (fastify) => {
        fastify.addHook('preHandler', (request, _reply, done) => {
          order.push('hook');
          const stop = request.headers['x-stop'] === 'yes';
          done(stop ? commonErrors.ESP_SERVICE_UNAVAILABLE() : undefined);
        });
        fastify.addHook('onSend', (request, reply, _payload, done) => {
          order.push(`answer ${reply.statusCode} ${problemOf(request)?.code ?? ''}`.trim());
          done();
        });
      },
    });
    url = `http://127.0.0.1:${port}`;
  });
  beforeEach(() => order.splice(0));
  afterAll(() => lifecycle.shutdown('the spec is over'));

  const send = (path: string, headers = {}): Promise<Response> =>
    fetch(url + path, { method: 'POST', headers: { connection: 'close', ...headers } });

  it('run behind the gate and before the handler, and see the answer', async () => {
    expect((await send('/look')).status).toBe(204);
    expect(order).toEqual(['gate', 'hook', 'handler', 'answer 204']);
  });

  it('keep a request from its handler by failing', async () => {
    const answer = await send('/look', { 'x-stop': 'yes' });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'ESP_SERVICE_UNAVAILABLE' });
    expect(order).toEqual(['gate', 'hook', 'answer 503 ESP_SERVICE_UNAVAILABLE']);
  });

  it('know what a request was refused with, whatever the answer looks like', async () => {
    const answer = await send('/fall');
    expect(await answer.json()).toEqual({ said: 'There is no such object.' });
    expect(order.at(-1)).toBe('answer 404 ESP_NOT_FOUND');
  });
});
