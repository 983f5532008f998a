import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { HttpClient } from './http-client.js';

describe('HttpClient', () => {
  let server: Server;
  let answers: string[];
  let received: string[];
  let client: HttpClient;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        received.push(bytes.toString());
        const answer = answers.shift();
        if (answer === undefined) return;
        socket.write(answer);
        // Whole answers stay open, as servers with keep-alive do.
        if (!answer.includes('keep-alive')) socket.end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    answers = [];
    received = [];
    client = new HttpClient({ secureContext: createSecureContext, timeoutMs: 300, idleMs: 1000 });
  });
  afterEach(() => client.close());
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const get = () => client.request({ method: 'GET', url: url() });

  it.each([
    ['Content-Length says more', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['the last chunk is missing', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['a chunk is cut', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nhalf'],
    ['nobody can tell, as the length is not given', 'HTTP/1.1 200 OK\r\n\r\nperhaps all'],
    ['an empty body has no length', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('takes no body that was or may have been cut short: %s', async (_name, answer) => {
    answers = [answer];
    await expect(get()).rejects.toMatchObject({ code: 'ESP_SIM_REPLY_CUT', retryable: true });
  });

  it('takes whole bodies, with length or in chunks', async () => {
    answers = [
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nwhole',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n',
    ];
    expect((await get()).body.toString()).toBe('whole');
    expect((await get()).body.toString()).toBe('whole');
  });

  it('sends again at once where a kept connection turns out to be closed', async () => {
    const closing = 'HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\n1';
    answers = [closing];
    await get();
    for (const socket of sockets) socket.resetAndDestroy();
    answers = ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n2'];
    expect((await get()).body.toString()).toBe('2');
  });

  it('gives up on a server that says nothing', async () => {
    await expect(get()).rejects.toMatchObject({ code: 'ESP_SIM_CONNECTION_FAILED' });
  });

  it('announces the whole body where it is to send half of it', async () => {
    const body = Buffer.from('0123456789');
    const sent = client.request({ method: 'PUT', url: url(), body, cutBody: true });
    const [socket] = (await once(server, 'connection')) as [Socket];
    const ended = once(socket, 'close');
    await expect(sent).rejects.toMatchObject({ code: 'ESP_SIM_CONNECTION_FAILED' });
    await ended;
    expect(received.join('')).toMatch(/content-length: 10\r\n[^]*\r\n\r\n01234$/i);
  });
});
