import {
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  type DeviceFacts,
  type Enrollment,
  type EventContract,
} from '@espalier/contracts';
import type { ReceivedEvent } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { AgendaStore } from '../agenda/agenda.store.js';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { ScopeStore } from '../scopes/scope.store.js';
import { EnrollmentService, type EnrollmentContract } from './enrollment.service.js';
import { EnrollmentStore } from './enrollment.store.js';

const T = 1_000_000;

/** What is known of enrolments comes out the same in whatever order events and reports come. */
describeOnEachDatabase('what is known of enrolments', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
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
        const service = new EnrollmentService({ db: fresh, store, agenda, now: () => new Date(T) });
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
      const service = new EnrollmentService({
        db,
        store,
        agenda: new AgendaStore(db),
        now: () => new Date(T),
      });
      const facts = { platform: 'mac', timeZone: 'Asia/Tokyo' } as unknown as DeviceFacts;
      await service.learnFacts([{ enrollmentId: 'A', at: at(3), facts }]);
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
      const service = new EnrollmentService({
        db,
        store,
        agenda: new AgendaStore(db),
        now: () => new Date(T),
      });
      const facts = { platform: 'mac', timeZone: 'Asia/Tokyo' } as unknown as DeviceFacts;
      const [written, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const enrolling = db.transaction(async (tx) => {
        await service.handle(tx, [enrolled(2, 1)]);
        written.resolve();
        await release.promise;
      });
      await written.promise;
      const learning = service.learnFacts([{ enrollmentId: 'A', at: at(3), facts }]);
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
      const service = new EnrollmentService({
        db,
        store,
        agenda: new AgendaStore(db),
        now: () => new Date(T),
      });
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
    const service = new EnrollmentService({ db, store, agenda, now: () => new Date(T) });
    const row = { state: 'enrolled', state_at: T, epoch_at: T, facts_at: null, platform: null } as const;
    const facts = (at: number, timeZone: string): Promise<boolean> =>
      service.learnFacts([
        { enrollmentId: 'A', at, facts: { platform: 'mac', timeZone } as unknown as DeviceFacts },
      ]);
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
});
