import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describeOnEachDatabase } from '@espalier/testing';
import { silentLogger } from '../config-proxy.fixture.js';
import { anyVersion, author, hashOf, LibraryHarness, parts } from '../library/library.fixture.js';
import { createLibrary } from '../migrations/2026-11-21-create-library.js';
import { createSite } from '../migrations/2026-11-21-create-site.js';
import { createContentServer } from './content.server.js';
import { PackageFolder } from './package.folder.js';
import { UploadLeases } from './upload-lease.js';
import { UploadStore } from './upload.store.js';

const DAY = 86_400_000;
const never = new AbortController().signal;

/** One suite for every database: how content comes in, what is served of it, and when it goes. */
describeOnEachDatabase('content', { migrations: [createSite, createLibrary] }, (open) => {
  let harness: LibraryHarness;
  beforeEach(async () => {
    harness = new LibraryHarness(await open());
  });
  afterEach(() => harness.remove());

  const bytes = randomBytes(300_000);
  const onDisk = (): string[] =>
    readdirSync(harness.store, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort();

  describe('an upload', () => {
    it('in parts becomes content, whose name on disk is its hash', async () => {
      const { uploads, contents } = harness.rooms;
      const id = await harness.announce(bytes);
      expect(await uploads.write(id, 0, parts(bytes.subarray(0, 10), bytes.subarray(10, 1_000)))).toBe(1_000);
      expect(await uploads.get(id)).toMatchObject({ offset: 1_000, known: false });
      expect(await uploads.write(id, 1_000, parts(bytes.subarray(1_000)))).toBe(bytes.length);
      const content = await uploads.finish(id);
      expect(content).toMatchObject({ id, size: bytes.length, sha256: hashOf(bytes), distributed: false });
      expect(onDisk()).toEqual([`${hashOf(bytes)}-${id}`]);
      const { opened } = await contents.open(id);
      expect(await opened.file.readFile()).toEqual(bytes);
      await opened.file.close();
      // A repeat of the request gets the same answer.
      expect(await uploads.finish(id)).toEqual(content);
      await expect(uploads.get(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UPLOAD_UNKNOWN' });
    });

    it('keeps what arrived where the body breaks off, and goes on there only', async () => {
      const { uploads } = harness.rooms;
      const id = await harness.announce(bytes);
      async function* breaking(): AsyncGenerator<Buffer> {
        yield bytes.subarray(0, 100_000);
        // The part is on disk before the connection breaks.
        while ((await uploads.get(id)).offset < 100_000) await setImmediate();
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      }
      await expect(uploads.write(id, 0, breaking())).rejects.toMatchObject({
        code: 'ESP_CONTENT_UPLOAD_BROKEN_OFF',
      });
      for (const offset of [0, 99_999, 100_001])
        await expect(uploads.write(id, offset, parts(bytes))).rejects.toMatchObject({
          code: 'ESP_CONTENT_OFFSET_WRONG',
          detail: `Go on at 100000, not at ${offset}.`,
        });
      await expect(uploads.finish(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UPLOAD_SHORT' });
      await uploads.write(id, 100_000, parts(bytes.subarray(100_000)));
      expect((await uploads.finish(id)).sha256).toBe(hashOf(bytes));
    });

    it('with another hash than announced leaves nothing', async () => {
      const { uploads } = harness.rooms;
      const id = await harness.announce(bytes, 'x.pkg', hashOf(Buffer.from('other')));
      await uploads.write(id, 0, parts(bytes));
      await expect(uploads.finish(id)).rejects.toMatchObject({
        code: 'ESP_CONTENT_HASH_WRONG',
        detail: `It has ${hashOf(bytes)}.`,
      });
      expect(onDisk()).toEqual([]);
      await expect(uploads.finish(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UPLOAD_UNKNOWN' });
      expect(await harness.db.query('SELECT id FROM {content_item}')).toEqual([]);
    });

    it('takes no byte more than announced', async () => {
      const id = await harness.announce(bytes);
      await expect(harness.rooms.uploads.write(id, 0, parts(bytes, Buffer.from('x')))).rejects.toMatchObject({
        code: 'ESP_CONTENT_UPLOAD_TOO_LONG',
      });
    });

    it('has one writer at a time, also among replicas; a replica that comes back goes on at once', async () => {
      const { uploads } = harness.rooms;
      const id = await harness.announce(bytes);
      const other = new LibraryHarness(harness.db, { folder: harness.store, replica: 'other' });
      const again = new LibraryHarness(harness.db, { folder: harness.store });
      const started = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      async function* slow(): AsyncGenerator<Buffer> {
        started.resolve();
        await goOn.promise;
        yield bytes;
      }
      const writing = uploads.write(id, 0, slow());
      await started.promise;
      for (const { rooms } of [harness, other]) {
        const busy = { code: 'ESP_CONTENT_UPLOAD_BUSY', retryable: true };
        await expect(rooms.uploads.write(id, 0, parts(bytes))).rejects.toMatchObject(busy);
        await expect(rooms.uploads.finish(id)).rejects.toMatchObject(busy);
        await expect(rooms.uploads.cancel(id)).rejects.toMatchObject(busy);
      }
      // Of the same name: the first one is dead.
      await expect(again.rooms.uploads.write(id, 1, parts(bytes))).rejects.toMatchObject({
        code: 'ESP_CONTENT_OFFSET_WRONG',
      });
      goOn.resolve();
      await writing;
      // A dead replica of another name holds it up no longer than its lease.
      await harness.db.execute("UPDATE {content_upload} SET writer = 'dead', writer_until = :until", {
        until: harness.time + 15_000,
      });
      await expect(uploads.finish(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UPLOAD_BUSY' });
      harness.time += 15_001;
      expect((await uploads.finish(id)).id).toBe(id);
      other.remove();
      again.remove();
    });

    it('is let go by a writer that has lost it', async () => {
      const id = await harness.announce(bytes);
      const leases = new UploadLeases({
        db: harness.db,
        store: new UploadStore(),
        now: () => new Date(harness.time),
        replica: 'slow',
        leaseMs: 60,
      });
      const write = leases.hold(id, async (signal) => {
        await harness.db.execute("UPDATE {content_upload} SET writer = 'thief', writer_until = :until", {
          until: harness.time + 60_000,
        });
        await once(signal, 'abort');
        throw signal.reason;
      });
      await expect(write).rejects.toMatchObject({ code: 'ESP_CONTENT_UPLOAD_BUSY' });
      // And leaves it to the other one.
      expect(await harness.db.query('SELECT writer FROM {content_upload}')).toEqual([{ writer: 'thief' }]);
    });

    it('of a file that the store has needs no bytes, and shares them', async () => {
      const first = await harness.upload(bytes, 'one.pkg');
      const second = await harness.announce(bytes, 'two.pkg');
      expect(await harness.rooms.uploads.get(second)).toMatchObject({ known: true, offset: bytes.length });
      await harness.rooms.uploads.finish(second);
      expect(onDisk()).toEqual([`${hashOf(bytes)}-${first}`]);
    });

    it('twice at once makes two contents and one file', async () => {
      const ids = [await harness.announce(bytes), await harness.announce(bytes)];
      await Promise.all(ids.map((id) => harness.rooms.uploads.write(id, 0, parts(bytes))));
      await Promise.all(ids.map((id) => harness.rooms.uploads.finish(id)));
      expect(onDisk()).toHaveLength(1);
      for (const id of ids) {
        const { opened } = await harness.rooms.contents.open(id);
        expect(hashOf(await opened.file.readFile())).toBe(hashOf(bytes));
        await opened.file.close();
      }
    });

    it('that was killed between the file and the row is finished by a repeat', async () => {
      const { uploads } = harness.rooms;
      const id = await harness.announce(bytes);
      await uploads.write(id, 0, parts(bytes));
      await uploads.finish(id);
      // As if the transaction had never been: the file is in its place, the rows are not.
      const now = harness.time;
      const size = bytes.length;
      await harness.db.execute('DELETE FROM {content_item}');
      await harness.db.execute('DELETE FROM {content_blob}');
      await harness.db.execute(
        `INSERT INTO {content_upload} (id, name, file_name, size, sha256, created_at, created_by, touched_at, writer, writer_until)
         VALUES (:id, 'x', 'x.pkg', :size, :sha256, :now, 'spec', :now, 'spec', :until)`,
        { id, size, sha256: hashOf(bytes), now, until: now + 15_000 },
      );
      expect((await uploads.finish(id)).id).toBe(id);
      const { opened } = await harness.rooms.contents.open(id);
      await opened.file.close();
    });

    it('is refused where quota or disk have no room, and without a store', async () => {
      const small = new LibraryHarness(harness.db, { folder: harness.store, quotaBytes: bytes.length + 10 });
      await small.upload(bytes);
      await expect(small.announce(randomBytes(11))).rejects.toMatchObject({
        code: 'ESP_CONTENT_STORE_FULL',
        detail: expect.stringContaining('10 are left'),
      });
      await small.announce(randomBytes(10));
      small.remove();
      // Whatever disk this is, it cannot hold what another upload has announced.
      await harness.db.execute('UPDATE {content_upload} SET size = :size', { size: 2 ** 52 });
      await expect(harness.announce(randomBytes(10))).rejects.toMatchObject({
        code: 'ESP_CONTENT_STORE_FULL',
        status: 507,
        detail: 'The disk has room for 0 bytes more.',
      });
    });

    it('is refused where there is no store', async () => {
      const without = new LibraryHarness(harness.db, { folder: join(harness.folder, 'file') });
      writeFileSync(join(harness.folder, 'file'), 'no folder');
      await expect(without.announce(bytes)).rejects.toMatchObject({ code: 'ESP_CONTENT_STORE_MISSING' });
      without.remove();
    });
  });

  describe('the content port', () => {
    let server: Server;
    let base: string;
    beforeEach(async () => {
      server = createContentServer({
        packages: new PackageFolder(undefined),
        content: harness.rooms.contents,
        logger: silentLogger,
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterEach(async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });

    it('serves what an application or package has, under its hash and name, and nothing else', async () => {
      const path = `/content/${hashOf(bytes)}/client%201.pkg`;
      const id = await harness.upload(bytes, 'client 1.pkg');
      expect((await fetch(base + path)).status).toBe(404);
      await harness.package(id);
      const whole = await fetch(base + path);
      expect(whole.status).toBe(200);
      expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);
      expect(whole.headers.get('etag')).toBe(`"${hashOf(bytes)}"`);
      expect(whole.headers.get('cache-control')).toContain('immutable');
      const part = await fetch(base + path, {
        headers: { range: 'bytes=5-9', 'if-range': `"${hashOf(bytes)}"` },
      });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(5, 10));
      const beyond = await fetch(base + path, { headers: { range: `bytes=${bytes.length}-` } });
      expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.length}`]);
      const head = await fetch(base + path, { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
      for (const wrong of [
        `/content/${hashOf(bytes)}/other.pkg`,
        `/content/${hashOf(Buffer.from('x'))}/client%201.pkg`,
        `/content/${hashOf(bytes)}/..%2f${hashOf(bytes)}-${id}`,
        `/content/${hashOf(bytes)}/%zz`,
        `/content/${hashOf(bytes)}/%00`,
        `/content/${hashOf(bytes)}`,
        '/content/',
      ])
        expect([wrong, (await fetch(base + wrong)).status]).toEqual([wrong, 404]);
    });

    it('says so where the store is gone, and that it may come back', async () => {
      await harness.package(await harness.upload(bytes));
      rmSync(harness.store, { recursive: true });
      const answer = await fetch(`${base}/content/${hashOf(bytes)}/installer.pkg`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: 'ESP_CONTENT_STORE_MISSING', retryable: true });
    });
  });

  describe('what an application or package has', () => {
    it('is not deleted, and the refusal names who has it', async () => {
      const id = await harness.upload(bytes);
      const tools = await harness.package(id);
      await expect(harness.rooms.contents.delete(id)).rejects.toMatchObject({
        code: 'ESP_CONTENT_IN_USE',
        detail: `Had by the package "Tools" (${tools.id}).`,
      });
      await harness.rooms.packages.delete(tools.id, anyVersion);
      await harness.rooms.contents.delete(id);
      await expect(harness.rooms.contents.get(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UNKNOWN' });
    });

    it('must exist', async () => {
      await expect(harness.package(randomUUID())).rejects.toMatchObject({
        code: 'ESP_LIBRARY_CONTENT_INVALID',
      });
      expect(await harness.db.query('SELECT id FROM {library_thing}')).toEqual([]);
    });

    it('stays with the revision that had it: the history can be shown and deployed', async () => {
      const [one, two] = [await harness.upload(bytes), await harness.upload(randomBytes(10))];
      const tools = await harness.package(one);
      const { definition } = await harness.rooms.packages.revision(tools.id, 1);
      const change = { note: 'newer', definition: { ...definition, contentId: two, softwareVersion: '2.0' } };
      expect(await harness.rooms.packages.change(tools.id, change, anyVersion, author)).toMatchObject({
        revision: 2,
        softwareVersion: '2.0',
      });
      expect(await harness.rooms.packages.change(tools.id, change, anyVersion, author)).toMatchObject({
        revision: 2,
        version: 2,
      });
      expect((await harness.rooms.packages.revision(tools.id, 1)).definition).toEqual(definition);
      await expect(harness.rooms.contents.delete(one)).rejects.toMatchObject({ code: 'ESP_CONTENT_IN_USE' });
      const resolve = (revision?: number) =>
        harness.rooms.library.resolve(harness.db, { thingKind: 'package', thingId: tools.id, revision });
      expect((await resolve()).items).toMatchObject([{ kind: 'package', revision: 2, platforms: ['mac'] }]);
      expect((await resolve(1)).items[0]?.version).not.toBe((await resolve()).items[0]?.version);
      expect(await harness.rooms.library.content(tools.id, 1)).toEqual({ kind: 'none' });
      expect(harness.told).toEqual([[{ thingKind: 'package', thingId: tools.id }]]);
    });
  });

  describe('the collector', () => {
    const collect = () => harness.rooms.collector.collect(never);

    it('gives up uploads that nobody goes on with for a day', async () => {
      const { uploads } = harness.rooms;
      const id = await harness.announce(bytes);
      await uploads.write(id, 0, parts(bytes.subarray(0, 100)));
      harness.time += DAY - 1;
      await collect();
      await uploads.write(id, 100, parts(bytes.subarray(100, 200)));
      harness.time += DAY - 1;
      await collect();
      expect((await uploads.get(id)).offset).toBe(200);
      harness.time += 2;
      await collect();
      await expect(uploads.get(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UPLOAD_UNKNOWN' });
      expect(onDisk()).toEqual([]);
    });

    it('deletes content a week after the last application or package that had it', async () => {
      const id = await harness.upload(bytes);
      const tools = await harness.package(id);
      harness.time += 30 * DAY;
      await collect();
      await harness.rooms.packages.delete(tools.id, anyVersion);
      harness.time += 7 * DAY;
      await collect();
      expect(onDisk()).toHaveLength(1);
      harness.time += 1;
      await collect();
      expect(onDisk()).toEqual([]);
      await expect(harness.rooms.contents.get(id)).rejects.toMatchObject({ code: 'ESP_CONTENT_UNKNOWN' });
    });

    it('keeps a file while an upload in progress counts on it', async () => {
      await harness.upload(bytes, 'old.pkg');
      harness.time += 7 * DAY + 1;
      const second = await harness.announce(bytes, 'new.pkg');
      await collect();
      expect(await harness.rooms.uploads.get(second)).toMatchObject({ known: true });
      await harness.rooms.uploads.finish(second);
      await collect();
      expect(onDisk()).toHaveLength(1);
    });

    it('sweeps up what crashes left, after a day, and nothing younger', async () => {
      const id = await harness.upload(bytes);
      const stray = `${hashOf(Buffer.from('stray'))}-${randomUUID()}`;
      const folder = join(harness.store, 'objects', stray.slice(0, 2));
      mkdirSync(folder, { recursive: true });
      for (const file of [join(folder, stray), join(harness.store, 'uploads', randomUUID())]) {
        writeFileSync(file, 'left behind');
        utimesSync(file, new Date(0), new Date(0));
      }
      // Files tell their age by the clock of the disk.
      harness.time = Date.now();
      await collect();
      expect(onDisk()).toHaveLength(3);
      harness.time += DAY + 60_000;
      await collect();
      expect(onDisk()).toEqual([`${hashOf(bytes)}-${id}`]);
    });
  });
});
