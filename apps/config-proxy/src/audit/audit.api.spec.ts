import type { Database } from '@espalier/persistence';
import { entry, jane, type AuditSite } from './audit.fixture.js';
import { openAuditDoor, type AuditDoor, type AuditServer } from './audit-server.fixture.js';

describe('the API of the audit log', () => {
  let door: AuditDoor;
  let db: Database;
  let site: AuditSite;
  let server: AuditServer;
  beforeAll(async () => {
    door = await openAuditDoor({ checkpointRecords: 2 });
    ({ db, site, server } = door);
    for (let n = 1; n <= 5; n += 1)
      await db.transaction((tx) =>
        site.rooms.audit.record(
          tx,
          entry({ actor: { ...jane, id: `p${n}` }, targets: [{ type: 'device', id: `a:${n}` }] }),
        ),
      );
  });
  afterAll(() => door.stop());

  interface Body {
    readonly code: string;
    readonly id: string;
    readonly sequence: number;
    readonly items: readonly { readonly sequence: number; readonly id: string; readonly publicKey: string }[];
    readonly nextCursor: string;
  }
  async function send(method: string, path: string, options: { body?: unknown; key?: string } = {}) {
    const { body, key } = options;
    const response = await fetch(`${server.url}/api/v1/audit${path}`, {
      method,
      headers: {
        connection: 'close',
        authorization: 'Bearer jane',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { status, headers } = response;
    return { status, headers, json: (await response.json()) as Body };
  }
  const sequences = async (path: string): Promise<number[]> =>
    (await send('GET', path)).json.items.map(({ sequence }) => sequence);

  it('lists by filter, administrator and target, and by pages', async () => {
    expect(await sequences('?limit=2')).toEqual([6, 5]);
    const { nextCursor } = (await send('GET', '?limit=2')).json;
    expect(await sequences(`?limit=2&cursor=${nextCursor}`)).toEqual([4, 3]);
    expect(await sequences('?actorId=p2')).toEqual([2]);
    expect(await sequences('?target=device:a:3')).toEqual([3]);
    expect(await sequences('?filter=sequence%20lt%203&orderBy=sequence')).toEqual([1, 2]);
    for (const wrong of ['?target=device', '?filter=details', '?cursor=x', '?limit=0', '?from=1'])
      expect((await send('GET', wrong)).status).toBe(400);
  });

  it('shows a record, or says that there is none', async () => {
    expect((await send('GET', '/4')).json).toMatchObject({ sequence: 4, hash: expect.any(String) });
    expect(await send('GET', '/999')).toMatchObject({
      status: 404,
      json: { code: 'ESP_AUDIT_RECORD_UNKNOWN' },
    });
    for (const wrong of ['/0', '/x', '/1.5', '/99999999999999999999'])
      expect((await send('GET', wrong)).status).toBe(400);
  });

  it('shows checkpoints and the keys that they are signed with', async () => {
    expect(await sequences('/checkpoints?limit=2')).toEqual([5, 3]);
    const { nextCursor } = (await send('GET', '/checkpoints?limit=2')).json;
    expect(await sequences(`/checkpoints?cursor=${nextCursor}`)).toEqual([1]);
    const { items } = (await send('GET', '/keys')).json;
    expect(items).toHaveLength(1);
    expect(items[0]?.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(JSON.stringify(items)).not.toContain('PRIVATE');
  });

  it('verifies as a job, once for each key', async () => {
    const answer = await send('POST', '/verify', { body: { from: 2 }, key: 'once' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/api/v1/jobs/${answer.json.id}`);
    expect((await send('POST', '/verify', { body: { from: 2 }, key: 'once' })).json.id).toBe(answer.json.id);
    expect((await send('POST', '/verify', { body: {}, key: 'once' })).json.code).toBe('ESP_SITE_KEY_REUSED');
    expect((await send('POST', '/verify', { body: { from: 0 } })).status).toBe(400);
    expect((await site.jobs.list({ limit: 9 })).items).toHaveLength(1);
    const found = await site.rooms.reader.list({ limit: 9, target: { type: 'job', id: answer.json.id } });
    expect(found.rows).toMatchObject([{ action: 'verifyAudit' }, { action: 'verifyAudit' }]);
  });
});
