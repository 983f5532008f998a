import { defineServiceInterface } from '@espalier/contracts';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

import { Clients, lookUp, mdm, policy } from '../spec/bus.fixture.js';
import { EVENT_STREAM, JOB_STREAM } from './stream.definitions.js';

describe('streams', () => {
  let server: NatsServer;
  let clients: Clients;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  beforeEach(async () => {
    server = await startNatsServer();
    clients = new Clients(server.url);
    connection = await connect({ servers: server.url });
    manager = await jetstreamManager(connection);
  });
  afterEach(async () => {
    await clients.closeAll();
    await connection.close();
    await server.stop();
  });

  it('are created once by services that start at the same time', async () => {
    await Promise.all([clients.ready(mdm), clients.ready(policy), clients.ready(mdm)]);
    const names = await manager.streams.names().next();
    expect(names.toSorted()).toEqual(['ESP_DLQ_MDM', 'ESP_DLQ_MDM_POLICY', EVENT_STREAM, JOB_STREAM]);
    const { config } = await manager.streams.info(JOB_STREAM);
    expect(config).toMatchObject({ retention: 'workqueue', discard: 'new', discard_new_per_subject: true });
  });

  it('take new limits from a later start, keep what another version added, and are left alone when equal', async () => {
    await clients.ready(mdm);
    const { config } = await manager.streams.info(EVENT_STREAM);
    await manager.streams.update(EVENT_STREAM, { subjects: [...config.subjects, 'esp.v2.evt.*.*'] });
    await clients.ready(mdm, { streams: { eventMaxAgeMs: 3_600_000 } });
    const updated = (await manager.streams.info(EVENT_STREAM)).config;
    expect(updated.max_age).toBe(3_600_000 * 1_000_000);
    expect(updated.subjects).toEqual(['esp.v1.evt.*.*', 'esp.v2.evt.*.*']);
    const updates: string[] = [];
    connection.subscribe('$JS.API.STREAM.UPDATE.*', {
      callback: (_, message) => void updates.push(message.subject),
    });
    await connection.flush();
    await clients.ready(mdm, { streams: { eventMaxAgeMs: 3_600_000 } });
    expect(updates).toEqual([]);
  });

  it('are only waited for where another user provides them', async () => {
    const waiting = clients.connect(mdm, { provisionStreams: false });
    await expect(waiting.whenReady(300)).rejects.toThrow(/ESP_EVT does not exist yet/);
    await clients.ready(mdm);
    await waiting.whenReady(10_000);
  });

  it('are not needed by a service that only asks and answers', async () => {
    await clients.ready(defineServiceInterface({ service: 'vpp', calls: [lookUp] }));
    expect(await manager.streams.names().next()).toEqual([]);
  });
});
