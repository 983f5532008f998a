import type { CollectionDetail, Job } from '@espalier/contracts';
import { startNatsServer, type NatsServer } from '@espalier/testing';
import { ConsoleHarness } from '../config-proxy.fixture.js';

/** The console's door to collections: what requests are refused, and what answers carry. */
describe('collections on the console port', () => {
  let nats: NatsServer;
  let harness: ConsoleHarness;
  beforeAll(async () => {
    nats = await startNatsServer();
    harness = await new ConsoleHarness(nats).start();
  });
  afterAll(async () => {
    await harness.stop();
    await nats.stop();
  });

  const path = '/api/v1/collections';
  const body = {
    kind: 'device',
    name: 'Laboratory',
    limitingId: 'SMS00001',
    rules: [{ kind: 'query', name: 'names', query: 'select * from SMS_R_System where Name like "lab-%"' }],
  };
  const definition = { ...body, kind: undefined };
  let id: string;

  it('make one, once for an idempotency key, with its version and place', async () => {
    const post = () =>
      harness.send<CollectionDetail>('POST', path, {
        token: harness.place.adminToken,
        body,
        headers: { 'idempotency-key': 'one' },
      });
    const made = await post();
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ memberCount: 0, refresh: 'incremental', limitingName: 'All Systems' });
    ({ id } = made.json);
    expect(id).toMatch(/^TST[0-9A-Z]{5}$/);
    expect(made.headers).toMatchObject({ etag: '"1"', location: `${path}/${id}` });
    expect((await post()).json.id).toBe(id);
    expect((await harness.admin('POST', path, body)).json).toMatchObject({
      code: 'ESP_COLLECTION_NAME_TAKEN',
    });
  });

  it.each([
    [
      'a rule that is no query',
      { ...body, name: 'x', rules: [{ kind: 'query', name: 'q', query: 'drop' }] },
      'ESP_COLLECTION_RULE_INVALID',
    ],
    ['a key that is not known', { ...body, name: 'x', color: 'red' }, 'ESP_BAD_REQUEST'],
    ['a schedule that is missing', { ...body, name: 'x', refresh: 'periodic' }, 'ESP_BAD_REQUEST'],
    ['no limiting collection', { ...body, name: 'x', limitingId: undefined }, 'ESP_BAD_REQUEST'],
    [
      'a limiting collection of users',
      { ...body, name: 'x', limitingId: 'SMS00002' },
      'ESP_COLLECTION_REFERENCE_INVALID',
    ],
    [
      'a direct rule that names nobody',
      { ...body, name: 'x', directResourceIds: [5] },
      'ESP_COLLECTION_RULE_INVALID',
    ],
    ['a name of control characters', { ...body, name: 'a\u0000b' }, 'ESP_BAD_REQUEST'],
    ['a comment with half a character', { ...body, name: 'x', comment: 'a\ud800' }, 'ESP_BAD_REQUEST'],
    ['a comment with NUL', { ...body, name: 'x', comment: 'a\u0000b' }, 'ESP_BAD_REQUEST'],
    ['a name that grows when it is compared', { ...body, name: 'İ'.repeat(255) }, 'ESP_BAD_REQUEST'],
  ])('refuse %s with 400, and change nothing', async (_what, wrong, code) => {
    const answer = await harness.admin('POST', path, wrong);
    expect(answer).toMatchObject({ status: 400, json: { code } });
    expect(
      (await harness.admin<{ items: unknown[] }>('GET', `${path}?filter=name%20eq%20'x'`)).json.items,
    ).toEqual([]);
  });

  it('change only the version that the caller has seen', async () => {
    const put = (etag: string, name: string) =>
      harness.send('PUT', `${path}/${id}`, {
        token: harness.place.adminToken,
        body: { ...definition, name },
        headers: { 'if-match': etag },
      });
    const changed = await put('"1"', 'Lab');
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, json: { name: 'Lab' } });
    expect(await put('"1"', 'Later')).toMatchObject({
      status: 412,
      json: { code: 'ESP_SITE_CHANGED_MEANWHILE' },
    });
    expect((await harness.admin('GET', `${path}/${id}`)).json).toMatchObject({ name: 'Lab', version: 2 });
  });

  it('are evaluated on request, as a job that ends', async () => {
    const { status, json } = await harness.admin<Job>('POST', `${path}/${id}/evaluate`);
    expect(status).toBe(202);
    const job = async (): Promise<Job> => (await harness.admin<Job>('GET', `/api/v1/jobs/${json.id}`)).json;
    const giveUpAt = Date.now() + 20_000;
    while ((await job()).finishedAt === null && Date.now() < giveUpAt)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await job()).toMatchObject({ state: 'succeeded' });
    expect((await harness.admin('GET', `${path}/${id}`)).json).toMatchObject({ status: 'ready' });
  });

  it('show what queries can ask about, previews, members, variables and windows', async () => {
    const classes = await harness.admin<{ root: string; classes: { name: string }[] }>(
      'GET',
      `${path}/query-classes`,
    );
    expect(classes.json).toMatchObject({ root: 'SMS_R_System' });
    const preview = await harness.admin('POST', `${path}/preview`, { collectionId: id, definition: body });
    expect(preview).toMatchObject({ status: 200, json: { joins: { count: 0 }, isComplete: true } });
    expect((await harness.admin('GET', `${path}/${id}/members?orderBy=name%20desc`)).json).toEqual({
      items: [],
    });
    const variables = [{ name: 'Lab', value: 'yes' }];
    expect(await harness.admin('PUT', `${path}/${id}/variables`, { variables })).toMatchObject({
      status: 200,
      headers: { etag: '"1"' },
    });
    const window = {
      name: 'Nights',
      startAt: 1_800_000_000_000,
      durationMinutes: 60,
      recurrence: { kind: 'weekly', every: 1, weekday: 6 },
    };
    const windows = `${path}/${id}/maintenance-windows`;
    const made = await harness.admin<{ id: string }>('POST', windows, window);
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    expect(await harness.admin('POST', windows, { ...window, durationMinutes: 1 })).toMatchObject({
      status: 400,
    });
    expect(await harness.admin('POST', windows, { ...window, recurrence: { kind: 'yearly' } })).toMatchObject(
      {
        status: 400,
      },
    );
    expect((await harness.admin('DELETE', `${windows}/${made.json.id}`)).status).toBe(204);
  });

  it('are for those who may see or change them', async () => {
    const { secret } = await harness.issue(['collections:read'], 'reader');
    expect((await harness.send('GET', path, { token: secret })).status).toBe(200);
    expect((await harness.send('POST', path, { token: secret, body })).status).toBe(403);
    expect((await harness.send('DELETE', `${path}/${id}`, { token: secret })).status).toBe(403);
  });

  it('that are deleted, or never were, answer 404', async () => {
    expect((await harness.admin('DELETE', `${path}/SMS00001`)).status).toBe(409);
    expect((await harness.admin('DELETE', `${path}/${id}`)).status).toBe(204);
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/members'],
      ['GET', '/direct-rules'],
      ['GET', '/variables'],
      ['GET', '/maintenance-windows'],
      ['POST', '/evaluate'],
      ['DELETE', ''],
    ] as const)
      expect(await harness.admin(method, `${path}/${id}${rest}`)).toMatchObject({
        status: 404,
        json: { code: 'ESP_COLLECTION_UNKNOWN' },
      });
    expect((await harness.admin('GET', `${path}/nonsense`)).status).toBe(400);
    expect((await harness.admin('GET', `${path}?cursor=xyz`)).status).toBe(400);
  });
});
