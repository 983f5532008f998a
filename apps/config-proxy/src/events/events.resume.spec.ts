import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { configProxyInterface } from '@espalier/contracts';
import { connectMessaging, type Messaging } from '@espalier/messaging';
import { createMetrics } from '@espalier/service-kit';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import type { Caller } from '../access/caller.js';
import { MdmPeer, silentLogger } from '../config-proxy.fixture.js';
import { forgetEvents, Listener } from './event-listener.fixture.js';
import { selectEvents } from './event-types.js';
import { EventHub } from './event.hub.js';
import { EventService } from './event.service.js';

const HEARTBEAT_MS = 50;
/** The feed forgets all but its last 100 events, so that those who are away a moment have to catch up. */
const KEEP_CHARACTERS = 40_000;

/** One replica's live events over plain HTTP, with everything real but who may listen. */
class Replica {
  /** Reads from NATS that are under way. */
  tails = 0;
  readonly messaging: Messaging;
  readonly #hub: EventHub;
  readonly #service: EventService;
  readonly #server: Server;
  readonly #listeners: Listener[] = [];

  constructor(natsUrl: string) {
    this.messaging = connectMessaging({
      service: configProxyInterface,
      servers: [natsUrl],
      logger: silentLogger,
      replica: 'spec',
    });
    this.#hub = new EventHub({
      checkAgain: () => Promise.resolve(),
      maxListeners: 100,
      logger: silentLogger,
      metrics: createMetrics('spec'),
      heartbeatMs: HEARTBEAT_MS,
    });
    this.#service = new EventService({
      messaging: {
        check: () => this.messaging.check(),
        oldestEvent: () => this.messaging.oldestEvent(),
        tail: (contracts, options, onEvent) => {
          this.tails += 1;
          const tail = this.messaging.tail(contracts, options, onEvent);
          let isOver = false;
          const stop = (): Promise<void> => {
            if (!isOver) this.tails -= 1;
            isOver = true;
            return tail.stop();
          };
          return { ...tail, stop };
        },
      },
      hub: this.#hub,
      contracts: selectEvents(undefined),
      stallMs: 5_000,
      keepCharacters: KEEP_CHARACTERS,
    });
    this.#server = createServer((request, response) => {
      const types = new URL(request.url ?? '', 'http://x').searchParams.get('types') ?? undefined;
      const after = request.headers['last-event-id'];
      const caller = { credentialId: 'spec', administrator: { id: 'spec', name: 'spec' } } as Caller;
      const order = {
        contracts: selectEvents(types),
        after: after === undefined ? undefined : Number(after),
      };
      this.#service.listen({ ...order, caller, response }).then(
        (stream) => stream.open({}),
        () => response.destroy(),
      );
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await Promise.all([once(this.#server, 'listening'), this.messaging.whenReady(10_000)]);
    return this;
  }

  async stop(): Promise<void> {
    this.#hub.stop();
    for (const listener of this.#listeners) listener.close();
    await this.#service.stop();
    this.#server.close();
    this.#server.closeAllConnections();
    await this.messaging.close();
  }

  async listen(types: string, after?: string): Promise<Listener> {
    const { port } = this.#server.address() as AddressInfo;
    const headers = after === undefined ? {} : { 'last-event-id': after };
    const request = get({ port, host: '127.0.0.1', path: `/?types=${types}`, headers, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const listener = new Listener(response);
    this.#listeners.push(listener);
    return listener.until(({ comments }) => comments.includes('listening'));
  }
}

describe('listeners of live events that come back', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  const replicas: Replica[] = [];

  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
  });
  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
  });
  afterAll(async () => {
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const startReplica = async (): Promise<Replica> => {
    const replica = new Replica(nats.url);
    replicas.push(replica);
    return replica.start();
  };
  const publish = async (label: string, count: number): Promise<string[]> => {
    const names = Array.from({ length: count }, (_, index) => `${label}${index}`);
    for (const name of names) await peer.publishCompleted(name);
    return names;
  };

  it('are moved forward by ids without data where nothing comes that they asked for: no gap, nobody dropped', async () => {
    const replica = await startReplica();
    const quiet = await replica.listen('enrollment.enrolled');
    const busy = await replica.listen('command.completed');
    const names = await publish('Quiet', 200);
    await busy.until(({ types }) => types.length === names.length);
    const last = busy.lastId ?? '';
    await quiet.until(({ lastId }) => lastId === last);
    expect(quiet.events).toEqual([]);
    quiet.close();
    // All that it was moved over is forgotten, by the feed and by NATS.
    await forgetEvents(nats.port, Number(last));
    const again = await replica.listen('enrollment.enrolled', quiet.lastId);
    await again.until(({ comments }) => comments.includes('heartbeat'));
    expect(again.events).toEqual([]);
    const late = await replica.listen('command.completed', String(Number(last) - 150));
    await late.until(({ events }) => events.length > 0);
    expect(late.events[0]).toMatchObject({ event: 'gap' });
  });

  it('get every event once and in order, however often they go away while events come', async () => {
    const both = [await startReplica(), await startReplica()];
    let listener = await both[0]!.listen('command.completed');
    const publishing = publish('Resumed', 600);
    const seen: string[] = [];
    for (let round = 0; seen.length < 600; round += 1) {
      const atLeast = Math.min(600 - seen.length, 1 + ((round * 7) % 40));
      await listener.until(({ types }) => types.length >= atLeast);
      listener.close();
      seen.push(...listener.types);
      if (seen.length < 600) listener = await both[round % 2]!.listen('command.completed', listener.lastId);
    }
    expect(seen).toEqual(await publishing);
    listener.close();
  }, 30_000);

  it('follow the feed of all, and read NATS no longer for themselves, as soon as they have met it', async () => {
    const old = await startReplica();
    const first = await old.listen('command.*');
    const before = first.lastId;
    const names = await publish('Backlog', 30);
    await first.until(({ types }) => types.length === names.length);
    const fresh = await startReplica();
    // Up to date when the replica begins; behind with nothing that matches, which NATS knows for one type, and not for
    // types of two aggregates; behind with all that matches.
    const upToDate = await fresh.listen('command.completed', first.lastId);
    const unmatched = await fresh.listen('enrollment.enrolled', before);
    const unmatchedTypes = await fresh.listen('enrollment.enrolled,deployment.changed', before);
    const behind = await fresh.listen('command.completed', before);
    await behind.until(({ types }) => types.length === names.length);
    const all = [upToDate, unmatched, unmatchedTypes, behind];
    await Promise.all(all.map((each) => each.until(({ lastId }) => lastId === first.lastId)));
    expect(fresh.tails).toBe(1);
    const more = await publish('More', 3);
    await Promise.all([upToDate, behind].map((each) => each.until(({ types }) => types.includes('More2'))));
    expect(upToDate.types).toEqual(more);
    expect(behind.types).toEqual([...names, ...more]);
    expect([...unmatched.events, ...unmatchedTypes.events]).toEqual([]);
  });
});
