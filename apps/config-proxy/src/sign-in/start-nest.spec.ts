import { request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { json } from 'node:stream/consumers';
import { Controller, Module, Req } from '@nestjs/common';
import { defineEndpoint, Endpoint, startNest } from '@espalier/nest-kit';
import { createLogger, createMetrics, Lifecycle } from '@espalier/service-kit';
import { testCertificate } from '@espalier/testing';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SignInPlace } from './sign-in.fixture.js';

const look = defineEndpoint({
  method: 'GET',
  path: '/look',
  scope: 'public',
  summary: 'Say what the connection brought',
  response: z.object({ subject: z.string().nullable(), authorized: z.boolean(), head: z.number() }),
});

@Controller()
class LookController {
  @Endpoint(look)
  look(@Req() { raw, headers }: FastifyRequest): z.output<typeof look.response> {
    const socket = raw.socket as TLSSocket;
    const subject = socket.getPeerX509Certificate()?.subject ?? null;
    return { subject, authorized: socket.authorized, head: headers.authorization?.length ?? 0 };
  }
}
@Module({ controllers: [LookController] })
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class LookModule {}

describe('startNest, told what the ways to sign in need', () => {
  const place = new SignInPlace();
  const logger = createLogger({ service: 'spec', replica: 'spec', level: 'silent' });
  const lifecycle = new Lifecycle({ logger, graceMs: 2_000 });
  let port = 0;

  beforeAll(async () => {
    const kit = { logger, metrics: createMetrics('spec'), lifecycle };
    const https = {
      certFile: place.certFile,
      keyFile: place.keyFile,
      clients: { caFile: place.caFile },
    };
    const options = { name: 'spec', host: '127.0.0.1', port: 0, headLimit: 96 * 1024, https };
    port = (await startNest(kit, LookModule, options)).port;
  });
  afterAll(async () => {
    await lifecycle.shutdown('the spec is over');
    place.remove();
  });

  const ask = async (options = {}): Promise<{ status: number | undefined; json: unknown }> => {
    const ca = readFileSync(place.caFile);
    const request = httpsRequest({
      host: 'localhost',
      port,
      path: '/look',
      ca,
      agent: false,
      ...options,
    }).end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, json: await json(answer) };
  };

  it('asks for a certificate, verifies it, and serves whoever has none or a wrong one', async () => {
    const good = testCertificate('script', { issuer: place.authority });
    const wrong = testCertificate('stranger');
    expect((await ask()).json).toMatchObject({ subject: null, authorized: false });
    for (const [{ certificate: cert, key }, authorized] of [
      [good, true],
      [wrong, false],
    ] as const)
      expect((await ask({ cert, key })).json).toMatchObject({
        subject: expect.stringMatching(/^CN=/),
        authorized,
      });
  });

  it('reads heads as long as the longest tickets, and no longer', async () => {
    const sent = (length: number) => ask({ headers: { authorization: 'n'.repeat(length) } });
    expect((await sent(64_000)).json).toMatchObject({ head: 64_000 });
    expect(await sent(100_000)).toMatchObject({ status: 431, json: { code: 'ESP_BAD_REQUEST' } });
  });
});
