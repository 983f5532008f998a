import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePlist } from '@espalier/plist';
import { describeOnEachDatabase, isBabelfish } from '@espalier/testing';
import { anyVersion, author, LibraryHarness, mobileconfig } from '../library/library.fixture.js';
import { createLibrary } from '../migrations/2026-11-21-create-library.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { readItemContent, readProfileContent } from './item-content.js';

/** One suite for every database: what may be made and changed, what deployments get, what is kept. */
describeOnEachDatabase('configuration items', { migrations: [createSite, createLibrary] }, (open) => {
  let harness: LibraryHarness;
  beforeEach(async () => {
    harness = new LibraryHarness(await open());
  });
  afterEach(() => harness.remove());

  const newRevision = (id: string, bytes: Buffer) =>
    harness.rooms.items.change(id, { note: '', content: readProfileContent(bytes) }, anyVersion, author);
  const item = (thingId: string, revision?: number) =>
    harness.rooms.library.resolve(harness.db, { thingKind: 'configuration-item', thingId, revision });
  const payloadOf = async (ciId: string, revision: number): Promise<Record<string, unknown>> => {
    const content = await harness.rooms.library.content(ciId, revision);
    if (content.kind !== 'profile') throw new Error(`a ${content.kind}`);
    return parsePlist(Buffer.from(content.payload, 'base64')) as Record<string, unknown>;
  };

  const changeMembers = (id: string, ids: readonly string[]) =>
    harness.rooms.baselines.change(
      id,
      { note: '', members: ids.map((ciId) => ({ ciId, revision: null })) },
      anyVersion,
      author,
    );

  it('give deployments a profile whose PayloadUUID tells its revisions apart', async () => {
    const { id, number } = await harness.profile();
    const first = await item(id);
    expect(first).toMatchObject({
      id,
      revision: 1,
      displayName: 'Screen lock com.example.lock',
      items: [{ kind: 'profile', identifier: 'com.example.lock', scope: 'system', platforms: ['mac'] }],
    });
    expect(number).toBeGreaterThan(16_777_000);
    await newRevision(id, mobileconfig({ text: 'Arabesque' }));
    const second = await item(id);
    expect(second.revision).toBe(2);
    expect(second.items[0]?.version).not.toBe(first.items[0]?.version);
    for (const [revision, resolved] of [
      [1, first],
      [2, second],
    ] as const) {
      expect(await payloadOf(id, revision)).toMatchObject({
        PayloadUUID: resolved.items[0]?.version,
        PayloadScope: 'System',
      });
      expect(await item(id, revision)).toEqual(resolved);
    }
  });

  it('keep every revision byte for byte, sealed', async () => {
    const one = mobileconfig({ text: 'canary-one' });
    const { id } = await harness.db.transaction((tx) =>
      harness.rooms.items.create(
        tx,
        { description: '', categories: [], note: '', content: readProfileContent(one) },
        author,
      ),
    );
    const two = mobileconfig({ text: 'canary-two' });
    await newRevision(id, two);
    expect((await harness.rooms.items.readContent(id, 1)).content).toEqual(one);
    expect((await harness.rooms.items.readContent(id, 2)).content).toEqual(two);
    const rows = JSON.stringify(await harness.db.query('SELECT * FROM {library_revision}'));
    expect(rows).toContain('es1.');
    expect(rows).not.toContain('canary');
    expect(rows).not.toContain(one.toString('base64').slice(200, 260));
  });

  it('make no revision of the same file, nor of other words; of other platforms they do', async () => {
    const bytes = mobileconfig();
    const { id } = await harness.db.transaction((tx) =>
      harness.rooms.items.create(
        tx,
        { description: '', categories: [], note: '', content: readProfileContent(bytes) },
        author,
      ),
    );
    expect((await newRevision(id, bytes)).item).toMatchObject({ revision: 1, version: 1 });
    expect(harness.told).toEqual([]);
    const change = { note: 'why', description: 'words', categories: ['a'] };
    expect((await harness.rooms.items.change(id, change, anyVersion, author)).item).toMatchObject({
      revision: 1,
      version: 2,
      description: 'words',
      categories: ['a'],
    });
    const { item: changed, latest } = await harness.rooms.items.change(
      id,
      { note: 'iPads too', platforms: ['mac', 'ipad'] },
      anyVersion,
      author,
    );
    expect(changed).toMatchObject({ revision: 2, version: 3, platforms: ['mac', 'ipad'] });
    expect(latest.note).toBe('iPads too');
    // The same content is the same on the device.
    expect((await item(id, 2)).items[0]?.version).toBe((await item(id, 1)).items[0]?.version);
  });

  it.each<[string, Parameters<typeof mobileconfig>[0], string]>([
    ['another identifier', { identifier: 'com.example.other' }, 'ESP_LIBRARY_IDENTIFIER_MISMATCH'],
    ['another scope', { scope: 'User' }, 'ESP_LIBRARY_SCOPE_MISMATCH'],
  ])('refuse a revision with %s, and change nothing', async (_what, options, code) => {
    const { id } = await harness.profile();
    await expect(newRevision(id, mobileconfig(options))).rejects.toMatchObject({ code });
    expect(await harness.rooms.things.get('configuration-item', id)).toMatchObject({
      revision: 1,
      version: 1,
    });
  });

  it('take the scope from the profile, or from whoever imports it where it says nothing', async () => {
    expect(await harness.profile({ scope: 'User' })).toMatchObject({ scope: 'user' });
    const told = await harness.profile({ told: 'user', identifier: 'com.example.told' });
    expect(told.scope).toBe('user');
    expect(await payloadOf(told.id, 1)).toMatchObject({ PayloadScope: 'User' });
    const silent = await harness.profile({ identifier: 'com.example.silent' });
    const { facts } = await harness.rooms.things.revision(silent.id, 1);
    expect(facts.warnings).toEqual([
      'The profile has no PayloadScope; it is installed for the whole device (System).',
    ]);
    await expect(harness.profile({ scope: 'User', told: 'system' })).rejects.toMatchObject({
      code: 'ESP_LIBRARY_SCOPE_MISMATCH',
    });
  });

  it('deploy a signed profile as it is, and want a new PayloadUUID for other content', async () => {
    const signer = new OpensslSigner();
    const uuid = randomUUID().toUpperCase();
    const first = signer.sign(mobileconfig({ uuid }));
    const { id } = await harness.db.transaction((tx) =>
      harness.rooms.items.create(
        tx,
        { description: '', categories: [], note: '', content: readProfileContent(first) },
        author,
      ),
    );
    expect((await item(id)).items[0]?.version).toBe(uuid);
    expect(await harness.rooms.library.content(id, 1)).toEqual({
      kind: 'profile',
      payload: first.toString('base64'),
    });
    await expect(newRevision(id, signer.sign(mobileconfig({ uuid, text: 'other' })))).rejects.toMatchObject({
      code: 'ESP_LIBRARY_PROFILE_UUID_REUSED',
      detail: `Revision 1 has the PayloadUUID ${uuid} too.`,
    });
    await expect(
      newRevision(id, signer.sign(mobileconfig({ identifier: 'com.example.other' }))),
    ).rejects.toMatchObject({ code: 'ESP_LIBRARY_IDENTIFIER_MISMATCH' });
    const fresh = randomUUID().toUpperCase();
    await newRevision(id, signer.sign(mobileconfig({ uuid: fresh, text: 'other' })));
    expect((await item(id)).items[0]?.version).toBe(fresh);
    signer.remove();
  });

  it('give deployments declarations whose token changes with the content', async () => {
    const { id } = await harness.declaration();
    const before = await item(id);
    expect(before.items[0]).toMatchObject({
      kind: 'declaration',
      identifier: 'com.example.passcode',
      platforms: ['mac', 'iphone', 'ipad', 'vision', 'watch'],
    });
    expect(await harness.rooms.library.content(id, 1)).toEqual({
      kind: 'declaration',
      type: 'com.apple.configuration.passcode.settings',
      payload: { MinimumLength: 8 },
    });
    const declaration = {
      Type: 'com.apple.configuration.passcode.settings',
      Identifier: 'com.example.passcode',
      Payload: { MinimumLength: 12 },
    };
    await harness.rooms.items.change(
      id,
      { note: '', content: { kind: 'declaration', declaration } },
      anyVersion,
      author,
    );
    const after = (await item(id)).items[0];
    expect(after?.version).not.toBe(before.items[0]?.version);
    expect(after?.version.length).toBeLessThanOrEqual(64);
  });

  it('refuse content of another kind', async () => {
    const { id } = await harness.declaration('com.example.lock');
    await expect(newRevision(id, mobileconfig())).rejects.toMatchObject({
      code: 'ESP_LIBRARY_KIND_MISMATCH',
    });
  });

  it('keep scripts for the Mac client: MDM gets nothing of them', async () => {
    const content = readItemContent({
      kind: 'script',
      script: {
        interpreter: '/bin/zsh',
        detection: 'true',
        remediation: null,
        resultType: 'text',
        operator: 'equals',
        expected: 'canary',
        runAs: 'root',
        timeoutSeconds: 60,
      },
    });
    const { id } = await harness.db.transaction((tx) =>
      harness.rooms.items.create(tx, { description: '', categories: [], note: '', content }, author),
    );
    expect(await harness.rooms.library.content(id, 1)).toEqual({ kind: 'none' });
    expect((await item(id)).items[0]).toMatchObject({
      kind: 'script',
      identifier: `ConfigurationItem_${id}`,
      platforms: ['mac'],
    });
  });

  it('are changed only at the version that the caller knows', async () => {
    const { id } = await harness.profile();
    const refusal = new Error('412');
    const refuse = (version: number): void => {
      if (version !== 7) throw refusal;
    };
    const change = harness.rooms.items.change(id, { note: '', name: 'x' }, refuse, author);
    await expect(change).rejects.toBe(refusal);
    await expect(harness.rooms.items.delete(id, refuse)).rejects.toBe(refusal);
  });

  it('give concurrent changes one revision each', async () => {
    if (await isBabelfish(harness.db)) return; // ignores UPDLOCK: both read the same revision
    const { id } = await harness.profile();
    const changes = Array.from({ length: 5 }, (_, index) =>
      newRevision(id, mobileconfig({ text: `module ${index}` })),
    );
    const revisions = (await Promise.all(changes)).map(({ latest }) => latest.revision);
    expect(new Set(revisions)).toEqual(new Set([2, 3, 4, 5, 6]));
    const { rows } = await harness.rooms.things.revisions(id, { limit: 10 });
    expect(rows.map(({ revision }) => revision)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('are told of when they change, with the baselines that follow the latest revision', async () => {
    const [one, other] = [await harness.profile(), await harness.declaration()];
    const follows = await harness.baseline([{ ciId: one.id }, { ciId: other.id }]);
    await harness.baseline([{ ciId: one.id, revision: 1 }]);
    await newRevision(one.id, mobileconfig({ text: 'new' }));
    expect(harness.told).toEqual([
      [
        { thingKind: 'configuration-item', thingId: one.id },
        { thingKind: 'baseline', thingId: follows.id },
      ],
    ]);
  });

  it('stay while they are deployed or in a baseline, and the refusal names both', async () => {
    const { id } = await harness.profile();
    harness.deployed.set(id, ['Lock all Macs']);
    await expect(harness.rooms.items.delete(id, anyVersion)).rejects.toMatchObject({
      code: 'ESP_LIBRARY_IN_USE',
      detail: expect.stringContaining('"Lock all Macs"'),
    });
    harness.deployed.clear();
    const baseline = await harness.baseline([{ ciId: id }]);
    await expect(harness.rooms.items.delete(id, anyVersion)).rejects.toMatchObject({
      code: 'ESP_LIBRARY_IN_USE',
      detail: `In the baseline: "Standard" (${baseline.id}).`,
    });
    // Taken out, but the old revision is still deployed.
    const other = await harness.declaration();
    await changeMembers(baseline.id, [other.id]);
    harness.deployed.set(baseline.id, ['Standard to all']);
    await expect(harness.rooms.items.delete(id, anyVersion)).rejects.toMatchObject({
      detail: expect.stringContaining('"Standard to all"'),
    });
    harness.deployed.clear();
    await harness.rooms.items.delete(id, anyVersion);
    await expect(item(id)).rejects.toMatchObject({ code: 'ESP_LIBRARY_UNKNOWN' });
    expect(await harness.db.query('SELECT id FROM {library_revision} WHERE thing_id = :id', { id })).toEqual(
      [],
    );
  });
});

/** Signs profiles as an admin would, with openssl. */
class OpensslSigner {
  readonly #folder = mkdtempSync(join(tmpdir(), 'espalier-signer-'));

  constructor() {
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Profile signer',
      '-keyout',
      'key.pem',
      '-out',
      'cert.pem',
    );
  }

  sign(bytes: Buffer): Buffer {
    writeFileSync(join(this.#folder, 'plain'), bytes);
    return this.#openssl(
      'cms',
      '-sign',
      '-binary',
      '-nodetach',
      '-outform',
      'DER',
      '-md',
      'sha256',
      '-signer',
      'cert.pem',
      '-inkey',
      'key.pem',
      '-in',
      'plain',
    );
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #openssl(...args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}
