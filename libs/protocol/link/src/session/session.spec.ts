import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { BodyStream, collectBody, receiveBody } from '../body/receive-body.js';
import { cutStream, sendBody } from '../body/send-body.js';
import { contentLengthOf } from '../headers/headers.js';
import type { LinkHello } from '../hello/hello.js';
import { LinkError } from '../link-error.js';
import { HELLO_PATH, type LinkTimings } from '../link-limits.js';
import { DmzSession, type DmzSessionOptions } from './dmz-session.js';
import { InsideSession, type InsideSessionOptions } from './inside-session.js';

const hello: LinkHello = {
  linkId: 'l1',
  service: 'mdm',
  site: 'S01',
  replica: 'r1',
  slot: 0,
  build: '1',
  maxStreams: 50,
  routes: [],
};
const timings: LinkTimings = { helloMs: 300, pingIntervalMs: 60_000, pingTimeoutMs: 300 };

describe('two ends of a link', () => {
  let server: Server;
  const open: { destroy(reason: LinkError): void }[] = [];
  const sockets: Socket[] = [];

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const session of open.splice(0)) session.destroy(new LinkError('CLOSED', 'the spec is over'));
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => void server.close());

  async function pair(): Promise<[Socket, Socket]> {
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const dialled = connect((server.address() as AddressInfo).port, '127.0.0.1');
    dialled.on('error', () => undefined);
    const [accepting] = await accepted;
    accepting.on('error', () => undefined);
    sockets.push(dialled, accepting);
    return [accepting, dialled];
  }

  async function link(
    onRequest: InsideSessionOptions['onRequest'],
    options: Partial<DmzSessionOptions> = {},
  ): Promise<{ dmz: DmzSession; inside: InsideSession; sockets: [Socket, Socket] }> {
    const both = await pair();
    const opening = InsideSession.open(both[1], { hello, onRequest, timings });
    opening.catch(() => undefined);
    const dmz = await DmzSession.accept(both[0], {
      dmzId: 'dmz-0',
      judge: () => undefined,
      timings,
      ...options,
    });
    const inside = await opening;
    open.push(dmz, inside);
    return { dmz, inside, sockets: both };
  }

  it('exchange hellos and PINGs', async () => {
    const { dmz, inside } = await link(() => undefined);
    expect(dmz.hello).toEqual(hello);
    expect(inside.dmz.dmzId).toBe('dmz-0');
    while (dmz.rttMs === undefined || inside.rttMs === undefined)
      await new Promise((done) => setTimeout(done, 5));
    expect(dmz.rttMs).toBeLessThan(300);
  });

  it('the refusal of the DMZ reaches the inside with its status and reason', async () => {
    const [accepting, dialled] = await pair();
    const judge = (): never => {
      throw new LinkError('REFUSED', 'not this one', { status: 403 });
    };
    const results = await Promise.allSettled([
      DmzSession.accept(accepting, { dmzId: 'dmz-0', judge, timings }),
      InsideSession.open(dialled, { hello, onRequest: () => undefined, timings }),
    ]);
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'REFUSED', status: 403 } });
    expect(results[1]).toMatchObject({ reason: { message: 'dmz-0: not this one' } });
  });

  it('a hello that is no hello is refused with 400', async () => {
    const [accepting, dialled] = await pair();
    const results = await Promise.allSettled([
      DmzSession.accept(accepting, { dmzId: 'dmz-0', judge: () => undefined, timings }),
      InsideSession.open(dialled, { hello: { ...hello, site: '' }, onRequest: () => undefined, timings }),
    ]);
    expect(results[0]).toMatchObject({ reason: { code: 'PROTOCOL' } });
    expect(results[1]).toMatchObject({ reason: { code: 'REFUSED', status: 400 } });
  });

  it('a DMZ of another version is refused', async () => {
    const [accepting, dialled] = await pair();
    const opening = InsideSession.open(dialled, { hello, onRequest: () => undefined, timings });
    const refused = opening.catch((error: unknown) => error);
    const client = connectHttp2('http://link', { createConnection: () => accepting });
    client.on('error', () => undefined);
    const body = Buffer.from(JSON.stringify({ proto: [9], dmzId: 'd', time: 0 }));
    const stream = client.request({ ':method': 'POST', ':path': HELLO_PATH, 'content-length': body.length });
    stream.end(body);
    const [headers] = (await once(stream, 'response')) as [{ ':status': number }];
    expect(headers[':status']).toBe(426);
    expect(await refused).toMatchObject({ code: 'PROTOCOL' });
  });

  it.each(['the DMZ', 'the inside'])('%s gives up on a peer that says nothing', async (end) => {
    const [accepting, dialled] = await pair();
    const waiting =
      end === 'the DMZ'
        ? DmzSession.accept(accepting, { dmzId: 'd', judge: () => undefined, timings })
        : InsideSession.open(dialled, { hello, onRequest: () => undefined, timings });
    await expect(waiting).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('random bytes end the link and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), fc.boolean(), async (length, preface) => {
        const [accepting, dialled] = await pair();
        const magic = preface ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : '';
        const waiting = InsideSession.open(dialled, { hello, onRequest: () => undefined, timings });
        accepting.end(Buffer.concat([Buffer.from(magic), randomBytes(length)]));
        await expect(waiting).rejects.toBeInstanceOf(LinkError);
        const [other, dialling] = await pair();
        const accepted = DmzSession.accept(other, { dmzId: 'd', judge: () => undefined, timings });
        dialling.end(randomBytes(length));
        await expect(accepted).rejects.toBeInstanceOf(LinkError);
      }),
      { numRuns: 15 },
    );
  });

  it('a drain of the inside loses no request: those sent before it is known are answered', async () => {
    const { dmz, inside } = await link((stream) => {
      setTimeout(() => {
        stream.respond({ ':status': 200, 'content-length': 2 });
        stream.end('ok');
      }, 50);
    });
    const asked: Promise<Buffer>[] = [];
    const ask = (): void => {
      const stream = dmz.request({ ':path': '/x' }, { endStream: true, waitForTrailers: false });
      asked.push(collectBody(stream, 2, 10));
    };
    for (let index = 0; index < 10; index += 1) ask();
    const drained = inside.drain(2_000);
    for (let index = 0; index < 10; index += 1) ask();
    await drained;
    expect((await Promise.all(asked)).map(String)).toEqual(Array.from({ length: 20 }, () => 'ok'));
    expect(() => dmz.request({ ':path': '/x' }, { endStream: true, waitForTrailers: false })).toThrow(
      LinkError,
    );
  });

  describe('bodies', () => {
    type Sender = (stream: ServerHttp2Stream) => void;
    const part = Buffer.alloc(100_000, 'x');

    async function download(send: Sender): Promise<Buffer> {
      const { dmz } = await link(send);
      const stream = dmz.request({ ':path': '/x' }, { endStream: true, waitForTrailers: false });
      const [headers] = (await once(stream, 'response')) as [Record<string, string>];
      return collectBody(stream, contentLengthOf(headers), 10_000_000);
    }

    it.each<[string, Sender]>([
      ['destroy() without an error', (stream) => void stream.destroy()],
      ['close(CANCEL)', (stream) => stream.close(8)],
      ['close(INTERNAL_ERROR)', (stream) => stream.close(2)],
      ['end() too early', (stream) => void stream.end()],
      ['destroy(error)', (stream) => cutStream(stream, new Error('no'))],
      ['the end of the session', (stream) => stream.session?.destroy()],
    ])('that are cut by %s are never taken for whole, with or without a length', async (_what, cut) => {
      for (const length of [undefined, 200_000]) {
        const headers = { ':status': 200, ...(length !== undefined && { 'content-length': length }) };
        await expect(
          download((stream) => {
            stream.on('error', () => undefined);
            stream.respond(headers);
            stream.write(part, () => cut(stream));
          }),
        ).rejects.toMatchObject({ code: 'TRUNCATED' });
      }
    });

    it.each([0, 1, 65_536, 3_000_000])('of %s bytes arrive whole without a length', async (size) => {
      const body = randomBytes(size);
      const got = await download((stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        void sendBody(stream, Readable.from(size === 0 ? [] : [body]), { declared: undefined });
      });
      expect(got.equals(body)).toBe(true);
    });

    it('longer or shorter than declared are cut by the sender', async () => {
      for (const declared of [99_999, 100_001]) {
        const failed = download((stream) => {
          stream.on('error', () => undefined);
          stream.respond({ ':status': 200, 'content-length': declared });
          sendBody(stream, Readable.from([part]), { declared }).catch(() => undefined);
        });
        await expect(failed).rejects.toMatchObject({ code: 'TRUNCATED' });
      }
    });

    it('are read at the pace of the reader, not of the sender', async () => {
      let sent = 0;
      const { dmz } = await link((stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        const source = Readable.from(
          (function* () {
            for (let index = 0; index < 200; index += 1) {
              sent += part.length;
              yield part;
            }
          })(),
        );
        sendBody(stream, source, { declared: undefined }).catch(() => undefined);
      });
      const stream = dmz.request({ ':path': '/x' }, { endStream: true, waitForTrailers: false });
      await once(stream, 'response');
      const body = new BodyStream(stream, undefined, 100_000_000);
      await once(body, 'readable');
      await new Promise((done) => setTimeout(done, 100));
      expect(sent).toBeLessThan(2_000_000);
      let size = 0;
      for await (const chunk of body) size += (chunk as Buffer).length;
      expect(size).toBe(20_000_000);
    });

    it('larger than the limit are refused, without reading on', async () => {
      const refused = download((stream) => {
        stream.on('error', () => undefined);
        stream.respond({ ':status': 200, 'content-length': 20_000_000 });
        stream.write(part);
      });
      await expect(refused).rejects.toMatchObject({ code: 'TOO_LARGE' });
    });

    it('of a link that is cut reach exactly one of end and fail', async () => {
      const { dmz, sockets: both } = await link((stream) => {
        stream.on('error', () => undefined);
        stream.respond({ ':status': 200 });
        stream.write(part);
      });
      const stream = dmz.request({ ':path': '/x' }, { endStream: true, waitForTrailers: false });
      const calls: string[] = [];
      const closed = once(stream, 'close').catch(() => undefined);
      receiveBody(stream, undefined, {
        data: () => both[1].resetAndDestroy(),
        end: () => calls.push('end'),
        fail: (error) => calls.push(error.code),
      });
      await closed;
      await new Promise((done) => setImmediate(done));
      expect(calls).toEqual(['TRUNCATED']);
    });
  });
});
