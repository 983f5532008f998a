import { randomUUID } from 'node:crypto';
import {
  allApiScopes,
  clientOperationSchema,
  scriptPageSchema,
  scriptSchema,
  type ClientOperation,
  type ClientTask,
  type Script,
} from '@espalier/contracts';
import { loadKeyring } from '@espalier/secrets';
import { TaskHarness } from '../client-tasks/client-task.fixture.js';
import type { Answer } from '../config-proxy.fixture.js';
import { ReachHarness } from '../reach.fixture.js';

interface SpecPerson {
  readonly token: string;
}
type Body = Script &
  Omit<ClientOperation, 'id'> & {
    code: string;
    text: string;
    items: ClientTask[];
    fields: Record<string, string>;
  };

const PATH = '/api/v1/scripts';
const wanted = { name: 'Free space', language: 'zsh', text: '#!/bin/zsh\ndf -h /\n' };

/** The JSON API of scripts; one device in reach of a limited administrator, and one that is not. */
describe('scripts over HTTP', () => {
  let site: ReachHarness;
  let client: TaskHarness['rooms']['tasks'];
  let anna: SpecPerson;
  let bert: SpecPerson;
  let limited: SpecPerson;

  beforeAll(async () => {
    site = await ReachHarness.start();
    await site.db.execute('UPDATE {resource} SET is_active = 1', {});
    const time = { at: Date.now(), now: () => new Date() };
    client = new TaskHarness(site.db, time, 'off', loadKeyring(site.console.place.keyringFile)).rooms.tasks;
    for (const { device } of [site.inside, site.outside]) await client.register(device, '1.0');
    anna = await site.administrator('anna', 'full-administrator', null, allApiScopes);
    bert = await site.administrator('bert', 'full-administrator', null, allApiScopes);
    limited = await site.administrator('lena', 'full-administrator', site.inside.root);
  }, 60_000);
  afterAll(() => site.stop());

  const send = (
    { token }: SpecPerson,
    method: string,
    path: string,
    body?: unknown,
    headers = {},
  ): Promise<Answer<Body>> =>
    site.send(method, path, token, body, headers) as unknown as Promise<Answer<Body>>;
  async function approved(text = wanted.text): Promise<Script> {
    const { json } = await send(anna, 'POST', PATH, { ...wanted, text });
    return (await send(bert, 'POST', `${PATH}/${json.id}/approve`, {})).json;
  }
  const run = (by: SpecPerson, id: string, body: object, headers = {}) =>
    send(by, 'POST', `${PATH}/${id}/run`, body, headers);

  it('are made once for each key, changed at the version that was seen, and deleted', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const made = await send(anna, 'POST', PATH, wanted, headers);
    expect(made.status).toBe(201);
    const { id } = scriptSchema.parse(made.json);
    expect(made.headers).toMatchObject({ location: `${PATH}/${id}`, etag: '"1"' });
    expect((await send(anna, 'POST', PATH, wanted, headers)).json).toEqual(made.json);
    expect((await send(anna, 'POST', PATH, { ...wanted, name: 'y' }, headers)).json.code).toBe(
      'ESP_SITE_KEY_REUSED',
    );
    const stale = await send(anna, 'PATCH', `${PATH}/${id}`, { text: 'x' }, { 'if-match': '"7"' });
    expect(stale.status).toBe(412);
    const changed = await send(anna, 'PATCH', `${PATH}/${id}`, { text: 'x' }, { 'if-match': '"1"' });
    expect(changed.json).toMatchObject({ scriptVersion: 2, version: 2, approvalState: 'waiting' });
    expect((await send(anna, 'GET', `${PATH}/${id}/text`)).json).toMatchObject({ text: 'x' });
    const list = await send(anna, 'GET', `${PATH}?filter=name%20eq%20'free%20space'`);
    expect(scriptPageSchema.parse(list.json).items.map((item) => item.id)).toContain(id);
    expect(list.text).not.toContain('df -h');
    expect((await send(anna, 'DELETE', `${PATH}/${id}`)).status).toBe(204);
    expect((await send(anna, 'GET', `${PATH}/${id}`)).json.code).toBe('ESP_SCRIPT_UNKNOWN');
  });

  it.each([
    ['no text', { text: '' }],
    ['NULs', { text: 'a\0' }],
    ['half characters', { text: '\ud800' }],
    ['too much text', { text: 'x'.repeat(200_001) }],
    ['a language that nobody knows', { language: 'cobol' }],
    ['a parameter twice', { parameters: [{ name: 'A' }, { name: 'a' }] }],
    ['a parameter that is no name', { parameters: [{ name: '$(rm)' }] }],
    ['what is not known', { approvalState: 'approved' }],
  ])('are refused with %s', async (_what, wrong) => {
    const { status, json } = await send(anna, 'POST', PATH, { ...wanted, ...wrong });
    expect([status, typeof json.fields]).toEqual([400, 'object']);
  });

  it('run where they are asked to, and say what came of it', async () => {
    const { id } = await approved();
    const { device } = site.inside;
    const headers = { 'idempotency-key': randomUUID() };
    const begun = await run(anna, id, { deviceIds: [device] }, headers);
    expect([begun.status, begun.headers['location']]).toEqual([
      202,
      `/api/v1/client-operations/${begun.json.id}`,
    ]);
    const operation = clientOperationSchema.parse(begun.json);
    expect(operation.tasks).toMatchObject({ waiting: 1 });
    expect((await run(anna, id, { deviceIds: [device] }, headers)).json.id).toBe(begun.json.id);
    const [task] = await client.take(device);
    await client.report(device, task?.id ?? '', { state: 'failed', exitCode: 2, output: 'full\u001B[31m' });
    const path = `/api/v1/client-operations/${operation.id}`;
    expect((await send(bert, 'GET', path)).json.tasks).toMatchObject({ waiting: 0, failed: 1 });
    expect((await send(bert, 'GET', `${path}/tasks?filter=exitCode%20eq%202`)).json.items).toMatchObject([
      { deviceId: device, state: 'failed', outputBytes: 9 },
    ]);
    expect((await send(bert, 'GET', `${path}/tasks/${device}`)).json).toMatchObject({
      output: 'full\u001B[31m',
    });
    expect((await send(bert, 'GET', `${path}/tasks/${site.outside.device}`)).status).toBe(404);
  });

  it.each([
    ['nowhere', {}],
    ['in two places', { deviceIds: [1], collectionId: 'SMS00001' }],
    ['on no device', { deviceIds: [] }],
    ['on too many', { deviceIds: Array.from({ length: 501 }, (_, index) => index + 1) }],
  ])('do not run %s', async (_what, body) => {
    const { id } = await approved();
    expect((await run(anna, id, body)).status).toBe(400);
  });

  it('run for limited administrators in their reach alone, who see no text and decide on nothing', async () => {
    const { id } = await approved();
    const { inside, outside } = site;
    for (const body of [
      { deviceIds: [outside.device] },
      { deviceIds: [inside.device, outside.device] },
      { collectionId: outside.root },
    ]) {
      const refused = await run(limited, id, body);
      expect([refused.status, refused.json.code]).toEqual([404, expect.stringMatching(/_UNKNOWN$/)]);
    }
    const mine = await run(limited, id, { deviceIds: [inside.device] });
    const theirs = await run(anna, id, { deviceIds: [inside.device, outside.device] });
    const [own, other] = [mine, theirs].map(({ json }) => `/api/v1/client-operations/${Number(json.id)}`);
    expect((await send(limited, 'GET', other ?? '')).json.tasks).toMatchObject({ waiting: 1 });
    expect((await send(limited, 'GET', `${other}/tasks`)).json.items).toMatchObject([
      { deviceId: inside.device },
    ]);
    expect((await send(limited, 'POST', `${other}/cancel`, {})).json.code).toBe(
      'ESP_CLIENT_OPERATION_UNKNOWN',
    );
    expect((await send(limited, 'POST', `${own}/cancel`, {})).json.tasks).toMatchObject({ cancelled: 1 });
    const elsewhere = await run(anna, id, { deviceIds: [outside.device] });
    const path = `/api/v1/client-operations/${Number(elsewhere.json.id)}`;
    for (const at of [path, `${path}/tasks`, `${path}/tasks/${outside.device}`])
      expect((await send(limited, 'GET', at)).status).toBe(404);
    expect((await send(limited, 'GET', `${PATH}/${id}`)).status).toBe(200);
    for (const [method, at] of [
      ['GET', 'text'],
      ['POST', 'approve'],
    ] as const)
      expect(
        (await send(limited, method, `${PATH}/${id}/${at}`, method === 'GET' ? undefined : {})).json.code,
      ).toBe('ESP_AUTH_NOT_FOR_LIMITED');
    await send(anna, 'POST', `${path}/cancel`, {});
    await send(anna, 'POST', `${other}/cancel`, {});
  });

  it('do not tell limited administrators of the collection out of reach through which their device was reached', async () => {
    const { id } = await approved();
    const { inside, outside } = site;
    const both = await site.gather('SMS00001', [inside.device, outside.device]);
    for (const [collectionId, seen] of [
      [both, null],
      [inside.root, inside.root],
    ] as const) {
      const { json } = await run(anna, id, { collectionId });
      const path = `/api/v1/client-operations/${Number(json.id)}`;
      const signal = AbortSignal.timeout(10_000);
      while ((await send(limited, 'GET', path)).status !== 200) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect((await send(limited, 'GET', path)).json).toMatchObject({ collectionId: seen });
      expect((await send(anna, 'GET', path)).json).toMatchObject({ collectionId });
      await send(anna, 'POST', `${path}/cancel`, {});
    }
  });
});
