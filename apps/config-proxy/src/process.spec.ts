import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsolePlace, MdmPeer } from './config-proxy.fixture.js';

type LogLine = Readonly<Record<string, unknown>>;

/** config-proxy as its own process, as it runs in production. */
class Service {
  readonly lines: LogLine[] = [];
  readonly exited: Promise<number | null>;
  #child: ChildProcess;
  #heard = Promise.withResolvers<void>();

  constructor(readonly place: ConsolePlace) {
    this.#child = spawn(process.execPath, [new URL('main.js', import.meta.url).pathname], {
      env: place.env({ ESPALIER_LOG_LEVEL: 'info' }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = once(this.#child, 'exit').then(([code]) => code as number | null);
    const output = this.#child.stdout;
    if (output === null) throw new Error('no output');
    createInterface({ input: output }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LogLine);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** The first line that fits, also where it was logged before. */
  async line(fits: (line: LogLine) => boolean): Promise<LogLine> {
    const found = (): LogLine | undefined => this.lines.find(fits);
    const waiting = new AbortController();
    const late = delay(20_000, 'late', { signal: waiting.signal }).catch(() => 'in time');
    try {
      for (let line = found(); ; line = found()) {
        if (line !== undefined) return line;
        if ((await Promise.race([this.#heard.promise, late])) === 'late')
          throw new Error(`not logged: ${JSON.stringify(this.lines)}`);
      }
    } finally {
      waiting.abort();
    }
  }

  async port(server: string): Promise<number> {
    return Number(
      (await this.line((line) => line['msg'] === 'listening' && line['server'] === server))['port'],
    );
  }

  async get(path: string): Promise<IncomingMessage> {
    const request = httpsRequest({
      host: '127.0.0.1',
      port: await this.port('console'),
      path,
      ca: this.place.identity.certificate,
      headers: { authorization: `Bearer ${this.place.adminToken}` },
      agent: false,
    }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }
}

describe('config-proxy as a process', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
  });
  afterAll(async () => {
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const start = async (): Promise<Service> => {
    const service = new Service(new ConsolePlace(nats.url));
    await service.line(({ msg }) => msg === 'started');
    for (let status = 503; status !== 200;) {
      const response = await service.get('/api/v1/enrollments');
      response.resume();
      status = response.statusCode ?? 0;
    }
    return service;
  };

  it('answers what is in flight and ends its event streams on SIGTERM, then ends with 0', async () => {
    const service = await start();
    const events = await service.get('/api/v1/events');
    const streamed = text(events);
    peer.delayMs = 500;
    const arrived = peer.asked(10);
    const inFlight = Array.from({ length: 10 }, () => service.get('/api/v1/enrollments'));
    await arrived;
    service.signal('SIGTERM');
    const answers = await Promise.all(inFlight);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 10 }, () => 200));
    for (const answer of answers) expect(JSON.parse(await text(answer))).toHaveProperty('items');
    expect(await streamed).toContain(': this replica is shutting down');
    expect(await service.exited).toBe(0);
    peer.delayMs = 0;
    await expect(service.get('/')).rejects.toThrow('ECONNREFUSED');
    service.place.remove();
  });

  it('speaks TLS 1.2 or newer, and takes a new certificate on SIGHUP without a restart', async () => {
    const service = await start();
    const port = await service.port('console');
    const serving = async (options: object = {}): Promise<string> => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const before = await serving({ maxVersion: 'TLSv1.2' });
    await expect(
      serving({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow(/version|protocol/i);

    service.place.renewCertificate();
    service.signal('SIGHUP');
    await service.line(({ msg }) => msg === 'the certificate was read again');
    const after = await serving();
    expect(after).not.toBe(before);
    expect((await service.get('/')).statusCode).toBe(200);

    service.place.breakCertificate();
    service.signal('SIGHUP');
    await service.line(({ msg }) => String(msg).includes('the old one stays'));
    expect(await serving()).toBe(after);
    service.signal('SIGTERM');
    expect(await service.exited).toBe(0);
    service.place.remove();
  });

  it('logs no token, whatever it does with it', async () => {
    const service = await start();
    (await service.get(`/api/v1/whoami`)).resume();
    service.signal('SIGTERM');
    await service.exited;
    const log = JSON.stringify(service.lines);
    expect(log).toContain('bootstrap admin token');
    expect(log).not.toContain(readFileSync(service.place.tokenFile, 'utf8').trim().slice(4));
    service.place.remove();
  });
});
