import { randomUUID } from 'node:crypto';
import { describeOnEachDatabase } from '@espalier/testing';
import { MdmHarness } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Links that are made, used, listed and revoked, on two replicas. */
describeOnEachDatabase('enrolment links', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  let replica: MdmHarness;
  beforeEach(async () => {
    const db = await open();
    harness = new MdmHarness(db);
    replica = new MdmHarness(await open({ beside: db }));
    replica.now = harness.now;
  });

  const made = async (maxUses = 1, expiresInSeconds = 3_600, createdBy = 'anna') => {
    const { id, url } = await harness.rooms.rpc.links.create({
      maxUses,
      expiresInSeconds,
      signed: false,
      createdBy,
    });
    return { id, path: new URL(url).pathname };
  };
  const pass = (ms: number): void => {
    for (const one of [harness, replica]) one.now = new Date(one.now.getTime() + ms);
  };
  const revoke = (id: string, revokedBy = 'bert') => replica.rooms.rpc.links.revoke({ id, revokedBy });
  const list = async (query: { filter?: string; orderBy?: string } = {}) =>
    (await replica.rooms.rpc.links.list({ limit: 100, ...query })).items;
  const ids = async (query: Parameters<typeof list>[0]): Promise<string[]> =>
    (await list(query)).map(({ id }) => id);

  it('are listed newest first with how they stand, and never with what opens them', async () => {
    const expired = await made(1, 60);
    pass(2 * MINUTE);
    const used = await made(1);
    pass(1);
    const revoked = await made(1);
    pass(1);
    const usable = await made(3, 3_600, 'cora');
    for (const { path } of [used, usable])
      expect(await harness.send('GET', path)).toMatchObject({ status: 200 });
    await revoke(revoked.id);
    const items = await list();
    expect(items.map(({ id, state, uses }) => [id, state, uses])).toEqual([
      [usable.id, 'usable', 1],
      [revoked.id, 'revoked', 0],
      [used.id, 'used-up', 1],
      [expired.id, 'expired', 0],
    ]);
    expect(items[1]).toMatchObject({ createdBy: 'anna', revokedBy: 'bert', signed: false });
    expect(await replica.rooms.rpc.links.get(usable.id)).toEqual(items[0]);
    for (const { path } of [expired, used, revoked, usable])
      expect(JSON.stringify(items)).not.toContain(path.split('/').at(-1));
    expect(await ids({ filter: "state eq 'Revoked' or state eq 'expired'", orderBy: 'expiresAt' })).toEqual([
      expired.id,
      revoked.id,
    ]);
    expect(await ids({ filter: "createdBy eq 'cora' and uses gt 0 and signed eq false" })).toEqual([
      usable.id,
    ]);
    const first = await replica.rooms.rpc.links.list({ limit: 3, orderBy: 'state' });
    const rest = await harness.rooms.rpc.links.list({
      limit: 3,
      orderBy: 'state',
      cursor: first.nextCursor,
    });
    expect([...first.items, ...rest.items].map(({ state }) => state)).toEqual([
      'expired',
      'revoked',
      'usable',
      'used-up',
    ]);
    await expect(list({ filter: "token eq 'x'" })).rejects.toMatchObject({ code: 'ESP_SITE_FILTER_INVALID' });
  });

  it('hand out nothing once they are revoked; the first who did that is who did it', async () => {
    const { id, path } = await made(5);
    expect(await replica.send('GET', path)).toMatchObject({ status: 200 });
    const at = harness.now.getTime();
    expect(await revoke(id)).toMatchObject({ state: 'revoked', uses: 1, revokedAt: at, revokedBy: 'bert' });
    pass(MINUTE);
    expect(await revoke(id, 'cora')).toMatchObject({ revokedAt: at, revokedBy: 'bert' });
    for (const one of [harness, replica])
      expect(await one.send('GET', path)).toMatchObject({ status: 410, code: 'ESP_MDM_LINK_REVOKED' });
    expect(await replica.rooms.rpc.links.get(id)).toMatchObject({ uses: 1 });
    const nobody = randomUUID();
    const unknown = { code: 'ESP_MDM_ENROLLMENT_LINK_UNKNOWN', detail: nobody };
    await expect(revoke(nobody)).rejects.toMatchObject(unknown);
    await expect(harness.rooms.rpc.links.get(nobody)).rejects.toMatchObject(unknown);
  });

  it('leave no challenge behind that somebody got while they were being revoked', async () => {
    const { id, path } = await made(100);
    const other = await made();
    await harness.send('GET', other.path);
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? harness : replica).send('GET', path)),
      revoke(id),
      ...Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? harness : replica).send('GET', path)),
    ]);
    const got = answers.filter((answer) => 'status' in answer && answer.status === 200);
    expect(await harness.rooms.rpc.links.get(id)).toMatchObject({ state: 'revoked', uses: got.length });
    const left = await harness.db.query<{ link_id: string }>('SELECT link_id FROM {scep_challenge}');
    expect(left).toEqual([{ link_id: other.id }]);
  });

  it('are forgotten a month after they expired, revoked or not', async () => {
    const [revoked, plain] = [await made(), await made()];
    await revoke(revoked.id);
    pass(30 * DAY);
    await harness.rooms.retention.run();
    expect((await ids({ orderBy: 'id' })).toSorted()).toEqual([revoked.id, plain.id].toSorted());
    pass(2 * 3_600_000);
    await harness.rooms.retention.run();
    expect(await list()).toEqual([]);
  });
});
