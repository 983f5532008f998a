import { randomUUID } from 'node:crypto';
import type { Database, Tx } from '@espalier/persistence';
import { fingerprint } from '@espalier/x509';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness, SpecDevice } from './mdm.fixture.js';
import { mdmMigrations } from './migrations/index.js';

/** Two mdm processes on one database, each message handled by whichever gets it. */
describeOnEachDatabase('mdm in two replicas', { migrations: mdmMigrations }, (open, dialect) => {
  // Babelfish stands in for SQL Server where specs run on it, and its locking hints have no effect.
  if (dialect === 'mssql') return;
  let one: MdmHarness;
  let two: MdmHarness;
  let other: Database;
  beforeEach(async () => {
    const db = await open();
    one = new MdmHarness(db);
    two = new MdmHarness(await open({ beside: db }));
    other = await open({ beside: db });
  });

  const subjects = async (subject: string): Promise<Record<string, unknown>[]> =>
    (await one.events()).filter((event) => event.subject === subject).map((event) => event.payload);

  /** Runs `work` while a transaction of another process that did `change` is about to be committed. */
  async function during<T>(change: (tx: Tx) => Promise<unknown>, work: () => Promise<T>): Promise<T> {
    let outcome: Promise<T> | undefined;
    await other.transaction(async (tx) => {
      await change(tx);
      outcome = work();
      outcome.catch(() => undefined);
      await untilItWaits(tx, outcome);
    });
    return outcome as Promise<T>;
  }

  /** Until the work waits for our lock (SQLite lets nobody begin meanwhile), or has not waited at all. */
  async function untilItWaits(tx: Tx, work: Promise<unknown>): Promise<void> {
    if (dialect !== 'postgres') return;
    const over = work.then(
      () => true,
      () => true,
    );
    for (;;) {
      const waiting = await tx.query(
        `SELECT pid FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))`,
      );
      if (waiting.length > 0 || (await Promise.race([over, Promise.resolve(false)]))) return;
    }
  }

  it('tells once that a device is enrolled, however often and wherever its TokenUpdate arrives', async () => {
    const device = new SpecDevice(one);
    await device.authenticate();
    const twin = new SpecDevice(two, device.udid, { certificate: device.certificate });
    const answers = await Promise.all([device, twin, device, twin].map((sender) => sender.tokenUpdate()));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(await subjects('enrollment.enrolled')).toHaveLength(1);
  });

  it('pins a certificate to one device where two show it at once', async () => {
    const clone = new SpecDevice(one);
    const row = { id: randomUUID(), at: Date.now(), print: fingerprint(clone.certificate) };
    const answer = await during(
      (tx) =>
        tx.execute(
          `INSERT INTO {enrollment} (id, kind, device_id, state, fingerprint, authenticated_at)
           VALUES (:id, 'device', :id, 'pending', :print, :at)`,
          row,
        ),
      () => clone.authenticate(),
    );
    expect(answer).toMatchObject({ status: 400, code: 'ESP_MDM_IDENTITY_NOT_PINNED' });
  });

  it('queues nothing for a device that checks out at the same time', async () => {
    const device = await new SpecDevice(one).enroll();
    const submitted = during(
      (tx) => tx.execute(`UPDATE {enrollment} SET state = 'removed' WHERE id = :id`, { id: device.udid }),
      () => one.submit([device]),
    );
    await expect(submitted).rejects.toMatchObject({ code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE' });
    expect(await one.db.query('SELECT id FROM {queued_command}')).toEqual([]);
  });

  it('cancels at Authenticate also what is being submitted just then', async () => {
    const device = await new SpecDevice(one).enroll();
    const [id] = await two.submit([device]);
    const command = { id: id as string };
    await one.db.execute(`UPDATE {queued_command} SET is_open = 0 WHERE id = :id`, command);
    await during(
      async (tx) => {
        const lock = dialect === 'postgres' ? 'FOR SHARE' : '';
        await tx.query(`SELECT id FROM {enrollment} WHERE id = :id ${lock}`, { id: device.udid });
        await tx.execute('UPDATE {queued_command} SET is_open = 1 WHERE id = :id', command);
      },
      () => device.authenticate(),
    );
    expect((await one.rooms.rpc.commands.get(command.id)).command.state).toBe('cancelled');
  });

  it('tells of one end only where a report and a new Authenticate meet', async () => {
    const device = await new SpecDevice(one).enroll();
    const [id] = await one.submit([device]);
    await during(
      (tx) =>
        tx.execute(
          `UPDATE {queued_command} SET state = 'acknowledged', is_open = 0, completed_at = 1 WHERE id = :id`,
          { id: id as string },
        ),
      () => device.authenticate(),
    );
    expect((await one.rooms.rpc.commands.get(id as string)).command.state).toBe('acknowledged');
    expect(await subjects('command.completed')).toEqual([]);
  });

  it('gives a command once where the same request reaches both', async () => {
    const device = await new SpecDevice(one).enroll();
    const request = {
      requestId: randomUUID(),
      enrollmentIds: [device.udid],
      command: { requestType: 'ProfileList', arguments: {}, raw: false },
      priority: 0,
      push: true,
      createdBy: 'spec',
      onInactive: 'refuse' as const,
    };
    const answers = await Promise.all(
      [one, two, one, two].map((replica) => replica.rooms.rpc.commands.submit(request)),
    );
    expect(new Set(answers.map((answer) => answer.commandId)).size).toBe(1);
    expect(await subjects('command.queued')).toHaveLength(1);
  });

  const declarations = (device: SpecDevice, requestId: string, identifier = 'a') => ({
    requestId,
    enrollmentIds: [device.udid],
    declarations: [{ type: 'com.apple.asset.data', identifier, serverToken: identifier, payload: {} }],
    createdBy: 'spec',
    onInactive: 'refuse' as const,
  });

  it('tells a device once of a set that reaches both, and of the newest of two sets', async () => {
    const device = await new SpecDevice(one).enroll();
    const request = declarations(device, randomUUID());
    const answers = await Promise.all(
      [one, two, one, two].map((replica) => replica.rooms.rpc.declarations.set(request)),
    );
    expect(new Set(answers.map((answer) => answer.commands[0]?.id)).size).toBe(1);
    await Promise.all([
      one.rooms.rpc.declarations.set(declarations(device, randomUUID(), 'b')),
      two.rooms.rpc.declarations.set(declarations(device, randomUUID(), 'c')),
    ]);
    expect(await subjects('command.queued')).toHaveLength(1);
    const { declarationsToken } = await one.rooms.rpc.declarations.get(device.udid);
    const { command } = await device.report('Idle');
    const data = command?.command['Data'] as Buffer | undefined;
    expect(data?.toString()).toContain(declarationsToken);
  });

  it('gives no declarations to a device that checks out at the same time', async () => {
    const device = await new SpecDevice(one).enroll();
    const set = during(
      (tx) => tx.execute(`UPDATE {enrollment} SET state = 'removed' WHERE id = :id`, { id: device.udid }),
      () => one.rooms.rpc.declarations.set(declarations(device, randomUUID())),
    );
    await expect(set).rejects.toMatchObject({ code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE' });
    expect(await one.db.query('SELECT * FROM {enrollment_declarations}')).toEqual([]);
  });

  it('asks a device once where both are asked to', async () => {
    const device = await new SpecDevice(one).enroll();
    const kinds = ['profiles' as const];
    const request = { enrollmentIds: [device.udid], kinds, createdBy: 'spec', push: true };
    const answers = await Promise.all(
      [one, two, one, two].map((replica) => replica.rooms.rpc.inventory.request(request)),
    );
    expect(answers.map((answer) => answer.queued).reduce((sum, queued) => sum + queued)).toBe(1);
  });
});
