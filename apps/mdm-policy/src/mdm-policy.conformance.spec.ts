import { randomUUID } from 'node:crypto';
import {
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  scopeTag,
  type DeviceFacts,
  type Enrollment,
  type EventContract,
} from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import { describeOnEachDatabase, expectMssqlDdl } from '@espalier/testing';
import { ActualStateService } from './actual-state/actual-state.service.js';
import { ActualStateStore } from './actual-state/actual-state.store.js';
import { AgendaStore } from './agenda/agenda.store.js';
import { DeploymentStore } from './deployments/deployment.store.js';
import { EnrollmentService, type EnrollmentContract } from './enrollments/enrollment.service.js';
import { EnrollmentStore } from './enrollments/enrollment.store.js';
import { HandoverStore } from './handover/handover.store.js';
import { deploymentOf, profileItem } from './planner/planner.fixture.js';
import type { ManagedItem } from './planner/planner.types.js';
import { AssignmentStore, type AssignmentRow } from './policy-items/assignment.store.js';
import { EarlyCompletionStore } from './policy-items/early-completion.store.js';
import { ManagedItemStore } from './policy-items/managed-item.store.js';
import { NoticeStore } from './rollouts/notice.store.js';
import { ScopeStore, type MemberRow } from './scopes/scope.store.js';
import { mdmPolicyMigrations } from './migrations/index.js';

const T = 1_000_000;

/** Each store on each database: what was written is what is read, and what versions and times guard stays guarded. */
describeOnEachDatabase('the stores of mdm-policy', { migrations: mdmPolicyMigrations }, (open, dialect) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('goes back to nothing with data in it, and forward again', async () => {
    await db.transaction((tx) => new AgendaStore(db).touch(tx, ['A'], T));
    expect(await db.revert(mdmPolicyMigrations.length)).toHaveLength(mdmPolicyMigrations.length);
    await db.migrate();
    expect(await db.query('SELECT enrollment_id FROM {agenda}')).toEqual([]);
  });

  describe('the agenda', () => {
    it('gives what has been due longest first, and never postpones', async () => {
      const agenda = new AgendaStore(db);
      await db.transaction(async (tx) => {
        await agenda.touch(tx, ['B'], T + 1);
        await agenda.touch(tx, ['A'], T);
        await agenda.want(tx, ['C'], T + 2);
        await agenda.remind(tx, ['A', 'B'], T + 50);
        await agenda.remind(tx, ['C'], T - 1);
      });
      const claim = (now: number, limit: number): Promise<string[]> =>
        db.transaction(async (tx) =>
          (await agenda.claim(tx, now, limit)).map((entry) => entry.enrollment_id),
        );
      expect(await claim(T + 10, 10)).toEqual(['C', 'A', 'B']);
      expect(await claim(T + 10, 1)).toEqual(['C']);
      expect(await claim(T - 2, 10)).toEqual([]);
      const [entry] = await db.transaction((tx) => agenda.lock(tx, ['C']));
      expect(entry).toMatchObject({ is_wanted: 1, sequence: 0, evaluated_at: null });
      await db.transaction((tx) =>
        agenda.save(tx, [{ ...(entry as NonNullable<typeof entry>), due_at: null, sequence: T }]),
      );
      expect(await claim(T + 10, 10)).toEqual(['A', 'B']);
      expect(await agenda.countDue(db, T + 10)).toBe(2);
    });

    it('gives an enrolment to one replica only', async () => {
      // Babelfish, where it stands in for SQL Server, ignores the hints; transactions of SQLite are alone.
      if (dialect !== 'postgres') return;
      const [one, other] = [new AgendaStore(db), await open({ beside: db })];
      await db.transaction((tx) => one.touch(tx, ['A', 'B', 'C'], T));
      await db.transaction(async (tx) => {
        expect(await one.claim(tx, T, 2)).toHaveLength(2);
        const left = await other.transaction((beside) => new AgendaStore(other).claim(beside, T, 10));
        expect(left).toHaveLength(1);
      });
    });
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

  it('finds items whose commands wait for long, page by page, and none that is over', async () => {
    const store = new ManagedItemStore();
    const queued = (identifier: string, queuedAt: number): ManagedItem =>
      ({ kind: 'profile', identifier, phase: 'queued', queuedAt }) as ManagedItem;
    const items = new Map([
      ['A', [queued('x', T), queued('y', T), { ...queued('z', T), phase: 'acknowledged' } as ManagedItem]],
      ['B', [queued('x', T + 1), queued('y', T + 9)]],
    ]);
    await db.transaction((tx) => store.replace(tx, new Map(), items));
    const names = (rows: readonly { enrollmentId: string; item: ManagedItem }[]): string[] =>
      rows.map(({ enrollmentId, item }) => `${enrollmentId}${item.identifier}`);
    const first = await store.queuedBefore(db, T + 5, 2, undefined);
    expect(names(first.rows).sort()).toEqual(['Ax', 'Ay']);
    const second = await store.queuedBefore(db, T + 5, 2, first.next);
    expect(second).toMatchObject({ rows: [{ enrollmentId: 'B' }] });
    expect(second.next).toBeUndefined();
    const [x, y] = items.get('A') as [ManagedItem, ManagedItem];
    const over = new Map([['A', [{ ...x, phase: 'acknowledged' } as ManagedItem, y]]]);
    await db.transaction((tx) => store.replace(tx, items, over));
    expect(names((await store.queuedBefore(db, T + 1, 9, undefined)).rows)).toEqual(['Ay']);
  });

  it('gives user channels the platform and the time zone of their device', async () => {
    const store = new EnrollmentStore();
    const row = { state: 'enrolled', state_at: T, epoch_at: T, facts_at: null } as const;
    const nothing = { platform: null, time_zone: null };
    await db.transaction((tx) =>
      store.save(tx, [
        { ...row, id: 'A', kind: 'device', platform: 'mac', time_zone: 'Asia/Tokyo' },
        { ...row, id: 'A:anna', kind: 'user', ...nothing },
        { ...row, id: 'A:zoë', kind: 'user', ...nothing },
        { ...row, id: 'AB:anna', kind: 'user', ...nothing },
      ]),
    );
    const found = await store.loadWithDeviceFacts(db, ['A', 'A:anna', 'AB:anna']);
    expect(found.get('A:anna')).toMatchObject({ platform: 'mac', time_zone: 'Asia/Tokyo' });
    expect(found.get('AB:anna')).toMatchObject(nothing);
    expect(await store.usersOf(db, ['A', 'AC'])).toEqual(['A:anna', 'A:zoë']);
  });

  it('keeps deployments, the deleted ones as a name only', async () => {
    const store = new DeploymentStore();
    const one = deploymentOf([profileItem('a')]);
    await db.transaction((tx) => store.save(tx, one, T));
    expect(await store.ofCollections(db, [one.collectionId, 'ESP00009'])).toEqual([one]);
    expect(await store.names(db, [one.id])).toEqual(new Map([[one.id, one.name]]));
    expect(await store.rollingOut(db)).toHaveLength(1);
    await store.endRollout(db, one.id, one.version);
    expect(await store.rollingOut(db)).toEqual([]);
    await db.transaction((tx) => store.save(tx, { ...one, version: 2, name: 'New' }, T));
    expect((await store.ofCollections(db, [one.collectionId]))[0]?.name).toBe('New');
    await db.transaction((tx) => store.saveDeleted(tx, one.id, 3, one.collectionId, T));
    expect(await store.ofCollections(db, [one.collectionId])).toEqual([]);
    expect((await store.versions(db)).get(one.id)).toMatchObject({ version: 3, is_deleted: 1 });
    expect(await store.prune(db, T + 1)).toBe(1);
  });

  describe('enrolments', () => {
    const at = (n: number): number => T + n;
    const event = <C extends EventContract>(contract: C, payload: object): ReceivedEvent<C> =>
      ({ contract, event: contract.event, payload }) as unknown as ReceivedEvent<C>;
    const enrolled = (n: number, authenticatedAt: number): ReceivedEvent<EnrollmentContract> =>
      event(enrollmentEnrolled, {
        id: 'A',
        at: at(n),
        enrollment: {
          id: 'A',
          kind: 'device',
          state: 'enrolled',
          authenticatedAt: at(authenticatedAt),
          productName: 'iPad13,1',
          model: null,
          modelName: null,
        } as unknown as Enrollment,
      });
    const authenticated = (n: number): ReceivedEvent<EnrollmentContract> =>
      event(enrollmentAuthenticated, { id: 'A', at: at(n), model: 'iPad13,1' });
    const removed = (n: number): ReceivedEvent<EnrollmentContract> =>
      event(enrollmentRemoved, { id: 'A', at: at(n) });

    it('end in the same state in whatever order their events come, and forget what is from before', async () => {
      const history = [authenticated(1), enrolled(2, 1), removed(3), authenticated(4), enrolled(5, 4)];
      const orders = [
        history,
        history.toReversed(),
        [4, 0, 2, 3, 1].map((index) => history[index] as (typeof history)[0]),
      ];
      const outcomes: object[] = [];
      for (const order of orders) {
        const fresh = await open();
        const [agenda, store] = [new AgendaStore(fresh), new EnrollmentStore()];
        const service = new EnrollmentService({ store, agenda, now: () => new Date(T) });
        for (const one of order) await fresh.transaction((tx) => service.handle(tx, [one]));
        outcomes.push((await store.load(fresh, ['A'])).get('A') ?? {});
      }
      expect(outcomes[0]).toMatchObject({
        state: 'enrolled',
        state_at: at(5),
        epoch_at: at(4),
        platform: 'ipad',
      });
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(outcomes[2]).toEqual(outcomes[0]);
    });

    it('keep what a device reported before anybody had heard of it', async () => {
      const store = new EnrollmentStore();
      const service = new EnrollmentService({ store, agenda: new AgendaStore(db), now: () => new Date(T) });
      const facts = { platform: 'mac', timeZone: 'Asia/Tokyo' } as unknown as DeviceFacts;
      await db.transaction((tx) => service.learnFacts(tx, [{ enrollmentId: 'A', at: at(3), facts }]));
      await db.transaction((tx) => service.handle(tx, [enrolled(2, 1)]));
      expect((await store.load(db, ['A'])).get('A')).toEqual({
        id: 'A',
        kind: 'device',
        state: 'enrolled',
        state_at: at(2),
        epoch_at: at(1),
        platform: 'mac',
        time_zone: 'Asia/Tokyo',
        facts_at: at(3),
      });
    });

    it('are enrolled where a report comes while the event of the enrolment is being written', async () => {
      const store = new EnrollmentStore();
      const service = new EnrollmentService({ store, agenda: new AgendaStore(db), now: () => new Date(T) });
      const facts = { platform: 'mac', timeZone: 'Asia/Tokyo' } as unknown as DeviceFacts;
      const [written, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const enrolling = db.transaction(async (tx) => {
        await service.handle(tx, [enrolled(2, 1)]);
        written.resolve();
        await release.promise;
      });
      await written.promise;
      const learning = db.transaction((tx) =>
        service.learnFacts(tx, [{ enrollmentId: 'A', at: at(3), facts }]),
      );
      const isWaiting = async (): Promise<boolean> =>
        (await db.query('SELECT pid FROM pg_locks WHERE NOT granted')).length > 0;
      // Transactions of SQLite are alone anyway, and SQL Server's stand-in has no such view.
      if (db.dialect === 'postgres') while (!(await isWaiting()));
      release.resolve();
      await Promise.all([enrolling, learning]);
      expect((await store.load(db, ['A'])).get('A')).toMatchObject({
        state: 'enrolled',
        state_at: at(2),
        time_zone: 'Asia/Tokyo',
      });
    });

    it('are put right where the event that they enrolled was lost', async () => {
      const [store, scopes] = [new EnrollmentStore(), new ScopeStore()];
      const service = new EnrollmentService({ store, agenda: new AgendaStore(db), now: () => new Date(T) });
      await db.transaction(async (tx) => {
        await service.handle(tx, [authenticated(1)]);
        await scopes.saveMembers(tx, 'ESP00001', [
          { enrollment_id: 'A', version: 1, is_member: 1, since: T },
        ] as Parameters<ScopeStore['saveMembers']>[2]);
      });
      expect(await scopes.unknownMembersAfter(db, '', 9)).toEqual(['A']);
      const told = (enrolled(2, 1).payload as unknown as { enrollment: Enrollment }).enrollment;
      const heal = (): Promise<void> =>
        db.transaction((tx) => service.learn(tx, [{ ...told, enrolledAt: at(2) }]));
      await heal();
      expect((await store.load(db, ['A'])).get('A')).toMatchObject({ state: 'enrolled', state_at: at(2) });
      expect(await scopes.unknownMembersAfter(db, '', 9)).toEqual([]);
      // What happened since stands.
      await db.transaction((tx) => service.handle(tx, [removed(3)]));
      await heal();
      expect((await store.load(db, ['A'])).get('A')).toMatchObject({ state: 'removed' });
      const prune = (before: number): Promise<number> => db.transaction((tx) => store.prune(tx, before));
      expect([await prune(at(3)), await prune(at(4))]).toEqual([0, 1]);
      expect(await db.query('SELECT enrollment_id FROM {agenda}')).toEqual([]);
    });
  });

  it('has user channels looked at when their device moves to another zone, and only then', async () => {
    const [agenda, store] = [new AgendaStore(db), new EnrollmentStore()];
    const service = new EnrollmentService({ store, agenda, now: () => new Date(T) });
    const row = { state: 'enrolled', state_at: T, epoch_at: T, facts_at: null, platform: null } as const;
    const facts = (at: number, timeZone: string): Promise<void> =>
      db.transaction((tx) =>
        service.learnFacts(tx, [
          { enrollmentId: 'A', at, facts: { platform: 'mac', timeZone } as unknown as DeviceFacts },
        ]),
      );
    await db.transaction((tx) =>
      store.save(tx, [
        { ...row, id: 'A', kind: 'device', time_zone: null },
        { ...row, id: 'A:anna', kind: 'user', time_zone: null },
      ]),
    );
    const due = async (): Promise<unknown[]> =>
      db.query(`SELECT due_at FROM {agenda} WHERE enrollment_id = 'A:anna' AND due_at IS NOT NULL`);
    await facts(1, 'Asia/Tokyo');
    expect(await due()).toHaveLength(1);
    await db.execute('UPDATE {agenda} SET due_at = NULL');
    await facts(2, 'Asia/Tokyo');
    expect(await due()).toEqual([]);
    await facts(3, 'Europe/Berlin');
    expect(await due()).toHaveLength(1);
  });

  describe('what devices report', () => {
    const service = (): ActualStateService =>
      new ActualStateService({
        store: new ActualStateStore(),
        enrollments: new EnrollmentStore(),
        agenda: new AgendaStore(db),
        now: () => new Date(T),
      });
    const load = async (): Promise<ReturnType<Awaited<ReturnType<ActualStateStore['load']>>>> =>
      (await new ActualStateStore().load(db, ['A']))('A');
    const run = (work: (tx: Tx) => Promise<void>): Promise<void> => db.transaction(work);

    it('of profiles is replaced by what is newer only', async () => {
      const profile = {
        displayName: null,
        organization: null,
        managed: true,
        payloadTypes: ['com.apple.mdm'],
      };
      const answer = (
        askedAt: number,
        uuid: string,
      ): Parameters<ActualStateService['handleProfiles']>[1][number] => ({
        enrollmentId: 'A',
        at: askedAt + 1,
        askedAt,
        profiles: [{ ...profile, identifier: 'a', uuid }],
      });
      await run((tx) => service().handleProfiles(tx, [answer(20, 'NEW'), answer(10, 'OLD')]));
      await run((tx) => service().handleProfiles(tx, [answer(15, 'OLD')]));
      expect((await load()).profiles).toEqual({
        asOf: 20,
        reportedAt: 21,
        profiles: [{ identifier: 'a', uuid: 'NEW', managed: true, enrolls: true }],
      });
    });

    it('of declarations is merged, a full report replacing all that is older', async () => {
      const status = (identifier: string, serverToken: string): object => ({
        kind: 'configuration',
        identifier,
        serverToken,
        active: true,
        valid: 'valid',
        reasons: [{ code: 'c', description: 'why' }],
      });
      const told = (at: number, full: boolean, ...declarations: object[]): Promise<void> =>
        run((tx) =>
          service().handleDeclarations(tx, [
            { enrollmentId: 'A', at, full, declarations } as Parameters<
              ActualStateService['handleDeclarations']
            >[1][number],
          ]),
        );
      await told(10, true, status('a', '1'), status('b', '1'));
      await told(30, false, status('c', '3'));
      await told(20, false, status('a', '2'));
      await told(15, false, status('a', 'late'));
      const tokens = async (): Promise<object> =>
        Object.fromEntries((await load()).declarations.map((one) => [one.identifier, one.serverToken]));
      expect(await tokens()).toEqual({ a: '2', b: '1', c: '3' });
      await told(25, true, status('a', '4'));
      await told(24, false, status('b', 'late'));
      expect(await tokens()).toEqual({ a: '4', c: '3' });
      expect((await load()).declarationsFullAt).toBe(25);
    });
  });

  it('replaces the items of enrolments: what is new is written, what is gone deleted', async () => {
    const store = new ManagedItemStore();
    const [one, two] = ['a', 'b'].map(
      (identifier) => ({ kind: 'profile', identifier, goal: 'present' }) as ManagedItem,
    );
    await db.transaction((tx) =>
      store.replace(
        tx,
        new Map(),
        new Map([
          ['A', [one as ManagedItem]],
          ['B', [one as ManagedItem]],
        ]),
      ),
    );
    const before = await store.load(db, ['A', 'B']);
    expect(before).toEqual(
      new Map([
        ['A', [one]],
        ['B', [one]],
      ]),
    );
    await db.transaction((tx) =>
      store.replace(
        tx,
        before,
        new Map([
          ['A', [two as ManagedItem]],
          ['B', before.get('B') ?? []],
        ]),
      ),
    );
    expect(await store.load(db, ['A', 'B'])).toEqual(
      new Map([
        ['A', [two]],
        ['B', [one]],
      ]),
    );
  });

  it('counts how a deployment stands', async () => {
    const store = new AssignmentStore();
    const row = (enrollment_id: string, outcome: AssignmentRow['outcome']): AssignmentRow => ({
      enrollment_id,
      deployment_id: 'D',
      targeted_at: T,
      evaluated_at: null,
      outcome,
      told: { 302: 'x' },
    });
    await db.transaction((tx) =>
      store.save(tx, [row('A', 'success'), row('B', 'error'), row('C', 'success')]),
    );
    expect(await store.countOutcomes(db, 'D')).toEqual({ success: 2, error: 1 });
    expect(await store.hasOutcome(db, 'D', 'in-progress')).toBe(false);
    expect(await store.hasOutcome(db, 'D', 'error')).toBe(true);
    await db.transaction((tx) => store.remove(tx, [row('A', 'success'), row('B', 'success')]));
    expect([...(await store.load(db, ['A', 'B', 'C'])).values()]).toEqual([[row('C', 'success')]]);
  });

  it('gives calls to mdm to one replica until its lease is over, commands before questions', async () => {
    const store = new HandoverStore(db);
    const [ask, install] = [randomUUID(), randomUUID()];
    await db.transaction((tx) =>
      store.add(
        tx,
        [
          { id: ask, spec: { type: 'ask', kinds: ['profiles'] }, enrollmentIds: ['A'] },
          { id: install, spec: { type: 'install', ciId: 'c', revision: 1 }, enrollmentIds: ['A', 'B'] },
        ],
        T,
      ),
    );
    expect((await store.claim(T, T + 60, 10)).map((one) => [one.id, one.attempts])).toEqual([
      [install, 1],
      [ask, 1],
    ]);
    expect(await store.claim(T + 59, T + 60, 10)).toEqual([]);
    expect(await store.claim(T + 60, T + 90, 10)).toHaveLength(2);
    await store.postpone(ask, T + 200);
    expect(await store.finish(db, install)).toBe(true);
    expect(await store.finish(db, install)).toBe(false);
    expect(await store.claim(T + 199, T + 300, 10)).toEqual([]);
  });

  it('says a thing once, and keeps what came too early until it is asked for', async () => {
    const [notices, early] = [new NoticeStore(), new EarlyCompletionStore()];
    expect(await db.transaction((tx) => notices.claim(tx, 'x', T))).toBe(true);
    expect(await db.transaction((tx) => notices.claim(tx, 'x', T))).toBe(false);
    const completion = {
      state: 'acknowledged' as const,
      at: T,
      pushedAt: null,
      fetchedAt: null,
      error: null,
    };
    await db.transaction((tx) => early.keep(tx, new Map([['c', completion]]), T));
    expect(await db.transaction((tx) => early.take(tx, ['c', 'd']))).toEqual(new Map([['c', completion]]));
    expect(await db.transaction((tx) => early.take(tx, ['c']))).toEqual(new Map());
  });
});

describe('the tables of mdm-policy on SQL Server', () => {
  it('are made and dropped by these statements', async () => {
    await expectMssqlDdl(mdmPolicyMigrations, {
      spec: import.meta.url,
      file: 'mdm-policy.mssql.sql',
      schema: 'mdm_policy',
    });
  });
});
