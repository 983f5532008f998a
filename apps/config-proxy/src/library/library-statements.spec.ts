import { expectMssqlStatements } from '@espalier/testing';
import type { Queryable, Tx } from '@espalier/persistence';
import { BlobStore } from '../content/blob.store.js';
import { ContentStore } from '../content/content.store.js';
import { UploadStore } from '../content/upload.store.js';
import { MemberStore } from './member.store.js';
import { RevisionStore } from './revision.store.js';
import { ThingStore } from './thing.store.js';
import { noFacts, type Thing } from './thing.js';

const thing: Thing = {
  id: 'thing',
  kind: 'configuration-item',
  madeOf: 'profile',
  number: 1,
  name: 'Lock',
  description: '',
  identifier: 'com.example.lock',
  scope: 'system',
  platforms: ['mac', 'ipad'],
  publisher: '',
  softwareVersion: '',
  memberCount: 0,
  categories: [],
  revision: 1,
  version: 1,
  createdAt: 1,
  createdBy: 'spec',
  changedAt: 1,
  changedBy: 'spec',
};
const file = { name: 'x', fileName: 'x.pkg', size: 1, sha256: 'ab', createdAt: 1, createdBy: 'spec' };

describe('the library on SQL Server', () => {
  it('sends the statements that the golden file shows', async () => {
    await expectMssqlStatements(
      async (on: Queryable) => {
        // Only a transaction may write; the recorder stands for one.
        const tx = on as Tx;
        const things = new ThingStore();
        await things.insert(tx, thing);
        await things.update(tx, thing);
        await things.find(tx, { thingKind: 'package', thingId: 'a' }, 'update');
        await things.findItems(tx, ['b', 'a'], 'share');
        await things.list(tx, 'application', { limit: 2, filter: "publisher eq 'x'", orderBy: 'name desc' });
        const revisions = new RevisionStore();
        const { createdAt, createdBy, platforms } = thing;
        const revision = { thingId: 'thing', revision: 1, platforms, createdAt, createdBy };
        const content = { size: 1, sha256: 'ab', deployedVersion: 'cd', facts: noFacts, note: '' };
        await revisions.insert(tx, { ...revision, ...content }, 'sealed');
        await revisions.find(tx, 'thing', 1);
        await revisions.list(tx, 'thing', { limit: 2 });
        await revisions.findShowing(tx, 'thing', content);
        await revisions.readContent(tx, 'thing', 1);
        const members = new MemberStore();
        await members.insert(tx, 'baseline', 1, [{ ciId: 'a', revision: null, name: 'A', identifier: 'a' }]);
        await members.list(tx, 'baseline', [1, 2]);
        await members.baselinesWith(tx, 'a');
        for (const store of [members, revisions, things]) await store.delete(tx, 'thing');
      },
      { spec: import.meta.url, file: 'library-statements.mssql.sql', schema: 'config_proxy' },
    );
  });

  it('sends the statements about content that the golden file shows', async () => {
    await expectMssqlStatements(
      async (on: Queryable) => {
        const tx = on as Tx;
        const contents = new ContentStore();
        await contents.insert(tx, { id: 'a', ...file });
        await contents.find(tx, 'a');
        await contents.list(tx, { limit: 2, filter: 'distributed eq 1' });
        await contents.lock(tx, ['b', 'a'], 'update');
        await contents.insertReferences(tx, { thingId: 'thing', revision: 1 }, ['a']);
        await contents.deleteReferences(tx, 'thing', 2);
        await contents.thingsWith(tx, 'a');
        await contents.delete(tx, 'a');
        await contents.listUnused(tx, 3, 2);
        await contents.deleteUnused(tx, 'a', 3);
        const blobs = new BlobStore();
        await blobs.findDistributed(tx, 'ab', 'x.pkg');
        await blobs.find(tx, 'ab', 'share');
        await blobs.insert(tx, { sha256: 'ab', size: 1, file: 'ab-1', createdAt: 1 });
        await blobs.storedBytes(tx);
        await blobs.listForsaken(tx, 2);
        await blobs.deleteForsaken(tx, 'ab');
        await blobs.knownFiles(tx, ['ab-1']);
        const uploads = new UploadStore();
        await uploads.insert(tx, { id: 'u', ...file, touchedAt: 1 });
        await uploads.find(tx, 'u');
        await uploads.list(tx, 2, undefined);
        await uploads.lease(tx, 'u', 'replica', 1, 2);
        await uploads.release(tx, 'u', 'replica', 2);
        await uploads.delete(tx, 'u');
        await uploads.announcedBytes(tx);
        await uploads.listAbandoned(tx, 3, 2);
        await uploads.deleteAbandoned(tx, 'u', 3);
        await uploads.known(tx, ['u']);
      },
      { spec: import.meta.url, file: 'content-statements.mssql.sql', schema: 'config_proxy' },
    );
  });
});
