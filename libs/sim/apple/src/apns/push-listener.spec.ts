import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startAppleSim, type AppleSim, type AppleSimOptions } from '../apple-sim.js';
import { PushListener, type PushListenerOptions, type ReceivedPush } from './push-listener.js';

const TOPIC = 'com.apple.mgmt.External.0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const HOUR = 3600;

/** A simulator, what was started with it, and pushes as an MDM server sends them. */
class World {
  readonly listeners: PushListener[] = [];
  readonly received: ReceivedPush[] = [];
  readonly #waiting = new Set<() => void>();
  clock = Date.now();
  #session: ClientHttp2Session | undefined;

  private constructor(public sim: AppleSim) {}

  static async start(options: AppleSimOptions = {}): Promise<World> {
    // Through a box, as the clock belongs to the world that does not exist yet.
    const box: { world?: World } = {};
    const now = (): Date => new Date(box.world?.clock ?? Date.now());
    box.world = new World(await startAppleSim({ now, ...options }));
    return box.world;
  }

  listen(tokens: readonly string[], options: Partial<PushListenerOptions> = {}): PushListener {
    const listener = new PushListener(
      {
        deviceUrl: this.sim.deviceUrl,
        reconnectMs: 5,
        onPush: (push) => {
          this.received.push(push);
          for (const check of this.#waiting) check();
        },
        ...options,
      },
      tokens,
    );
    this.listeners.push(listener);
    return listener;
  }

  push(token: string, mdm: string, expiresIn = HOUR): Promise<number> {
    this.#session ??= this.#dial();
    const expiration = expiresIn === 0 ? 0 : Math.floor(this.clock / 1000) + expiresIn;
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': `/3/device/${token}`,
      'apns-expiration': String(expiration),
    });
    stream.end(JSON.stringify({ mdm }));
    stream.resume();
    return new Promise((resolve) => {
      let status = 0;
      stream.on('response', (headers) => (status = headers[':status'] ?? 0));
      stream.on('close', () => resolve(status));
    });
  }

  #dial(): ClientHttp2Session {
    const { certificate, key } = this.sim.issuePushCertificate(TOPIC);
    return connect(this.sim.apnsUrl, { ca: this.sim.ca, cert: certificate, key });
  }

  /** Resolves once this many pushes have reached devices. */
  arrived(count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.received.length < count) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  async close(): Promise<void> {
    for (const listener of this.listeners) listener.close();
    await this.closeSim();
  }

  async closeSim(): Promise<void> {
    this.#session?.close();
    await this.sim.close();
  }
}

describe('devices on an event stream', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.close());

  const issue = (count: number): string[] =>
    Array.from({ length: count }, () => world.sim.apns.issueToken(TOPIC));

  it('get their pushes, hundreds of devices on one stream', async () => {
    const all = issue(500);
    await world.listen(all).ready();
    expect(world.sim.apns.status()).toMatchObject({ streams: 1, waiting: 500 });
    await Promise.all(all.map((token, index) => world.push(token, `magic-${index}`)));
    await world.arrived(500);
    const byToken = new Map(world.received.map(({ token, mdm }) => [token, mdm]));
    all.forEach((token, index) => expect(byToken.get(token)).toBe(`magic-${index}`));
  });

  it('come and go while the stream runs', async () => {
    const [first = '', second = ''] = issue(2);
    const listener = world.listen([first]);
    await listener.ready();
    await listener.add(second);
    await listener.remove(first);
    expect(world.sim.apns.status().waiting).toBe(1);
    await world.push(first, 'stays');
    await world.push(second, 'arrives');
    await world.arrived(1);
    expect(world.received.map(({ mdm }) => mdm)).toEqual(['arrives']);
    await listener.add(first);
    await world.arrived(2);
    expect(world.received[1]).toMatchObject({ token: first, mdm: 'stays' });
  });

  it('get only the latest push after being away, and none that has expired', async () => {
    const [twice = '', expired = '', never = ''] = issue(3);
    await world.push(twice, 'old');
    await world.push(twice, 'new');
    await world.push(expired, 'late', 60);
    await world.push(never, 'now or never', 0);
    expect(world.sim.apns.status().pending).toBe(2);
    world.clock += 61_000;
    await world.listen([twice, expired, never]).ready();
    await world.arrived(1);
    expect(world.received).toMatchObject([{ token: twice, mdm: 'new' }]);
    expect(world.sim.apns.status().pending).toBe(0);
  });

  it('lose a token to a newer stream, and learn which are refused', async () => {
    const [token = '', gone = ''] = issue(2);
    world.sim.apns.unregister(gone);
    const lost: string[] = [];
    const first = world.listen([token, gone], { onLost: (which, why) => lost.push(`${why} ${which}`) });
    await first.ready();
    await world.listen([token]).ready();
    await world.push(token, 'm');
    await world.arrived(1);
    expect(world.sim.apns.status()).toMatchObject({ streams: 2, waiting: 1 });
    expect(lost).toEqual([`refused ${gone}`, `taken ${token}`]);
  });

  it('that read nothing do not fill memory: the latest push waits for each', async () => {
    const [token = ''] = issue(1);
    const socket = request(`${world.sim.deviceUrl}/devices/events?token=${token}`).end();
    const [response] = (await once(socket, 'response')) as [IncomingMessage];
    response.pause();
    // About 12 MB: more than the kernel's and Node's buffers take.
    const big = 'x'.repeat(4000);
    for (let sent = 0; sent < 3000; sent += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) => world.push(token, `${sent + index} ${big}`)),
      );
    }
    await world.push(token, 'the last');
    expect(world.sim.apns.status().pending).toBe(1);
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response as AsyncIterable<string>) {
      text = (text + chunk).slice(-500);
      if (text.includes('the last')) break;
    }
    expect(world.sim.apns.status().pending).toBe(0);
    response.destroy();
  });
});

describe('over a restart', () => {
  it('tokens, pending pushes and the CA are kept where asked, and devices come back by themselves', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sim-apple-'));
    const stateFile = join(folder, 'state.json');
    const before = await World.start({ stateFile });
    const [here, away, gone] = [0, 1, 2].map(() => before.sim.apns.issueToken(TOPIC)) as [
      string,
      string,
      string,
    ];
    before.sim.apns.unregister(gone);
    let come: (push: ReceivedPush) => void = () => undefined;
    const comesBack = new Promise<ReceivedPush>((resolve) => (come = resolve));
    const listener = before.listen([here], { onPush: come });
    await listener.ready();
    await before.push(away, 'kept');
    const { ca, deviceUrl } = before.sim;
    await before.closeSim();
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);

    const again = await World.start({ stateFile, devicePort: Number(new URL(deviceUrl).port) });
    expect(again.sim.ca).toBe(ca);
    await again.listen([away]).ready();
    await again.arrived(1);
    expect(again.received).toMatchObject([{ token: away, mdm: 'kept' }]);
    expect(await again.push(gone, 'm')).toBe(410);
    await listener.ready();
    await again.push(here, 'after');
    expect(await comesBack).toMatchObject({ token: here, mdm: 'after' });
    listener.close();
    await again.close();
    await rm(folder, { recursive: true });
  });

  it('serves devices over TLS where asked', async () => {
    const world = await World.start({ tls: true });
    const token = world.sim.apns.issueToken(TOPIC);
    expect(world.sim.deviceUrl).toMatch(/^https:/);
    await world.listen([token], { ca: world.sim.ca }).ready();
    await world.push(token, 'm');
    await world.arrived(1);
    await world.close();
  });
});
