import type { Device, Inventory, InventoryGroup } from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { ConsoleHarness, MdmPeer, type Answer } from '../config-proxy.fixture.js';
import { app, applications, device, enrolled, userEnrolled, type SpecMac } from './resource.fixture.js';

const mac: SpecMac = { udid: 'UDID-1', serial: 'C02AAA', name: 'Lab Mac' };
const ID = 16_777_219;
const USER = 2_063_597_569;

describe('devices over HTTP', () => {
  let nats: NatsServer;
  let peer: MdmPeer;
  let harness: ConsoleHarness;
  beforeAll(async () => {
    nats = await startNatsServer();
    peer = new MdmPeer(nats.url);
    await peer.serve();
    harness = await new ConsoleHarness(nats).start();
    for (const { contract, payload } of [
      enrolled(mac, 1_000),
      userEnrolled(mac, 'jane', 2_000),
      device(mac, 3_000),
      applications(mac, 3_000, app('Pages', '14.1')),
    ])
      await peer.messaging.publishOutboxMessage(eventMessage(contract, payload));
    const deadline = AbortSignal.timeout(15_000);
    for (;;) {
      const { json } = await harness.admin<Inventory>('GET', `/api/v1/devices/${ID}/inventory`);
      const { json: users } = await harness.admin<{ items: unknown[] }>('GET', '/api/v1/users');
      if (json.reports?.length === 2 && users.items.length === 1) break;
      await delay(20, undefined, { signal: deadline });
    }
  });
  afterAll(async () => {
    await harness.stop();
    await peer.messaging.drain(2_000);
    await nats.stop();
  });

  const send = (method: string, path: string, body?: unknown, ifMatch?: string): Promise<Answer> =>
    harness.send(method, path, {
      token: harness.place.adminToken,
      ...(body !== undefined && { body }),
      ...(ifMatch !== undefined && { headers: { 'if-match': ifMatch } }),
    });

  it('come from what mdm publishes, filtered and ordered by friendly names', async () => {
    const filter = encodeURIComponent("platform eq 'mac' and contains(name,'lab')");
    const { status, json } = await harness.admin<{ items: Device[] }>(
      'GET',
      `/api/v1/devices?filter=${filter}&orderBy=osVersion%20desc`,
    );
    expect(status).toBe(200);
    expect(json.items).toMatchObject([
      {
        resourceId: ID,
        name: 'Lab Mac',
        operatingSystem: 'Mac OS X 15.1',
        isManaged: true,
        lastUserName: 'jane',
      },
    ]);
  });

  it('show their inventory as the catalogue says, group by group', async () => {
    const { json } = await harness.admin<Inventory>('GET', `/api/v1/devices/${ID}/inventory`);
    const { json: groups } = await harness.admin<{ items: InventoryGroup[] }>(
      'GET',
      '/api/v1/inventory-groups',
    );
    for (const { group, properties } of groups.items)
      for (const instance of json.groups[group] ?? [])
        expect(Object.keys(instance.properties)).toEqual(properties.map(({ name }) => name));
    expect(json.groups['installed-software']).toMatchObject([{ properties: { productName: 'Pages' } }]);
    expect((await send('GET', `/api/v1/devices/${ID}/inventory/nonsense`)).json).toMatchObject({
      code: 'ESP_RESOURCE_GROUP_UNKNOWN',
    });
  });

  it('take extension data for the version at hand, and answer 412 for another', async () => {
    const path = `/api/v1/devices/${ID}/extension-data`;
    const etag = (await send('GET', `/api/v1/devices/${ID}`)).headers.etag;
    const set = await send('PUT', path, { extensionData: { AssetTag: 'A1' } }, etag);
    expect([set.status, set.json]).toEqual([200, { AssetTag: 'A1' }]);
    expect(set.headers.etag).not.toBe(etag);
    expect((await send('PUT', path, { extensionData: { AssetTag: 'A2' } }, etag)).status).toBe(412);
    expect((await send('DELETE', `${path}?name=assettag`, undefined, set.headers.etag)).status).toBe(204);
    expect((await send('GET', path)).json).toEqual({});
  });

  it.each<[string, string, unknown, number]>([
    ['GET', '/api/v1/devices/0', undefined, 400],
    ['GET', '/api/v1/devices/4294967296', undefined, 400],
    ['GET', '/api/v1/devices/2147483647', undefined, 404],
    ['GET', `/api/v1/devices/${USER}`, undefined, 404],
    ['GET', '/api/v1/devices?filter=nonsense', undefined, 400],
    ['GET', "/api/v1/devices?filter=udid%20eq%20'%00'", undefined, 400],
    ['GET', '/api/v1/devices?cursor=%25', undefined, 400],
    ['PUT', `/api/v1/devices/${ID}/extension-data`, { extensionData: {} }, 400],
    ['PUT', `/api/v1/devices/${ID}/extension-data`, { extensionData: { 'a\u0000': 'b' } }, 400],
    ['PUT', `/api/v1/devices/${ID}/extension-data`, { extensionData: { a: 'b\u0000' } }, 400],
    ['PUT', `/api/v1/devices/${ID}/extension-data`, { extensionData: { a: 'x'.repeat(401) } }, 400],
    ['DELETE', `/api/v1/devices/${ID}`, undefined, 409],
    ['PUT', `/api/v1/devices/${ID}/users/${ID}`, { isPrimary: true }, 404],
    ['POST', '/api/v1/users', { userName: 'jane' }, 409],
    ['POST', '/api/v1/users', { userName: ' ' }, 400],
    ['POST', '/api/v1/users', { userName: 'x', mail: 'nonsense' }, 400],
  ])('%s %s with %j is refused (%#)', async (method, path, body, status) => {
    const answer = await send(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ code: expect.stringMatching(/^ESP_/) as string, status });
  });

  it('make a user once for one Idempotency-Key, and tie it to a device', async () => {
    const create = (): Promise<Answer> =>
      harness.send('POST', '/api/v1/users', {
        token: harness.place.adminToken,
        body: { userName: 'joe', fullName: 'Joe Doe' },
        headers: { 'idempotency-key': 'joe' },
      });
    const [first, again] = [await create(), await create()];
    expect([first.status, again.json]).toEqual([201, first.json]);
    const path = `/api/v1/devices/${ID}/users/${String(first.json['resourceId'])}`;
    expect((await send('PUT', path, { isPrimary: true })).json).toMatchObject({
      isPrimary: true,
      sources: ['admin'],
    });
    expect((await send('DELETE', path)).status).toBe(204);
    expect((await send('DELETE', path)).status).toBe(404);
  });

  it('refuse users whose names no database stores', async () => {
    for (const userName of ['a\0b', 'a\ud800', ' '])
      expect(await send('POST', '/api/v1/users', { userName })).toMatchObject({
        status: 400,
        json: { code: 'ESP_BAD_REQUEST' },
      });
  });

  it('are not changed by a token that may only read', async () => {
    const reader = await harness.issue(['devices:read'], 'reader');
    const answer = await harness.send('POST', `/api/v1/devices/${ID}/decommission`, { token: reader.secret });
    expect(answer.status).toBe(403);
    expect((await send('GET', `/api/v1/devices/${ID}`)).json).toMatchObject({ state: 'active' });
  });
});
