import { scopeTag } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { AgendaStore } from '../agenda/agenda.store.js';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { ScopeStore, type MemberRow } from './scope.store.js';

const T = 1_000_000;

/** What versions guard stays guarded, and what is summed up for comparing is exact. */
describeOnEachDatabase('the store of scopes', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('keeps members and windows of collections, and forgets what was dropped', async () => {
    const store = new ScopeStore();
    const member = (enrollment_id: string, version: number, is_member = 1): object => ({
      enrollment_id,
      version,
      is_member,
      since: T,
    });
    await db.transaction(async (tx) => {
      const scopes = await store.lock(tx, ['ESP00002', 'ESP00001', 'ESP00002'], T);
      expect([...scopes.keys()].sort()).toEqual(['ESP00001', 'ESP00002']);
      expect(scopes.get('ESP00001')).toMatchObject({ dropped_version: -1, windows_version: -1 });
      const rows = [member('A', 1), member('B', 2), member('C', 5, 0)] as Parameters<
        ScopeStore['saveMembers']
      >[2];
      await store.saveMembers(tx, 'ESP00001', rows);
      await store.saveWindows(tx, 'ESP00001', 7, []);
      expect(await store.memberIdsAfter(tx, 'ESP00001', 'A', 1)).toEqual(['B']);
      expect((await store.members(tx, 'ESP00001', ['A', 'Z'])).get('A')?.version).toBe(1);
    });
    expect(await store.memberships(db, ['A', 'C'])).toEqual([
      { enrollment_id: 'A', collection_id: 'ESP00001', since: T },
    ]);
    expect([...(await store.windowsOf(db, ['ESP00001', 'ESP00002'])).keys()]).toEqual(['ESP00001']);
    expect(await store.unheard(db, ['ESP00002', 'ESP00009'])).toEqual(['ESP00009']);
    expect(await store.countMembers(db, 'ESP00001')).toBe(2);
    await db.transaction((tx) => new AgendaStore(db).touch(tx, ['A', 'B', 'C', 'D'], T));
    expect(await store.unknownMembersAfter(db, '', 9)).toEqual(['A', 'B']);
    expect(await store.unknownMembersAfter(db, 'A', 9)).toEqual(['B']);
    expect(await store.unknownMembersAfter(db, '', 1)).toEqual(['A']);
    await db.transaction((tx) => store.drop(tx, 'ESP00001', 2));
    expect(await store.countMembers(db, 'ESP00001')).toBe(0);
    expect(await store.prune(db, T + 1)).toBe(1);
  });

  it('sums up for each enrolment in which collections it is, as exactly as a number holds', async () => {
    const store = new ScopeStore();
    const collections = ['ESP00001', 'ESP00002', 'ESP00003'];
    const tags = collections.map((id) => ({ id, tag: scopeTag(id) }));
    const [one = 0, two = 0] = tags.map(({ tag }) => tag);
    await db.transaction(async (tx) => {
      await store.lock(tx, collections, T);
      const member = (enrollment_id: string, is_member = 1): MemberRow => ({
        enrollment_id,
        version: 7,
        is_member,
        since: T,
      });
      await store.saveMembers(tx, 'ESP00001', [member('A'), member('B'), member('C', 0)]);
      await store.saveMembers(tx, 'ESP00002', [member('A'), member('B', 0)]);
      await store.saveMembers(tx, 'ESP00009', [member('D')]);
      await store.drop(tx, 'ESP00003', 9);
    });
    expect((await store.collections(db)).sort()).toEqual(collections);
    expect(await store.enrollmentsAfter(db, '', 3)).toEqual(['A', 'B', 'C']);
    expect(await store.enrollmentsAfter(db, 'B', 3)).toEqual(['C', 'D']);
    // One that has no tag counts too: so it shows.
    expect(await store.digests(db, ['A', 'B', 'C', 'D'], tags)).toEqual([
      { id: 'A', digest: one + two },
      { id: 'B', digest: one },
      { id: 'D', digest: 1 },
    ]);
    expect(await store.highestVersion(db, ['A'])).toBe(9);
    expect(await store.highestVersion(db, ['Z'])).toBe(9);
    // 8,192 collections of the largest tag.
    expect((2 ** 40 - 1) * 8_192).toBeLessThan(Number.MAX_SAFE_INTEGER);
    const many = Array.from({ length: 100_000 }, (_, n) =>
      scopeTag(`ESP${n.toString(36).toUpperCase().padStart(5, '0')}`),
    );
    expect(Math.max(...many)).toBeLessThan(2 ** 40);
    expect(new Set(many).size).toBe(many.length);
  });
});
