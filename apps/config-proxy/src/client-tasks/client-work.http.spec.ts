import { randomUUID } from 'node:crypto';
import {
  allApiScopes,
  clientOperationSchema,
  clientTaskDetailSchema,
  type ClientOperation,
} from '@espalier/contracts';
import { insertRows } from '@espalier/persistence';
import { loadKeyring } from '@espalier/secrets';
import type { Answer } from '../config-proxy.fixture.js';
import { ReachHarness } from '../reach.fixture.js';
import { applicationRow, TaskHarness } from './client-task.fixture.js';

interface SpecPerson {
  readonly id: string;
  readonly token: string;
}
type Body = ClientOperation & {
  readonly code: string;
  readonly detail: string;
  readonly fields: Record<string, string>;
};

const query = 'OS | project Caption';
const PIVOT = '/api/v1/pivot';

/** CMPivot and single installations by the JSON API; one device in reach of a limited administrator, one that is not. */
describe('work of Mac clients over HTTP', () => {
  let site: ReachHarness;
  let client: TaskHarness['rooms']['tasks'];
  let anna: SpecPerson;
  let limited: SpecPerson;
  const applicationId = randomUUID();

  beforeAll(async () => {
    site = await ReachHarness.start({ ESPALIER_APPROVALS: 'required' });
    await site.db.execute('UPDATE {resource} SET is_active = 1', {});
    const time = { at: Date.now(), now: () => new Date() };
    client = new TaskHarness(site.db, time, 'off', loadKeyring(site.console.place.keyringFile)).rooms.tasks;
    for (const { device } of [site.inside, site.outside]) await client.register(device, '1.0');
    anna = await site.administrator('anna', 'full-administrator', null, allApiScopes);
    limited = await site.administrator('lena', 'full-administrator', site.inside.root);
    await insertRows(site.db, 'library_thing', [applicationRow(applicationId)]);
  }, 60_000);
  afterAll(() => site.stop());

  const post = ({ token }: SpecPerson, path: string, body: unknown, headers = {}): Promise<Answer<Body>> =>
    site.send('POST', path, token, body, headers) as unknown as Promise<Answer<Body>>;
  const get = ({ token }: SpecPerson, path: string) => site.send('GET', path, token);
  const ofCollection = (id: string): string => `/api/v1/collections/${id}/pivot`;
  const install = (id = applicationId): string => `/api/v1/applications/${id}/install`;

  it('asks devices once for each key, and gives the rows of each back', async () => {
    const { device } = site.inside;
    const headers = { 'idempotency-key': randomUUID() };
    const body = { query, deviceIds: [device, device] };
    const begun = await post(anna, PIVOT, body, headers);
    const { id, kind, tasks } = clientOperationSchema.parse(begun.json);
    const path = `/api/v1/client-operations/${id}`;
    expect([begun.status, begun.headers['location'], kind]).toEqual([202, path, 'cmpivot']);
    expect(tasks).toMatchObject({ waiting: 1 });
    expect((await post(anna, PIVOT, body, headers)).json.id).toBe(id);
    expect((await post(anna, PIVOT, { ...body, query: 'Disk' }, headers)).json.code).toBe(
      'ESP_SITE_KEY_REUSED',
    );
    const [task, ...others] = await client.take(device);
    expect([task?.content, others]).toEqual([{ kind: 'cmpivot', query }, []]);
    const rowsAfter = async (): Promise<unknown> =>
      clientTaskDetailSchema.parse((await get(anna, `${path}/tasks/${device}`)).json).rows;
    expect(await rowsAfter()).toBeNull();
    const output = JSON.stringify([{ Caption: 'macOS' }]);
    await client.report(device, task?.id ?? '', { state: 'succeeded', exitCode: 0, output });
    expect(await rowsAfter()).toEqual([{ Caption: 'macOS' }]);
    expect((await get(limited, `${path}/tasks/${device}`)).status).toBe(200);
  });

  it('asks the members of a collection, as a job', async () => {
    const begun = await post(limited, ofCollection(site.inside.root), { query });
    expect([begun.status, begun.json]).toMatchObject([
      202,
      {
        collectionId: site.inside.root,
        jobId: expect.any(String),
        requestedBy: expect.stringMatching(/lena/),
      },
    ]);
  });

  it.each([
    ['no query', { query: '' }],
    ['a query of more than 4,096 bytes', { query: 'ä'.repeat(2_049) }],
    ['half characters', { query: '\ud800' }],
    ['what is not known', { query, priority: 7 }],
  ])('asks nobody with %s', async (_what, wrong) => {
    for (const [path, more] of [
      [PIVOT, { deviceIds: [site.inside.device] }],
      [ofCollection(site.inside.root), {}],
    ] as const)
      expect((await post(anna, path, { ...more, ...wrong })).status).toBe(400);
  });

  it.each([
    ['none', []],
    ['too many', Array.from({ length: 501 }, (_, index) => index + 1)],
    ['what is no id', [0]],
    ['what no database holds', [2 ** 40]],
  ])('takes no list of devices with %s', async (_what, deviceIds) => {
    expect((await post(anna, PIVOT, { query, deviceIds })).status).toBe(400);
    expect((await post(anna, install(), { deviceIds })).status).toBe(400);
  });

  it('reaches no further than whoever asks: what is elsewhere does not exist', async () => {
    const { inside, outside } = site;
    const operations = async (): Promise<unknown> => site.db.query('SELECT id FROM {task_operation}');
    const before = await operations();
    for (const deviceIds of [[outside.device], [inside.device, outside.device]])
      for (const [path, body] of [
        [PIVOT, { query, deviceIds }],
        [install(), { deviceIds }],
      ] as const) {
        const { status, json } = await post(limited, path, body);
        expect([status, json.code, json.detail]).toEqual([
          404,
          'ESP_RESOURCE_UNKNOWN',
          String(outside.device),
        ]);
      }
    const elsewhere = await post(limited, ofCollection(outside.root), { query });
    expect([elsewhere.status, elsewhere.json.code]).toEqual([404, 'ESP_COLLECTION_UNKNOWN']);
    expect((await post(anna, ofCollection('TST0ZZZZ'), { query })).json.code).toBe('ESP_COLLECTION_UNKNOWN');
    expect(await operations()).toEqual(before);
  });

  it('installs an application on devices, and says which', async () => {
    const { device } = site.inside;
    const begun = await post(limited, install(), { deviceIds: [device] });
    expect([begun.status, clientOperationSchema.parse(begun.json)]).toMatchObject([
      202,
      { kind: 'install-application', title: 'Install Pages', applicationId, tasks: { waiting: 1 } },
    ]);
    expect((await client.take(device)).map(({ content }) => content)).toContainEqual({
      kind: 'install-application',
      applicationId,
    });
    const nowhere = await post(anna, install(randomUUID()), { deviceIds: [device] });
    expect([nowhere.status, nowhere.json.code]).toEqual([404, 'ESP_LIBRARY_UNKNOWN']);
    const nobody = await post(anna, install(), { deviceIds: [16_999_999] });
    expect([nobody.status, nobody.json.code]).toEqual([404, 'ESP_RESOURCE_UNKNOWN']);
  });

  it('is taken back by whoever could have begun it, and does not exist for who may not see it', async () => {
    const { inside, outside } = site;
    const all = ['scripts:read', 'scripts:run', 'deployments:write'] as const;
    const installer = await site.administrator('ida', 'application-administrator', inside.root);
    const nobody = await site.administrator('nora', 'remote-tools-operator', null);
    const begin = async (path: string, body: object): Promise<string> =>
      `/api/v1/client-operations/${(await post(anna, path, body)).json.id}/cancel`;
    const refusal = async (who: SpecPerson, path: string): Promise<unknown> => {
      const { status, json } = await post(who, path, {});
      return [status, json.code];
    };
    const missing = [403, 'ESP_AUTH_SCOPE_MISSING'];
    const unknown = [404, 'ESP_CLIENT_OPERATION_UNKNOWN'];
    const installing = await begin(install(), { deviceIds: [inside.device] });
    const asking = await begin(PIVOT, { query, deviceIds: [inside.device] });
    const elsewhere = await begin(install(), { deviceIds: [inside.device, outside.device] });
    const far = await begin(PIVOT, { query, deviceIds: [outside.device] });
    expect(await refusal(installer, asking)).toEqual(missing);
    for (const path of [elsewhere, far]) expect(await refusal(installer, path)).toEqual(unknown);
    for (const path of [installing, asking]) expect(await refusal(nobody, path)).toEqual(unknown);
    const runner = await site.administrator('rita', 'full-administrator', null, all.slice(0, 2));
    expect(await refusal(runner, installing)).toEqual(missing);
    expect((await post(installer, installing, {})).json.tasks).toMatchObject({ cancelled: 1 });
    expect((await post(runner, asking, {})).json.tasks).toMatchObject({ cancelled: 1 });
    expect((await post(anna, elsewhere, {})).json.tasks).toMatchObject({ cancelled: 2 });
  });

  it('leaves in the audit log what was asked of which devices', async () => {
    const { device } = site.inside;
    const { json: begun } = await post(anna, install(), { deviceIds: [device] });
    const { json } = await get(anna, `/api/v1/audit?actorId=${anna.id}&target=client-operation:${begun.id}`);
    expect(json['items']).toMatchObject([
      {
        action: 'installApplication',
        outcome: 'succeeded',
        targets: expect.arrayContaining([
          expect.objectContaining({ type: 'application', id: applicationId }),
          expect.objectContaining({ type: 'device', id: String(device) }),
          expect.objectContaining({ type: 'client-operation', id: String(begun.id) }),
        ]),
      },
    ]);
  });
});
