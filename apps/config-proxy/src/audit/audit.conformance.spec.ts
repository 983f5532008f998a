import type { AuditRecord } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { describeOnEachDatabase, isBabelfish } from '@espalier/testing';
import { auditMigrations, auditSite, entry, jane, newVault } from './audit.fixture.js';
import { GENESIS_HASH, hashRecord } from './audit.canonical.js';
import type { AuditEntry } from './audit.entry.js';
import type { AuditRooms } from './audit.rooms.js';

/** One suite for every database: the log that nothing is done without. */
describeOnEachDatabase('the audit log', { migrations: auditMigrations }, (open) => {
  let db: Database;
  let vault: Keyring;
  let rooms: AuditRooms;
  let time = 0;

  beforeEach(async () => {
    db = await open();
    vault = newVault();
    time = 1_700_000_000_000;
    ({ rooms } = auditSite(db, { vault, now: () => new Date(time) }));
  });
  afterEach(() => rooms.stop());

  const record = (...entries: readonly AuditEntry[]): Promise<void> =>
    db.transaction((tx) => rooms.audit.record(tx, ...entries));
  const all = async (request: object = {}): Promise<AuditRecord[]> =>
    (await rooms.reader.list({ limit: 500, ...request })).rows;
  const sequences = async (request: object): Promise<number[]> =>
    (await all(request)).map(({ sequence }) => sequence);

  it('keeps all that an entry says, chained by hashes that anybody can compute again', async () => {
    await record(
      entry({
        targets: [{ type: 'device', id: '16777219', name: 'Jäne’s Mac \u{1F4BB}' }],
        approvalId: 'a-1',
        details: { status: 204, reason: 'lost "it"\n' },
      }),
    );
    await record(entry({ actor: null, credentialId: undefined, targets: [], errorCode: 'ESP_X' }));
    const [second, first] = await all();
    expect(first).toEqual({
      sequence: 1,
      at: time,
      action: 'deleteDevice',
      outcome: 'succeeded',
      actor: jane,
      credentialId: 'oidc:jane',
      address: '192.0.2.7',
      targets: [{ type: 'device', id: '16777219', name: 'Jäne’s Mac \u{1F4BB}' }],
      requestId: 'request-1',
      approvalId: 'a-1',
      errorCode: null,
      details: { status: 204, reason: 'lost "it"\n' },
      prevHash: GENESIS_HASH,
      hash: expect.any(String),
    });
    expect(second).toMatchObject({ sequence: 2, actor: null, errorCode: 'ESP_X', prevHash: first?.hash });
    for (const item of [first, second]) expect(hashRecord(item as AuditRecord)).toBe(item?.hash);
    expect(await rooms.reader.get(2)).toEqual(second);
    await expect(rooms.reader.get(3)).rejects.toMatchObject({ code: 'ESP_AUDIT_RECORD_UNKNOWN' });
  });

  it('is whole as long as nothing is in it, too', async () => {
    expect(await rooms.verifier.verify()).toEqual({ checked: 0, through: 0, findings: [] });
    await rooms.sign();
    expect(await rooms.verifier.verify()).toEqual({ checked: 0, through: 0, findings: [] });
    expect((await rooms.reader.checkpoints(10)).rows).toEqual([]);
  });

  it('takes nothing into details that the action is not allowed to say, and nothing too long', async () => {
    const canary = { payload: 'canary', from: 'x', reason: 'y'.repeat(2_000), count: Number.NaN };
    await record(entry({ details: canary, requestId: `a\0b${'c'.repeat(100)}`, address: '\ud800' }));
    const [item] = await all();
    expect(item?.details).toEqual({ reason: 'y'.repeat(500), count: null });
    expect(item?.requestId).toHaveLength(64);
    expect(item?.requestId.startsWith('abc')).toBe(true);
    expect(item?.address).toBe('\ufffd');
    expect((await rooms.verifier.verify()).findings).toEqual([]);
  });

  it('is one chain without gaps, also from two replicas that write at once and where transactions fail', async () => {
    if (await isBabelfish(db)) return; // ignores UPDLOCK: both read the same head, and the second one fails
    const other = await open({ beside: db });
    const replica = auditSite(other, { vault }).rooms;
    const failing = (tx: Tx): Promise<void> =>
      rooms.audit.record(tx, entry({ action: 'never' })).then(() => {
        throw new Error('it did not happen');
      });
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => {
        if (n % 10 === 3) return db.transaction(failing);
        if (n % 3 === 0) return record(entry({ requestId: `a${n}` }), entry({ requestId: `b${n}` }));
        return (n % 2 === 0 ? rooms : replica).audit.recordAlone(entry({ requestId: `c${n}` }));
      }),
    );
    const failed = results.filter(({ status }) => status === 'rejected').length;
    expect(failed).toBe(3);
    const found = await all({ orderBy: 'sequence' });
    expect(found.map(({ sequence }) => sequence)).toEqual(found.map((_, index) => index + 1));
    expect(found.some(({ action }) => action === 'never')).toBe(false);
    expect((await rooms.verifier.verify()).findings).toEqual([]);
    expect((await rooms.reader.keys()).length).toBe(1);
    await replica.stop();
  });

  it('says so where it cannot be written', async () => {
    await db.execute('UPDATE {audit_head} SET id = 2');
    await expect(rooms.audit.recordAlone(entry())).rejects.toMatchObject({
      code: 'ESP_AUDIT_UNAVAILABLE',
      status: 503,
    });
    await db.execute('UPDATE {audit_head} SET id = 1');
    await rooms.audit.recordAlone(entry());
    expect(await sequences({})).toEqual([1]);
  });

  it('writes nothing with a keyring that is not its own', async () => {
    await record(entry());
    const foreign = auditSite(db, { vault: newVault() }).rooms;
    await expect(foreign.audit.recordAlone(entry())).rejects.toMatchObject({ code: 'ESP_AUDIT_UNAVAILABLE' });
    expect(await sequences({})).toEqual([1]);
    await foreign.stop();
  });

  it('lists by filter, by who and by what, newest first and by pages', async () => {
    for (let n = 1; n <= 6; n += 1) {
      time += 1_000;
      await record(
        entry({
          actor: n % 2 === 0 ? { ...jane, id: 'joe' } : jane,
          outcome: n === 6 ? 'refused' : 'succeeded',
          targets: [
            { type: 'device', id: String(n) },
            { type: 'device', id: String(n) },
            { type: 'collection', id: '1' },
          ],
        }),
      );
    }
    expect(await sequences({ actorId: 'joe' })).toEqual([6, 4, 2]);
    expect(await sequences({ actorId: 'joe', filter: "outcome eq 'refused'" })).toEqual([6]);
    expect(await sequences({ target: { type: 'device', id: '3' } })).toEqual([3]);
    expect(await sequences({ target: { type: 'collection', id: '1' }, orderBy: 'sequence' })).toHaveLength(6);
    expect(await sequences({ filter: `at gt '${new Date(time - 1_500).toISOString()}'` })).toEqual([6, 5]);
    const page = await rooms.reader.list({ limit: 4 });
    expect(await sequences({ limit: 4, cursor: page.next })).toEqual([2, 1]);
    await expect(all({ filter: 'details eq 1' })).rejects.toMatchObject({ code: 'ESP_SITE_FILTER_INVALID' });
  });

  it('is signed every so many records, and after a while where nothing comes', async () => {
    const { rooms: signing } = auditSite(db, {
      vault,
      now: () => new Date(time),
      checkpointRecords: 3,
      checkpointMs: 60_000,
    });
    const signed = async (): Promise<number[]> =>
      (await signing.reader.checkpoints(100)).rows.map(({ sequence }) => sequence);
    const append = (count: number): Promise<void> =>
      db.transaction((tx) => signing.audit.record(tx, ...Array.from({ length: count }, () => entry())));
    await append(1);
    await append(2);
    expect(await signed()).toEqual([1]);
    await append(1);
    expect(await signed()).toEqual([4, 1]);
    await append(1);
    await signing.sign();
    expect(await signed()).toEqual([4, 1]);
    time += 60_000;
    await signing.sign();
    await signing.sign();
    expect(await signed()).toEqual([5, 4, 1]);
    expect(await signing.verifier.verify()).toEqual({ checked: 5, through: 5, findings: [] });
    await signing.stop();
  });

  it('lets go of what is old, up to a checkpoint, and what is left can be verified still', async () => {
    const { rooms: small } = auditSite(db, { vault, now: () => new Date(time), checkpointRecords: 10 });
    const append = (): Promise<void> => db.transaction((tx) => small.audit.record(tx, entry()));
    for (let n = 0; n < 35; n += 1) {
      time += 1_000;
      await append();
    }
    // Signed at 1, 11, 21, 31: 31 is too young.
    const before = time - 5_000;
    expect(await small.audit.prune(before, 5)).toBe(1);
    expect(await small.audit.prune(before, 5)).toBe(10);
    expect(await small.audit.prune(before, 5)).toBe(10);
    expect(await small.audit.prune(before, 5)).toBe(0);
    const left = await sequences({ orderBy: 'sequence' });
    expect(left[0]).toBe(22);
    const [prune] = await all({ filter: "action eq 'audit.prune'" });
    expect(prune).toMatchObject({ actor: { type: 'service' }, details: { through: 21, count: 10 } });
    expect(await small.verifier.verify()).toEqual({ checked: 17, through: 38, findings: [] });
    expect(await small.verifier.verify(30)).toMatchObject({ checked: 9, findings: [] });
    expect(await small.verifier.verify(5)).toMatchObject({ checked: 17, findings: [] });
    expect((await small.reader.checkpoints(10)).rows).toHaveLength(4);
    expect(await sequences({ target: { type: 'device', id: '16777219' }, orderBy: 'sequence' })).toEqual(
      left.slice(0, 14),
    );
    await small.stop();
  });
});
