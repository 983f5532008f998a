import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { Controller, Module } from '@nestjs/common';
import { createLogger, createMetrics, Lifecycle } from '@espalier/service-kit';
import { z } from 'zod';
import {
  BodyStream,
  defineEndpoint,
  Endpoint,
  Input,
  readBodyStream,
  startNest,
  type InputOf,
} from './index.js';

const upload = defineEndpoint({
  method: 'PUT',
  path: '/upload',
  scope: 'public',
  summary: 'Take any number of bytes',
  streams: ['application/octet-stream'],
  response: z.object({ bytes: z.number() }),
});
const small = defineEndpoint({
  method: 'PUT',
  path: '/small',
  scope: 'public',
  summary: 'Take ten bytes',
  streams: ['application/octet-stream'],
  response: z.object({ text: z.string() }),
});
const note = defineEndpoint({
  method: 'POST',
  path: '/note',
  scope: 'public',
  summary: 'Take JSON',
  body: z.strictObject({ text: z.string() }),
  response: z.object({ text: z.string() }),
});

@Controller()
class StreamController {
  @Endpoint(upload)
  async upload(@BodyStream() body: Readable): Promise<{ bytes: number }> {
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return { bytes };
  }

  @Endpoint(small)
  async small(@BodyStream() body: Readable): Promise<{ text: string }> {
    return { text: (await readBodyStream(body, 10)).toString() };
  }

  @Endpoint(note)
  note(@Input() { body }: InputOf<typeof note>): { text: string } {
    return body;
  }
}
@Module({ controllers: [StreamController] })
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class StreamModule {}

describe('bodies that a handler reads by itself', () => {
  const logger = createLogger({ service: 'spec', replica: 'spec-1', level: 'silent' });
  const lifecycle = new Lifecycle({ logger, graceMs: 2_000 });
  let port = 0;

  beforeAll(async () => {
    const kit = { logger, metrics: createMetrics('spec'), lifecycle };
    const options = { name: 'spec', host: '127.0.0.1', port: 0, bodyLimit: 1_000, wholeBodyMs: 300 };
    port = (await startNest(kit, StreamModule, options)).port;
  });
  afterAll(() => lifecycle.shutdown('end of the spec'));

  const send = (method: string, path: string, type: string): ClientRequest =>
    httpRequest({ port, method, path, headers: { 'content-type': type } });
  const answerOf = async (request: ClientRequest): Promise<IncomingMessage> => {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return answer;
  };

  it('are not limited by the size that JSON may have', async () => {
    const request = send('PUT', '/upload', 'application/octet-stream');
    const answer = answerOf(request);
    for (let i = 0; i < 50; i += 1) request.write(Buffer.alloc(10_000));
    request.end();
    expect(await json(await answer)).toEqual({ bytes: 500_000 });
  });

  it('are limited where the handler says so', async () => {
    const request = send('PUT', '/small', 'application/octet-stream');
    const answer = answerOf(request);
    request.end('eleven bytes');
    const refused = await answer;
    expect(refused.statusCode).toBe(413);
    expect(await text(refused)).toContain('ESP_TOO_LARGE');
  });

  it('are refused where no handler streams them, and so is a missing one', async () => {
    const wrong = send('POST', '/note', 'application/octet-stream');
    const refused = answerOf(wrong);
    wrong.end('bytes');
    expect((await refused).statusCode).toBe(415);
    const parsed = send('PUT', '/upload', 'application/json');
    const alsoRefused = answerOf(parsed);
    parsed.end('{}');
    expect((await alsoRefused).statusCode).toBe(415);
    const empty = httpRequest({ port, method: 'PUT', path: '/upload' });
    const missing = answerOf(empty);
    empty.end();
    expect((await missing).statusCode).toBe(400);
  });

  it('may take their time, while a body for memory must be whole soon', async () => {
    const patient = send('PUT', '/upload', 'application/octet-stream');
    const accepted = answerOf(patient);
    patient.write('first');
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /note HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"te',
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
    patient.end('second');
    expect(await json(await accepted)).toEqual({ bytes: 11 });
  });
});
