import type { Database, Tx } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { AgendaStore } from '../agenda/agenda.store.js';
import { EnrollmentStore } from '../enrollments/enrollment.store.js';
import { mdmPolicyMigrations } from '../migrations/index.js';
import { ActualStateService } from './actual-state.service.js';
import { ActualStateStore } from './actual-state.store.js';

const T = 1_000_000;

/** What is newer stays, in whatever order reports come. */
describeOnEachDatabase('what devices report', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

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
