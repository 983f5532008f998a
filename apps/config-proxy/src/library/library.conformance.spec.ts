import { randomUUID } from 'node:crypto';
import { describeOnEachDatabase, expectMssqlDdl } from '@espalier/testing';
import { readProfileContent } from '../configuration-items/item-content.js';
import { createLibrary } from '../migrations/2026-11-21-create-library.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { anyVersion, author, LibraryHarness, mobileconfig } from './library.fixture.js';

/** One suite for every database: what baselines resolve to, what stays while it is used, lists, migrations. */
describeOnEachDatabase('the library', { migrations: [createSite, createLibrary] }, (open) => {
  let harness: LibraryHarness;
  beforeEach(async () => {
    harness = new LibraryHarness(await open());
  });
  afterEach(() => harness.remove());

  const newRevision = (id: string, bytes: Buffer) =>
    harness.rooms.items.change(id, { note: '', content: readProfileContent(bytes) }, anyVersion, author);
  const changeMembers = (id: string, ids: readonly string[]) =>
    harness.rooms.baselines.change(
      id,
      { note: '', members: ids.map((ciId) => ({ ciId, revision: null })) },
      anyVersion,
      author,
    );
  const baseline = (thingId: string, revision?: number) =>
    harness.rooms.library.resolve(harness.db, { thingKind: 'baseline', thingId, revision });

  describe('baselines', () => {
    it('resolve to their members in order, at the revision that is fixed or the latest', async () => {
      const [one, other] = [await harness.profile(), await harness.declaration()];
      const { id } = await harness.baseline([{ ciId: other.id }, { ciId: one.id, revision: 1 }]);
      await newRevision(one.id, mobileconfig({ text: 'new' }));
      const resolved = await baseline(id);
      expect(resolved.items.map(({ ciId, revision }) => [ciId, revision])).toEqual([
        [other.id, 1],
        [one.id, 1],
      ]);
      await changeMembers(id, [one.id]);
      expect((await baseline(id)).items.map(({ revision }) => revision)).toEqual([2]);
      expect(await baseline(id, 1)).toEqual(resolved);
      await expect(baseline(id, 3)).rejects.toMatchObject({ code: 'ESP_LIBRARY_REVISION_UNKNOWN' });
      expect(harness.told.at(-1)).toEqual([{ thingKind: 'baseline', thingId: id }]);
    });

    it('make no revision of the same members', async () => {
      const { id: ciId } = await harness.profile();
      const { id } = await harness.baseline([{ ciId }]);
      expect((await changeMembers(id, [ciId])).baseline).toMatchObject({ revision: 1, version: 1 });
    });

    it('refuse what a device could not have', async () => {
      const [one, twin] = [await harness.profile(), await harness.profile()];
      const unknown = randomUUID();
      await expect(harness.baseline([{ ciId: one.id }, { ciId: twin.id }])).rejects.toMatchObject({
        code: 'ESP_LIBRARY_MEMBERS_INVALID',
        detail: `${one.id} and ${twin.id} have the same identifier "com.example.lock".`,
      });
      await expect(harness.baseline([{ ciId: one.id }, { ciId: one.id }])).rejects.toMatchObject({
        detail: expect.stringContaining('stands twice'),
      });
      await expect(harness.baseline([{ ciId: unknown }])).rejects.toMatchObject({
        detail: `There is no configuration item ${unknown}.`,
      });
      await expect(harness.baseline([{ ciId: one.id, revision: 2 }])).rejects.toMatchObject({
        detail: expect.stringContaining('has no revision 2'),
      });
      expect(await harness.db.query('SELECT * FROM {baseline_member}')).toEqual([]);
    });

    it('show old revisions with members that are gone, but do not deploy them', async () => {
      const [one, other] = [await harness.profile(), await harness.declaration()];
      const { id } = await harness.baseline([{ ciId: one.id }]);
      await changeMembers(id, [other.id]);
      await harness.rooms.items.delete(one.id, anyVersion);
      const old = await harness.rooms.baselines.withMembers([await harness.rooms.things.revision(id, 1)]);
      expect(old[0]?.members).toEqual([
        { ciId: one.id, revision: null, name: one.name, identifier: 'com.example.lock' },
      ]);
      await expect(baseline(id, 1)).rejects.toMatchObject({
        code: 'ESP_LIBRARY_MEMBERS_INVALID',
        detail: `Deleted since this revision was made: "${one.name}".`,
      });
    });

    it('are not deleted while they are deployed', async () => {
      const { id: ciId } = await harness.profile();
      const { id } = await harness.baseline([{ ciId }]);
      harness.deployed.set(id, ['all']);
      await expect(harness.rooms.baselines.delete(id, anyVersion)).rejects.toMatchObject({
        code: 'ESP_LIBRARY_IN_USE',
      });
      harness.deployed.clear();
      await harness.rooms.baselines.delete(id, anyVersion);
      expect(await harness.db.query('SELECT * FROM {baseline_member}')).toEqual([]);
      await harness.rooms.items.delete(ciId, anyVersion);
    });
  });

  describe('resolving in a transaction', () => {
    it('keeps what was resolved until the end: a deletion waits and then sees the deployment', async () => {
      const { id } = await harness.profile();
      const { id: baselineId } = await harness.baseline([{ ciId: id }]);
      const resolved = Promise.withResolvers<void>();
      const deployment = harness.db.transaction(async (tx) => {
        await harness.rooms.library.resolve(tx, { thingKind: 'baseline', thingId: baselineId });
        resolved.resolve();
        // A deletion that did not wait would be done by then.
        for (let turn = 0; turn < 50; turn += 1) await tx.query('SELECT 1 AS one');
        harness.deployed.set(baselineId, ['just made']);
      });
      await resolved.promise;
      await expect(harness.rooms.baselines.delete(baselineId, anyVersion)).rejects.toMatchObject({
        code: 'ESP_LIBRARY_IN_USE',
      });
      await deployment;
    });
  });

  describe('lists', () => {
    it('filter, order and page', async () => {
      for (const letter of ['b', 'C', 'a']) await harness.profile({ identifier: `com.example.${letter}` });
      await harness.declaration('com.example.d');
      const list = async (query: { filter?: string; orderBy?: string; limit?: number; cursor?: string }) => {
        const { rows, next } = await harness.rooms.things.list('configuration-item', { limit: 10, ...query });
        return { identifiers: rows.map(({ identifier }) => identifier.slice(-1)).join(''), next };
      };
      expect((await list({ filter: "kind eq 'profile'" })).identifiers).toBe('abC');
      expect((await list({ filter: "contains(name,'LOCK')", orderBy: 'name desc' })).identifiers).toBe('Cba');
      expect((await list({ filter: "identifier eq 'com.example.d'" })).identifiers).toBe('d');
      const first = await list({ limit: 3 });
      const second = await list({ limit: 3, cursor: first.next ?? '' });
      expect(first.identifiers + second.identifiers).toBe('dabC');
      await expect(list({ filter: 'secret eq 1' })).rejects.toMatchObject({
        code: 'ESP_SITE_FILTER_INVALID',
      });
    });
  });

  describe('the migration', () => {
    it('goes back with data in it, and forward again', async () => {
      const { id } = await harness.profile();
      await harness.baseline([{ ciId: id }]);
      await harness.package(await harness.upload(Buffer.from('content')));
      await harness.db.revert();
      expect(await harness.db.migrate()).toEqual(['2026-11-21-create-library']);
      expect(await harness.db.query('SELECT * FROM {library_thing}')).toEqual([]);
    });
  });
});

describe('the library on SQL Server', () => {
  it('has the tables that were reviewed', async () => {
    await expectMssqlDdl([createLibrary], {
      spec: import.meta.url,
      file: 'library.mssql.sql',
      schema: 'config_proxy',
    });
  });
});
