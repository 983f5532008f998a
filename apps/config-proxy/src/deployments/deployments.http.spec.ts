import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { type LibraryThing } from '@espalier/contracts';
import { startNest } from '@espalier/nest-kit';
import { openDatabase, type Database } from '@espalier/persistence';
import { createMetrics, Lifecycle } from '@espalier/service-kit';
import { openGate, visibilityOf } from '../access/open-gate.fixture.js';
import { Visibility } from '../access/visibility.service.js';
import { noGate } from '../approvals/no-gate.fixture.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { DeploymentHarness, deploymentMigrations, specLogger } from './deployment.fixture.js';
import { deploymentControllers, deploymentProviders } from './deployment.rooms.js';

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows a module by its class.
class DeploymentModule {}

/** What the specs look at of answers of every shape. */
interface AnswerBody extends Record<string, unknown> {
  readonly id: string;
  readonly code: string;
  readonly items: readonly { readonly change: string }[];
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: AnswerBody;
}

const COLLECTION = 'ESP00014';

describe('the JSON API of deployments', () => {
  let db: Database;
  let site: DeploymentHarness;
  let lifecycle: Lifecycle;
  let port: number;
  let thing: LibraryThing;
  let mac: number;

  beforeEach(async () => {
    db = openDatabase({
      url: 'sqlite::memory:',
      schema: 'config_proxy',
      migrations: deploymentMigrations,
      logger: specLogger,
    });
    await db.migrate();
    site = new DeploymentHarness(db);
    site.now = Date.now();
    [mac = 0] = await site.addDevices(1);
    await site.addCollection(COLLECTION, [mac]);
    thing = site.library.add('baseline', 'Security');
    lifecycle = new Lifecycle({ logger: specLogger, graceMs: 5_000 });
    const kit = { logger: specLogger, lifecycle, metrics: createMetrics('spec') };
    const module = {
      module: DeploymentModule,
      controllers: [...deploymentControllers],
      providers: [
        ...deploymentProviders(site.rooms, site.status),
        noGate(site.rooms.deployments),
        { provide: IdempotencyService, useValue: new IdempotencyService(db, () => new Date()) },
        { provide: Visibility, useValue: visibilityOf(db) },
      ],
    };
    ({ port } = await startNest(kit, module, { name: 'spec', host: '127.0.0.1', port: 0, gate: openGate }));
  });
  afterEach(async () => {
    await lifecycle.shutdown('the spec is over');
    await db.close();
  });

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        connection: 'close',
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: JSON.parse(text === '' ? '{}' : text) as AnswerBody,
    };
  }
  const wanted = (more: object = {}): object => ({
    ...thing,
    collectionId: COLLECTION,
    intent: 'required',
    ...more,
  });

  it('makes, shows, changes and ends a deployment', async () => {
    const key = { 'idempotency-key': 'one' };
    const made = await send('POST', '/deployments', wanted(), key);
    expect(made).toMatchObject({
      status: 201,
      json: { version: 1, priority: 1, notify: true, createdBy: expect.stringContaining('spec') },
    });
    expect(made.headers.get('etag')).toBe('"1"');
    const path = `/deployments/${made.json.id}`;
    expect(made.headers.get('location')).toBe(`/api/v1${path}`);
    expect((await send('POST', '/deployments', wanted(), key)).json.id).toBe(made.json.id);
    expect(await send('POST', '/deployments', wanted({ priority: 2 }), key)).toMatchObject({
      status: 409,
      json: { code: 'ESP_SITE_KEY_REUSED' },
    });
    expect((await send('GET', '/deployments')).json.items).toHaveLength(1);

    const patched = await send('PATCH', path, { comment: 'c' }, { 'if-match': '"1"' });
    expect(patched).toMatchObject({ status: 200, json: { version: 2, comment: 'c' } });
    expect(patched.headers.get('etag')).toBe('"2"');
    expect(await send('PATCH', path, { comment: 'd' }, { 'if-match': '"1"' })).toMatchObject({ status: 412 });
    expect(await send('PUT', path, { comment: 'd' })).toMatchObject({ status: 400 });
    const {
      name,
      comment,
      intent,
      action,
      enabled,
      startAt,
      deadlineAt,
      localTime,
      priority,
      overrideWindows,
      notify,
      revision,
    } = patched.json;
    const whole = {
      name,
      comment,
      intent,
      action,
      enabled,
      startAt,
      deadlineAt,
      localTime,
      priority,
      overrideWindows,
      notify,
      revision,
    };
    expect(await send('PUT', path, { ...whole, priority: 2 })).toMatchObject({
      status: 200,
      json: { version: 3, priority: 2 },
    });

    expect(await send('GET', `${path}/summary`)).toMatchObject({
      status: 200,
      json: { counts: { targeted: 1, unknown: 1 } },
    });
    expect((await send('GET', `${path}/devices?status=unknown`)).json.items).toMatchObject([
      { resourceId: mac, status: 'unknown' },
    ]);
    expect(await send('GET', `${path}/devices/${mac}`)).toMatchObject({
      status: 200,
      json: { enrollments: [{ items: [] }] },
    });
    expect(await send('DELETE', path, undefined, { 'if-match': '"1"' })).toMatchObject({ status: 412 });
    expect(await send('DELETE', path)).toMatchObject({ status: 204 });
    expect(await send('GET', path)).toMatchObject({ status: 404, json: { code: 'ESP_DEPLOYMENT_UNKNOWN' } });
    const history = await send(
      'GET',
      `/deployment-history?filter=${encodeURIComponent(`deploymentId eq '${made.json.id}'`)}`,
    );
    expect(history.json.items.map(({ change }) => change)).toEqual([
      'deleted',
      'changed',
      'changed',
      'created',
    ]);
    expect((await send('GET', '/status-messages?limit=2')).json).toMatchObject({
      items: [{ messageId: 'deployment-deleted' }, {}],
      nextCursor: expect.any(String),
    });
  });

  it('explains and lists states of a device also where no other service runs', async () => {
    const { json } = await send('POST', '/deployments', wanted());
    const explained = await send('GET', `/devices/${mac}/explain?deployment=${json.id}`);
    expect(explained).toMatchObject({
      status: 200,
      json: { resourceId: mac, explanations: [{ complies: false }] },
    });
    expect(await send('GET', `/devices/${mac}/states`)).toMatchObject({ status: 200, json: { items: [] } });
    expect(await send('POST', `/devices/${mac}/evaluate`)).toMatchObject({
      status: 503,
      json: { retryable: true },
    });
    const job = await send('POST', `/deployments/${json.id}/evaluate`);
    expect(job).toMatchObject({ status: 202, json: { state: 'queued', total: 1 } });
    expect(job.headers.get('location')).toBe(`/api/v1/jobs/${job.json.id}`);
  });

  it('refuses what makes no sense with a 4xx that names it, and changes nothing', async () => {
    const unknown = randomUUID();
    for (const [method, path, body, status] of [
      ['POST', '/deployments', wanted({ deadlineAt: 1, startAt: 946_684_800_000 }), 400],
      ['POST', '/deployments', wanted({ startAt: 'tomorrow' }), 400],
      ['POST', '/deployments', wanted({ startAt: 1.5 }), 400],
      ['POST', '/deployments', wanted({ surprise: 1 }), 400],
      ['POST', '/deployments', wanted({ name: ' ' }), 400],
      ['POST', '/deployments', wanted({ name: 'x'.repeat(256) }), 400],
      ['POST', '/deployments', wanted({ collectionId: "'; DROP TABLE" }), 400],
      ['POST', '/deployments', wanted({ collectionId: 'ESP99999' }), 404],
      ['POST', '/deployments', wanted({ thingId: unknown }), 404],
      ['POST', '/deployments', {}, 400],
      ['GET', '/deployments?filter=nonsense', undefined, 400],
      ['GET', '/deployments?orderBy=items', undefined, 400],
      ['GET', '/deployments?cursor=abc', undefined, 400],
      ['GET', '/deployments/7', undefined, 400],
      ['PATCH', `/deployments/${unknown}`, { priority: 2 }, 404],
      ['DELETE', `/deployments/${unknown}`, undefined, 404],
      ['GET', `/deployments/${unknown}/summary`, undefined, 404],
      ['GET', `/deployments/${unknown}/devices`, undefined, 404],
      ['POST', `/deployments/${unknown}/evaluate`, undefined, 404],
      ['GET', `/devices/1/explain`, undefined, 404],
      ['GET', `/devices/x/explain`, undefined, 400],
      ['GET', `/devices/${mac}/explain?deployment=7`, undefined, 400],
      ['GET', `/devices/${mac}/explain?deployment=${unknown}`, undefined, 404],
      ['POST', '/devices/1/evaluate', undefined, 404],
      ['GET', '/status-messages?filter=severity%20eq%207', undefined, 400],
    ] as const) {
      const answer = await send(method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, status]);
      expect(answer.json.code).toMatch(/^ESP_/);
    }
    expect((await send('GET', '/deployments')).json.items).toEqual([]);
  });
});
