import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { AuditRecord } from '@espalier/contracts';
import type { Database, SqlParams } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { describeOnEachDatabase } from '@espalier/testing';
import { auditMigrations, auditSite, entry, newVault, type AuditSite } from './audit.fixture.js';
import { checkpointText, hashRecord } from './audit.canonical.js';
import { AuditSigner } from './audit-signer.js';
import { AuditVerifier } from './audit.verifier.js';
import { AuditCheckpointStore } from './audit-checkpoint.store.js';
import { AuditHeadStore } from './audit-head.store.js';
import { AuditKeyStore } from './audit-key.store.js';
import { AuditStore } from './audit.store.js';

/** What somebody with the database, but without the keyring, can do to the log: each is found, and where. */
describeOnEachDatabase('an audit log that was tampered with', { migrations: auditMigrations }, (open) => {
  let db: Database;
  let vault: Keyring;
  let site: AuditSite;

  beforeEach(async () => {
    db = await open();
    vault = newVault();
    site = auditSite(db, { vault, checkpointRecords: 10 });
    // Signed at 1, 11, 21; two come after.
    for (let n = 1; n <= 23; n += 1) await append(n);
  });
  afterEach(() => site.rooms.stop());

  const append = (n: number): Promise<void> =>
    db.transaction((tx) => site.rooms.audit.record(tx, entry({ requestId: `request-${n}` })));
  /** By steps of a few records, and by one: they must say the same. */
  async function findings(from?: number): Promise<readonly { sequence: number; text: string }[]> {
    const whole = (await site.rooms.verifier.verify(from)).findings;
    const stores = {
      db,
      records: new AuditStore(db),
      head: new AuditHeadStore(),
      checkpoints: new AuditCheckpointStore(),
      keys: new AuditKeyStore(vault),
    };
    expect((await new AuditVerifier({ ...stores, atOnce: 3 }).verify(from)).findings).toEqual(whole);
    return whole;
  }
  const first = async (from?: number): Promise<{ sequence: number; text: string } | undefined> =>
    (await findings(from))[0];
  const sql = (text: string, params?: SqlParams): Promise<number> => db.execute(text, params);
  /** Changes a record and computes all hashes behind it anew, the head's too: all that needs no key. */
  async function rewriteFrom(sequence: number, change: Partial<AuditRecord>): Promise<void> {
    const store = new AuditStore(db);
    const records = await store.read(db, sequence, 1_000, 1_000);
    let prevHash = records[0]?.prevHash ?? '';
    for (const [index, { hash: _old, ...fields }] of records.entries()) {
      const changed = { ...fields, ...(index === 0 && change), prevHash };
      const hash = hashRecord(changed);
      await sql(
        'UPDATE {audit_record} SET request_id = :requestId, prev_hash = :prevHash, hash = :hash WHERE sequence = :sequence',
        { requestId: changed.requestId, prevHash, hash, sequence: fields.sequence },
      );
      prevHash = hash;
    }
    await sql('UPDATE {audit_head} SET hash = :hash', { hash: prevHash });
  }

  it('is whole before', async () => {
    expect(await findings()).toEqual([]);
    expect(await findings(12)).toEqual([]);
  });

  it.each([
    ['action', "'readDevice'"],
    ['outcome', "'refused'"],
    ['at', 'at + 1'],
    ['actor_type', 'NULL'],
    ['actor_id', "'joe'"],
    ['actor_name', "'Joe'"],
    ['actor_ip', 'NULL'],
    ['actor_auth', "''"],
    ['credential_id', 'NULL'],
    ['address', "'192.0.2.8'"],
    ['request_id', "'request-8'"],
    ['approval_id', "'a'"],
    ['error_code', "'E'"],
    ['targets', "'[]'"],
    ['targets', "'[{}'"],
    ['details', `'{"reason":"x"}'`],
    ['details', "'{ }'"],
    ['hash', 'prev_hash'],
  ])('has a changed field: %s = %s', async (column, value) => {
    await sql(`UPDATE {audit_record} SET ${column} = ${value} WHERE sequence = 7`);
    expect(await first()).toMatchObject({
      sequence: 7,
      text: expect.stringContaining('not what was written'),
    });
    // A changed record can be looked at all the same.
    expect(await site.rooms.reader.get(7)).toMatchObject({ sequence: 7 });
  });

  it('lacks a record', async () => {
    await sql('DELETE FROM {audit_record} WHERE sequence = 7');
    expect(await findings()).toEqual([{ sequence: 7, text: 'Record 7 is missing.' }]);
    expect(await findings(8)).toEqual([]);
  });

  it('lacks all records up to a checkpoint, as if retention had deleted them', async () => {
    await sql('DELETE FROM {audit_record} WHERE sequence <= 11');
    expect(await findings()).toEqual([{ sequence: 1, text: 'Records 1 to 11 are missing.' }]);
  });

  it('lacks records between two checkpoints', async () => {
    await sql('DELETE FROM {audit_record} WHERE sequence > 11 AND sequence <= 21');
    expect(await findings()).toEqual([{ sequence: 12, text: 'Records 12 to 21 are missing.' }]);
  });

  it('has records in another order', async () => {
    for (const [from, to] of [
      [7, 900],
      [8, 7],
      [900, 8],
    ])
      await sql('UPDATE {audit_record} SET sequence = :to WHERE sequence = :from', {
        from: from as number,
        to: to as number,
      });
    expect((await findings()).map(({ sequence }) => sequence)).toEqual([7, 7, 8, 8, 9]);
  });

  it('has lost its end since the last checkpoint', async () => {
    await sql('DELETE FROM {audit_record} WHERE sequence > 21');
    expect(await first()).toEqual({ sequence: 22, text: 'Records 22 to 23 are missing.' });
  });

  it('has lost its end, and the head says that there was none', async () => {
    await sql('DELETE FROM {audit_record} WHERE sequence > 21');
    await sql('DELETE FROM {audit_target} WHERE sequence > 21');
    await sql(
      'UPDATE {audit_head} SET sequence = 21, hash = (SELECT hash FROM {audit_record} WHERE sequence = 21)',
    );
    expect(await first()).toEqual({ sequence: 22, text: 'The head of the log was changed from outside.' });
    // Whatever is recorded then does not cover it up.
    await append(24);
    expect(await first()).toMatchObject({ sequence: 22, text: expect.stringContaining('Before record 22') });
  });

  it('has lost its end together with the last checkpoint', async () => {
    await sql('DELETE FROM {audit_record} WHERE sequence > 20');
    await sql('DELETE FROM {audit_checkpoint} WHERE sequence = 21');
    await sql(`UPDATE {audit_head} SET sequence = 20, checkpoint_sequence = 11,
      hash = (SELECT hash FROM {audit_record} WHERE sequence = 20)`);
    expect(await first()).toMatchObject({ sequence: 12 });
  });

  it('was computed anew behind a changed record before a checkpoint', async () => {
    await rewriteFrom(15, { requestId: 'forged' });
    const [found] = await findings();
    expect(found).toEqual({
      sequence: 12,
      text: 'The records up to 21 are not those that the checkpoint there was made for.',
    });
  });

  it('was computed anew behind a changed record since the last checkpoint', async () => {
    await rewriteFrom(22, { requestId: 'forged' });
    expect(await findings()).toEqual([
      { sequence: 22, text: 'The head of the log was changed from outside.' },
    ]);
  });

  it('has a checkpoint that was forged with another key', async () => {
    await rewriteFrom(15, { requestId: 'forged' });
    const { privateKey } = generateKeyPairSync('ed25519');
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    const forger = new AuditSigner(der);
    const [last] = (await site.rooms.reader.checkpoints(1)).rows;
    const record = await site.rooms.reader.get(21);
    for (const keyId of [last?.keyId ?? '', forger.id]) {
      const claim = { sequence: 21, hash: record.hash, at: last?.at ?? 0, previous: 11, keyId };
      const signature = sign(
        null,
        Buffer.from(checkpointText(claim)),
        createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      );
      await sql(
        'UPDATE {audit_checkpoint} SET hash = :hash, key_id = :keyId, signature = :signature WHERE sequence = 21',
        { hash: claim.hash, keyId, signature: signature.toString('base64') },
      );
      expect((await findings()).map(({ text }) => text)).toContain(
        'The checkpoint at 21 is forged: its signature is not ours.',
      );
    }
    // A key of one's own cannot be put beside ours.
    await sql('INSERT INTO {audit_key} (id, created_at, private_key) VALUES (:id, 1, :key)', {
      id: forger.id,
      key: Buffer.from(der).toString('base64'),
    });
    expect((await findings()).map(({ text }) => text)).toContain(
      'The checkpoint at 21 is forged: its signature is not ours.',
    );
    expect((await site.rooms.reader.keys()).map(({ id }) => id)).toEqual([last?.keyId]);
    await append(24);
  });

  it('has a checkpoint that was moved, changed or removed', async () => {
    await sql('UPDATE {audit_checkpoint} SET at = at + 1 WHERE sequence = 11');
    expect((await findings()).map(({ sequence }) => sequence)).toEqual([2, 11]);
    await sql('DELETE FROM {audit_checkpoint} WHERE sequence = 11');
    expect(await findings()).toEqual([{ sequence: 2, text: 'Checkpoints between 1 and 21 are missing.' }]);
  });

  it('has records that were added behind its end', async () => {
    await sql(`INSERT INTO {audit_record} (sequence, at, action, outcome, address, request_id, targets, details,
      prev_hash, hash) VALUES (24, 1, 'x', 'begun', '', '', '[]', '{}', '', '')`);
    expect(await findings()).toEqual([{ sequence: 24, text: 'Records after 23 were added from outside.' }]);
  });

  it('is verified as a job, which names the first record that cannot be relied on, and tells admins', async () => {
    await sql(`UPDATE {audit_record} SET actor_id = 'joe' WHERE sequence IN (7, 16)`);
    const run = async (params: { from?: number }): Promise<Awaited<ReturnType<typeof site.jobs.get>>> => {
      const by = { callerId: 'jane', key: undefined, title: 'Jane' };
      const { id } = await site.rooms.reader.verify(params, by);
      for (;;) {
        const job = await site.jobs.get(id);
        if (job.finishedAt !== null) return job;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    site.runner.start();
    const job = await run({});
    expect(job).toMatchObject({ state: 'succeeded', done: 23, total: 23, failed: 2 });
    expect(job.messages).toEqual([
      expect.stringContaining('Record 7 is not what was written'),
      expect.stringContaining('Record 16 is not what was written'),
      'The first record that cannot be relied on: 7.',
    ]);
    const { rows } = await site.status.store.list({ limit: 10 });
    expect(rows).toMatchObject([{ severity: 'error', messageId: 'audit-log-changed' }]);
    const good = await run({ from: 17 });
    expect(good).toMatchObject({
      failed: 0,
      done: 7,
      messages: ['The records from 17 to 23 are as they were written.'],
    });
    await site.runner.stop();
  });
});
