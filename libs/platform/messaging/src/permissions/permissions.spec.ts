import type { ServiceInterface } from '@espalier/contracts';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';

import { eventMessage } from '../events/event-message.js';
import type { Messaging } from '../messaging.types.js';
import {
  Clients,
  configProxy,
  enrolled,
  lookUp,
  mdm,
  MemoryLogger,
  policy,
  Probe,
  pushed,
  relay,
  removed,
  sweep,
} from '../spec/bus.fixture.js';
import { renderNatsConfig } from './nats-config.js';
import { natsPermissions } from './nats-permissions.js';
import { generateNkey } from './nkey.js';

const everyone: readonly ServiceInterface[] = [mdm, policy, configProxy];
const keys = new Map(everyone.map((declared) => [declared.service, generateNkey()]));
const seedOf = (declared: ServiceInterface): string => keys.get(declared.service)?.seed ?? '';

describe('permissions on a real nats-server', () => {
  let server: NatsServer;
  let clients: Clients;
  const raw: NatsConnection[] = [];
  beforeAll(async () => {
    server = await startNatsServer({
      config: ({ host, port, monitorPort, storeDir }) =>
        renderNatsConfig({
          listen: `${host}:${port}`,
          storeDir,
          monitor: monitorPort,
          users: everyone.map((declared) => ({
            service: declared.service,
            nkeyPublic: keys.get(declared.service)?.publicKey ?? '',
            permissions: natsPermissions(declared, { others: everyone }),
          })),
        }),
    });
    clients = new Clients(server.url);
  });
  afterEach(async () => {
    await Promise.all(raw.splice(0).map((connection) => connection.close()));
    await clients.closeAll();
  });
  afterAll(() => server.stop());

  const join = (declared: ServiceInterface, logger = new MemoryLogger()): Promise<Messaging> =>
    clients.ready(declared, { nkeySeed: seedOf(declared), logger });

  async function intruder(as: ServiceInterface): Promise<NatsConnection> {
    const authenticator = nkeyAuthenticator(new TextEncoder().encode(seedOf(as)));
    const connection = await connect({
      servers: server.url,
      authenticator,
      inboxPrefix: `_INBOX_${as.service}`,
    });
    raw.push(connection);
    return connection;
  }

  /** The server's complaint about a request, or `allowed`. */
  async function attempt(connection: NatsConnection, subject: string, payload = '{}'): Promise<string> {
    return connection.request(subject, payload, { timeout: 2_000 }).then(
      () => 'allowed',
      (error: Error) => error.message,
    );
  }

  it('let every declared thing work: requests, events, jobs, tails, dead letters and replays', async () => {
    const logger = new MemoryLogger();
    const [host, middle, edge] = [
      await join(mdm, logger),
      await join(policy, logger),
      await join(configProxy, logger),
    ];
    host.serve(lookUp, ({ id }) => ({ id, by: 'mdm' }));
    middle.serve(relay, async ({ id }) => ({
      actor: (await middle.call(lookUp, { id })).by,
      traceparent: '',
    }));
    const events = new Probe<string>();
    const live = new Probe<number>();
    const broken = new Set(['event', 'job']);
    for (const [service, durable] of [
      [middle, 'projection'],
      [edge, 'inventory'],
    ] as const)
      await service.consume([enrolled, removed], {
        durable,
        maxDeliver: 2,
        retry: { baseMs: 10 },
        handler: async ({ payload }) => {
          if (broken.has('event') && durable === 'projection') throw new Error('broken');
          events.add(`${durable} ${payload.n}`);
        },
      }).active;
    await middle.tail([enrolled, pushed], {}, ({ payload }) => live.add(payload.n)).active;
    const jobs = new Probe<number>();
    await host.work(
      sweep,
      async ({ n }, { working }) => {
        working();
        if (broken.has('job')) throw new Error('broken');
        jobs.add(n);
      },
      { retry: { baseMs: 10 } },
    ).active;

    await expect(edge.call(relay, { id: 'a' })).resolves.toEqual({ actor: 'mdm', traceparent: '' });
    await host.publishOutboxMessage(eventMessage(enrolled, { n: 1 }));
    await host.publishOutboxMessage(eventMessage(pushed, { n: 2 }));
    await middle.enqueue(sweep, { n: 3 }, { messageId: 'job-3' });
    expect(await live.count(2)).toEqual([1, 2]);
    await events.count(1);
    const deadline = AbortSignal.timeout(10_000);
    for (const [service, kind] of [
      [middle, 'event'],
      [host, 'job'],
    ] as const) {
      let ids: string[] = [];
      while (ids.length === 0) {
        ids = (await service.deadLetters.list()).items.map(({ id }) => id);
        deadline.throwIfAborted();
      }
      broken.delete(kind);
      await service.deadLetters.replay(ids[0] ?? '');
    }
    expect(await events.count(2)).toEqual(['inventory 1', 'projection 1']);
    expect(await jobs.count(1)).toEqual([3]);
    const complaints = logger.lines.filter(({ fields }) => /permission/i.test(String(fields['err'])));
    expect(complaints).toEqual([]);
  });

  it("keep a service off others' subjects", async () => {
    await join(mdm);
    const connection = await intruder(configProxy);
    const denied = [
      enrolled.subject,
      sweep.subject,
      'esp.v1.rpc.vpp.anything',
      'esp.v1.dlq.mdm.job.sweep',
      '_INBOX_mdm.abc.def',
    ];
    for (const subject of denied)
      expect(await attempt(connection, subject)).toMatch(/Permissions Violation for Publish/);
    expect(await attempt(connection, lookUp.subject)).not.toMatch(/Permissions/);
  });

  it("keep a service from listening to others' requests, events and inboxes", async () => {
    const connection = await intruder(policy);
    const denied = [
      lookUp.subject,
      enrolled.subject,
      'esp.v1.>',
      '_INBOX_mdm.>',
      '_INBOX_mdm.*.*',
      '_INBOX.>',
      '>',
      '$JS.>',
    ];
    for (const subject of denied) {
      const { promise, resolve } = Promise.withResolvers<string>();
      connection.subscribe(subject, { callback: (error) => resolve(error?.message ?? 'a message came') });
      expect(await promise).toMatch(/Permissions Violation for Subscription/);
    }
    // Its own requests only as a member of the queue group: not as an eavesdropper of its replicas.
    const { promise, resolve } = Promise.withResolvers<string>();
    connection.subscribe(relay.subject, { callback: (error) => resolve(error?.message ?? 'a message came') });
    expect(await promise).toMatch(/Permissions Violation for Subscription/);
  });

  it("keep a service off others' consumers, streams and stored messages", async () => {
    await join(mdm);
    const owner = await join(configProxy);
    await owner.consume([enrolled, removed], { durable: 'inventory', handler: async () => undefined }).active;
    // It may tail these very events, so that only the names stand between it and the durable.
    const connection = await intruder(policy);
    const filter = 'esp.v1.evt.enrollment.*';
    const denied = [
      '$JS.API.CONSUMER.MSG.NEXT.ESP_EVT.config-proxy_inventory',
      `$JS.API.CONSUMER.CREATE.ESP_EVT.config-proxy_inventory.${filter}`,
      '$JS.API.CONSUMER.CREATE.ESP_EVT',
      '$JS.API.CONSUMER.DURABLE.CREATE.ESP_EVT.config-proxy_inventory',
      '$JS.API.CONSUMER.DELETE.ESP_EVT.config-proxy_inventory',
      '$JS.API.CONSUMER.MSG.NEXT.ESP_JOB.sweep',
      '$JS.API.CONSUMER.CREATE.ESP_JOB.sweep.esp.v1.job.sweep',
      '$JS.API.STREAM.DELETE.ESP_EVT',
      '$JS.API.STREAM.PURGE.ESP_EVT',
      '$JS.API.STREAM.MSG.GET.ESP_EVT',
      '$JS.API.STREAM.MSG.DELETE.ESP_EVT',
      '$JS.API.DIRECT.GET.ESP_EVT',
      '$JS.API.STREAM.CREATE.STOLEN',
      '$JS.API.STREAM.MSG.GET.ESP_DLQ_MDM',
      '$JS.API.STREAM.UPDATE.ESP_DLQ_MDM',
      '$JS.API.STREAM.LIST',
      '$JS.API.STREAM.NAMES',
      '$JS.ACK.ESP_EVT.config-proxy_inventory.1.1.1.1.1',
      '$JS.ACK._.abc.ESP_EVT.config-proxy_inventory.1.1.1.1.1.xyz',
    ];
    for (const subject of denied)
      expect(`${subject}: ${await attempt(connection, subject)}`).toMatch(
        /Permissions Violation for Publish/,
      );
  });

  it('give a client that is not permitted a clear error instead of a time-out', async () => {
    const wide: ServiceInterface = { ...configProxy, publishes: mdm.publishes };
    const rogue = await clients.ready(wide, { nkeySeed: seedOf(configProxy) });
    const published = rogue.publishOutboxMessage(eventMessage(enrolled, { n: 1 }));
    await expect(published).rejects.toMatchObject({ code: 'ESP_MESSAGING_FORBIDDEN' });
  });

  it('let nobody in with an unknown key, and keep trying', async () => {
    const stranger = clients.connect(mdm, { nkeySeed: generateNkey().seed });
    await expect(stranger.whenReady(500)).rejects.toMatchObject({ code: 'ESP_MESSAGING_UNAVAILABLE' });
    expect(() => stranger.check()).toThrow(/authorization/i);
  });

  it('allow nothing to a service that declares nothing', () => {
    const empty = natsPermissions({ ...mdm, serves: [], publishes: [], works: [] });
    expect(empty.publish).toEqual({ allow: [], deny: ['>'] });
    const allowed = everyone.flatMap((declared) => {
      const { publish, subscribe } = natsPermissions(declared, { others: everyone });
      return [...publish.allow, ...subscribe.allow];
    });
    expect(allowed.filter((subject) => subject.includes('>'))).toEqual([]);
  });
});
