import type { Database } from '@espalier/persistence';
import type { CollectionService } from './collection.service.js';
import type { CollectionStore } from './collection.store.js';
import type { DefinitionWriter } from './definition.writer.js';
import type { EvaluationLock } from './evaluation-lock.js';
import { refreshTypes } from './collection.rows.js';

/** All devices whose record is active. */
export const ALL_SYSTEMS = 'SMS00001';
export const ALL_USERS = 'SMS00002';

/** As ConfigMgr numbers them. */
const builtIns = [
  { id: ALL_SYSTEMS, kind: 'device', name: 'All Systems', comment: 'All devices.' },
  { id: ALL_USERS, kind: 'user', name: 'All Users', comment: 'All users.' },
  { id: 'SMS00004', kind: 'user', name: 'All Users and User Groups', comment: 'All users and groups.' },
] as const;

const platforms = [
  { name: 'All Macs', platform: 'mac' },
  { name: 'All iPhones', platform: 'iphone' },
  { name: 'All iPads', platform: 'ipad' },
] as const;

const MAKER = 'config-proxy';

export interface BuiltInCollectionsOptions {
  readonly db: Database;
  readonly store: CollectionStore;
  readonly writer: DefinitionWriter;
  readonly lock: EvaluationLock;
  readonly collections: CollectionService;
  readonly now: () => Date;
}

/** Makes the collections that a site begins with, at its first start; any replica does. */
export async function makeBuiltInCollections(options: BuiltInCollectionsOptions): Promise<void> {
  const { db, store, writer, lock, collections } = options;
  if ((await store.find(db, ALL_SYSTEMS)) !== undefined) return;
  await db.transaction(async (tx) => {
    await lock.take(tx);
    if ((await store.find(tx, ALL_SYSTEMS)) !== undefined) return;
    const made = { at: options.now().getTime(), by: MAKER, isBuiltIn: true };
    for (const { id, kind, name, comment } of builtIns)
      await store.insert(
        tx,
        id,
        kind,
        {
          name,
          comment,
          limitingId: null,
          refreshType: refreshTypes.incremental,
          schedule: null,
          dueAt: null,
        },
        made,
      );
    await lock.definitionsChange(tx);
    // Ordinary collections from here on: an admin may change or delete them.
    for (const { name, platform } of platforms)
      await collections.createIn(
        tx,
        {
          kind: 'device',
          name,
          comment: '',
          limitingId: ALL_SYSTEMS,
          refresh: 'incremental',
          schedule: null,
          rules: [
            { kind: 'query', name, query: `select * from SMS_R_System where Platform = "${platform}"` },
          ],
        },
        MAKER,
      );
    await writer.evaluate(tx, null, 'First evaluation of all collections', MAKER);
  });
}
