import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase, type Database } from '@espalier/persistence';
import { buildOpenApi, endpointsOf } from '@espalier/nest-kit';
import { silentLogger } from '../config-proxy.fixture.js';
import { createLibrary } from '../migrations/2026-11-21-create-library.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { LibraryHarness, mobileconfig } from './library.fixture.js';
import { libraryControllers } from './library.rooms.js';
import { startLibraryServers, type LibraryServers } from './library-server.fixture.js';

const run = promisify(execFile);
type Json = Record<string, unknown>;
interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** An empty object where the body is none. */
  readonly json: T;
}
interface Detail {
  item: { id: string; version: number; revision: number; name: string };
  latest: Json;
}

/** What an admin's script sees of the library, over HTTP. */
describe('the API of the library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-library-api-'));
  let db: Database;
  let harness: LibraryHarness;
  let servers: LibraryServers;

  beforeAll(async () => {
    db = openDatabase({
      url: `sqlite:${folder}/db.sqlite`,
      schema: 'test',
      migrations: [createSite, createLibrary],
      logger: silentLogger,
    });
    await db.migrate();
    harness = new LibraryHarness(db);
    servers = await startLibraryServers(harness, silentLogger);
  });
  afterAll(async () => {
    await servers.stop();
    await db.close();
    harness.remove();
    rmSync(folder, { recursive: true });
  });

  const send = async <T = Json>(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; bytes?: Uint8Array } = {},
  ): Promise<Answer<T>> => {
    const { body, bytes, headers } = options;
    const answer = await fetch(`http://127.0.0.1:${servers.console}/api/v1${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(bytes !== undefined && { body: Buffer.from(bytes) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      json: (text.startsWith('{') ? JSON.parse(text) : {}) as T,
    };
  };
  const aspen = { 'content-type': 'application/x-apple-aspen-config' };
  const importProfile = (bytes: Buffer, query = '') =>
    send<Detail>('POST', `/configuration-items/import${query}`, { bytes, headers: aspen });
  const count = async (): Promise<number> =>
    (await db.query<{ n: number }>('SELECT COUNT(*) AS n FROM {library_thing}'))[0]?.n ?? -1;

  it('imports a .mobileconfig with curl and exports the very same bytes', async () => {
    const file = join(folder, 'lock.mobileconfig');
    const copy = join(folder, 'copy.mobileconfig');
    writeFileSync(file, mobileconfig());
    const base = `http://127.0.0.1:${servers.console}/api/v1/configuration-items`;
    const header = 'content-type: application/x-apple-aspen-config';
    const { stdout } = await run('curl', [
      '-sSf',
      '-H',
      header,
      '--data-binary',
      `@${file}`,
      `${base}/import?name=Lock`,
    ]);
    const { item, latest } = JSON.parse(stdout) as Detail;
    expect(item).toMatchObject({ name: 'Lock', kind: 'profile', scope: 'system', revision: 1 });
    expect(latest).toMatchObject({ signed: false, payloads: [{ type: 'com.apple.screensaver' }] });
    await run('curl', ['-sSf', '-OJ', '--output-dir', folder, `${base}/${item.id}/revisions/1/content`]);
    expect(readFileSync(join(folder, 'Lock.mobileconfig'))).toEqual(readFileSync(file));
    await run('curl', ['-sSf', '-o', copy, `${base}/${item.id}/revisions/1/content`]);
    expect(readFileSync(copy)).toEqual(readFileSync(file));
  });

  it('makes, changes and deletes a configuration item, at the version that is known', async () => {
    const content = { kind: 'profile', profile: mobileconfig().toString('base64') };
    const made = await send<Detail>('POST', '/configuration-items', { body: { name: 'Lock', content } });
    expect(made.status).toBe(201);
    const path = `/configuration-items/${made.json.item.id}`;
    expect(made.headers.get('location')).toBe(`/api/v1${path}`);
    expect(made.headers.get('etag')).toBe('"1"');
    const stale = { 'if-match': '"7"' };
    expect(await send('PATCH', path, { body: { name: 'x' }, headers: stale })).toMatchObject({
      status: 412,
      json: { code: 'ESP_SITE_CHANGED_MEANWHILE' },
    });
    const changed = await send('PATCH', path, { body: { name: 'Locked' }, headers: { 'if-match': '"1"' } });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    const revised = await send<Detail>('POST', `${path}/revisions/import?note=prettier`, {
      bytes: mobileconfig({ text: 'Arabesque' }),
      headers: { ...aspen, 'if-match': '"2"' },
    });
    expect(revised.json).toMatchObject({ item: { revision: 2, version: 3 }, latest: { note: 'prettier' } });
    const revisions = await send<{ items: Json[] }>('GET', `${path}/revisions?limit=1`);
    expect(revisions.json).toMatchObject({ items: [{ revision: 2 }], nextCursor: expect.any(String) });
    expect((await send('GET', `${path}/revisions/1`)).json).toMatchObject({ revision: 1 });
    expect((await send('GET', `${path}/revisions/3`)).json).toMatchObject({
      code: 'ESP_LIBRARY_REVISION_UNKNOWN',
    });
    expect((await send('DELETE', path, { headers: stale })).status).toBe(412);
    expect((await send('DELETE', path)).status).toBe(204);
    expect((await send('GET', path)).json).toMatchObject({ code: 'ESP_LIBRARY_UNKNOWN', status: 404 });
  });

  it('makes one thing of a request that is repeated, and refuses the key for another', async () => {
    const before = await count();
    const headers = { 'idempotency-key': randomUUID() };
    const bytes = mobileconfig({ identifier: 'com.example.once' });
    const requests = Array.from({ length: 3 }, () =>
      send<Detail>('POST', '/configuration-items/import', { bytes, headers: { ...aspen, ...headers } }),
    );
    const ids = (await Promise.all(requests)).map(({ json }) => json.item.id);
    expect(new Set(ids).size).toBe(1);
    expect(await count()).toBe(before + 1);
    const other = await send('POST', '/configuration-items/import', {
      bytes: mobileconfig(),
      headers: { ...aspen, ...headers },
    });
    expect(other.json).toMatchObject({ code: 'ESP_SITE_KEY_REUSED' });
  });

  it('makes baselines, applications and packages, each with its revisions', async () => {
    const { json } = await importProfile(mobileconfig({ identifier: 'com.example.part' }));
    const ciId = json.item.id;
    const baseline = await send<Detail>('POST', '/baselines', {
      body: { name: 'All Macs', members: [{ ciId }] },
    });
    expect(baseline.json).toMatchObject({
      item: { name: 'All Macs', memberCount: 1 },
      latest: { members: [{ ciId, revision: null, identifier: 'com.example.part' }] },
    });
    const deletion = await send('DELETE', `/configuration-items/${ciId}`);
    expect(deletion.json).toMatchObject({
      code: 'ESP_LIBRARY_IN_USE',
      detail: expect.stringContaining('All Macs'),
    });

    const contentId = await harness.upload(randomBytes(100), 'tools.pkg');
    const definition = {
      publisher: 'Example',
      softwareVersion: '1.0',
      deploymentTypes: [
        {
          name: 'Installer',
          installer: 'pkg',
          contentId,
          detection: { kind: 'bundle', bundleId: 'com.example.tools', minimumVersion: '1.0' },
        },
      ],
    };
    const application = await send<Detail>('POST', '/applications', { body: { name: 'Tools', definition } });
    expect(application.json).toMatchObject({
      item: { uniqueId: expect.stringMatching(/^Application_/), publisher: 'Example', platforms: ['mac'] },
      latest: { revision: 1, definition: { deploymentTypes: [{ contentId, installCommand: null }] } },
    });
    const path = `/applications/${application.json.item.id}`;
    const changed = await send<Detail>('PATCH', path, {
      body: { definition: { ...definition, softwareVersion: '2.0' } },
    });
    expect(changed.json.item).toMatchObject({ revision: 2, softwareVersion: '2.0' });
    expect((await send('GET', `${path}/revisions/1`)).json).toMatchObject({
      definition: { softwareVersion: '1.0' },
    });
    expect((await send<{ items: Json[] }>('GET', `${path}/revisions`)).json.items).toHaveLength(2);
    const list = await send<{ items: Json[] }>(
      'GET',
      `/applications?filter=${encodeURIComponent("publisher eq 'Example'")}`,
    );
    expect(list.json.items).toHaveLength(1);
    expect((await send('GET', '/content')).json).toMatchObject({
      items: [{ id: contentId, distributed: true }],
    });
    expect((await send('DELETE', `/content/${contentId}`)).json).toMatchObject({
      code: 'ESP_CONTENT_IN_USE',
    });
    // Each kind has its own address.
    expect((await send('GET', `/packages/${application.json.item.id}`)).status).toBe(404);
    expect((await send('DELETE', path)).status).toBe(204);
    expect((await send('DELETE', `/content/${contentId}`)).status).toBe(204);
  });

  describe('refuses with a clear answer, and stores nothing:', () => {
    const nested = `<plist version="1.0">${'<dict><key>a</key>'.repeat(10_000)}${'</dict>'.repeat(10_000)}</plist>`;
    const whole = mobileconfig();
    it.each<[string, Buffer, number, string]>([
      ['no property list', Buffer.from('PK\u0003\u0004 zip'), 422, 'ESP_LIBRARY_PROFILE_INVALID'],
      ['half a profile', whole.subarray(0, whole.length / 2), 422, 'ESP_LIBRARY_PROFILE_INVALID'],
      ['10,000 nested dictionaries', Buffer.from(nested), 422, 'ESP_LIBRARY_PROFILE_INVALID'],
      [
        'a list that is no profile',
        Buffer.from('<plist><dict/></plist>'),
        422,
        'ESP_LIBRARY_PROFILE_INVALID',
      ],
      [
        'a broken signature',
        Buffer.concat([Buffer.of(0x30, 0x82), randomBytes(500)]),
        422,
        'ESP_LIBRARY_PROFILE_INVALID',
      ],
      ['nothing', Buffer.alloc(0), 400, 'ESP_BAD_REQUEST'],
      ['more than 512 KiB', Buffer.alloc(600_000, 0x20), 413, 'ESP_TOO_LARGE'],
      ['a gigantic body', Buffer.alloc(30_000_000, 0x20), 413, 'ESP_TOO_LARGE'],
    ])('%s', async (_what, bytes, status, code) => {
      const before = await count();
      expect(await importProfile(bytes)).toMatchObject({
        status,
        json: { code, detail: expect.any(String) },
      });
      expect(await count()).toBe(before);
    });

    it.each<[string, unknown, number, string]>([
      [
        'a profile that is no base64',
        { content: { kind: 'profile', profile: 'x y' } },
        400,
        'ESP_BAD_REQUEST',
      ],
      ['content of no kind', { content: {} }, 400, 'ESP_BAD_REQUEST'],
      [
        'an activation',
        declaration({ Type: 'com.apple.activation.simple' }),
        422,
        'ESP_LIBRARY_DECLARATION_INVALID',
      ],
      ['an identifier of 65 letters', declaration({ Identifier: 'x'.repeat(65) }), 400, 'ESP_BAD_REQUEST'],
      [
        'an identifier of 65 bytes',
        declaration({ Identifier: `${'x'.repeat(63)}ä` }),
        422,
        'ESP_LIBRARY_DECLARATION_INVALID',
      ],
      [
        'a payload of 65 KiB',
        declaration({ Payload: { a: 'x'.repeat(66_000) } }),
        413,
        'ESP_LIBRARY_TOO_LARGE',
      ],
      ['a payload that is a list', declaration({ Payload: [] }), 400, 'ESP_BAD_REQUEST'],
      [
        'a profile of 600 KB as base64',
        { content: { kind: 'profile', profile: Buffer.alloc(600_000, 0x20).toString('base64') } },
        413,
        'ESP_LIBRARY_TOO_LARGE',
      ],
    ])('%s', async (_what, body, status, code) => {
      const before = await count();
      const answer = await send('POST', '/configuration-items', { body });
      expect(answer).toMatchObject({ status, json: { code } });
      expect(await count()).toBe(before);
    });

    it('names and texts that no database could keep', async () => {
      const content = { kind: 'profile', profile: whole.toString('base64') };
      for (const body of [
        { content, name: 'a\u0000b' },
        { content, description: 'a\u0000b' },
        { content, name: 'x'.repeat(256) },
        // Longer than 255 in the form in which names are compared.
        { content, name: 'İ'.repeat(200) },
      ])
        expect((await send('POST', '/configuration-items', { body })).status).toBe(400);
      const long = mobileconfig({
        identifier: 'com.example.long',
        extra: { PayloadDisplayName: `${'İ'.repeat(300)}\n` },
      });
      expect((await importProfile(long)).json.item.name).toBe('İ'.repeat(85));
    });

    it('JSON where a file is wanted', async () => {
      expect((await send('POST', '/configuration-items/import', { body: {} })).status).toBe(415);
    });
  });

  it('is documented: every operation says what it is for', () => {
    const document = buildOpenApi({
      title: 'spec',
      version: '1',
      description: 'spec',
      endpoints: endpointsOf(libraryControllers),
      scopes: {},
    });
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(operations.length).toBeGreaterThan(30);
    for (const { operationId, summary } of operations)
      expect([operationId, typeof summary]).toEqual([operationId, 'string']);
  });
});

function declaration(change: Json): Json {
  const passcode = {
    Type: 'com.apple.configuration.passcode.settings',
    Identifier: 'com.example.passcode',
    Payload: {},
    ...change,
  };
  return { content: { kind: 'declaration', declaration: passcode } };
}
