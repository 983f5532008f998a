import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { buildPkcsReq, parseCertRep, type CertRep } from '@espalier/scep';
import { describeOnEachDatabase } from '@espalier/testing';
import { createCsr, createSelfSigned } from '@espalier/x509';
import { deviceKey, MdmHarness, scepCa } from '../mdm.fixture.js';
import { mdmMigrations } from '../migrations/index.js';

const HOUR = 3_600_000;
const elliptic = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

/** Who gets a device identity, over the whole of SCEP. */
describeOnEachDatabase('SCEP', { migrations: mdmMigrations }, (open) => {
  let harness: MdmHarness;
  let replica: MdmHarness;
  beforeEach(async () => {
    const db = await open();
    harness = new MdmHarness(db);
    replica = new MdmHarness(await open({ beside: db }));
  });

  /** A challenge as an enrolment profile holds it, and the link that handed it out. */
  async function handedOut(): Promise<{ readonly secret: string; readonly linkId: string }> {
    const { id: linkId, url } = await harness.rooms.rpc.links.create({
      maxUses: 1,
      expiresInSeconds: 60,
      signed: false,
      createdBy: 'spec',
    });
    const profile = await harness.rooms.rpc.links.issueProfile(new URL(url).pathname.split('/').at(-1) ?? '');
    return { secret: /<key>Challenge<\/key>\s*<string>([^<]+)/.exec(profile.toString())?.[1] ?? '', linkId };
  }
  const challenge = async (): Promise<string> => (await handedOut()).secret;

  async function request(
    challengePassword: string,
    options: {
      readonly transactionId?: string;
      readonly key?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
      readonly at?: MdmHarness;
    } = {},
  ): Promise<CertRep | number> {
    const { key = deviceKey, at = harness, transactionId } = options;
    const subject = { CN: 'spec' };
    const csr = createCsr({ subject, key: key.privateKey, challengePassword });
    const [notBefore, notAfter] = [new Date(Date.now() - HOUR), new Date(Date.now() + HOUR)];
    const certificate = createSelfSigned({ subject, key: key.privateKey, notBefore, notAfter });
    const signer = { certificate, key: key.privateKey };
    const sent = buildPkcsReq({
      csr,
      signer,
      recipient: scepCa.certificate.raw,
      ...(transactionId !== undefined && { transactionId }),
    });
    const answer = await at.send('POST', '/mdm/scep?operation=PKIOperation', sent.der);
    if (answer.status !== 200) return answer.status;
    return parseCertRep(answer.body, { request: sent, signer, caCertificates: [scepCa.certificate.raw] });
  }

  const issued = (): Promise<unknown[]> => harness.db.query('SELECT serial FROM {identity_certificate}');

  it('gives one certificate for a challenge, in whichever replica it is used', async () => {
    const secret = await challenge();
    const answers = await Promise.all(
      [harness, replica, harness, replica].map((at, n) => request(secret, { at, transactionId: `t${n}` })),
    );
    const got = answers.filter((answer) => typeof answer === 'object' && answer.status === 'SUCCESS');
    expect(got).toHaveLength(1);
    expect(await issued()).toHaveLength(1);
  });

  it('gives the same certificate again where the answer was lost, also with the longest transaction id', async () => {
    const secret = await challenge();
    const transactionId = 't'.repeat(256);
    const first = await request(secret, { transactionId });
    expect(first).toMatchObject({ status: 'SUCCESS' });
    expect(await request(secret, { transactionId, at: replica })).toEqual(first);
  });

  it('refuses wrong and expired challenges, and issues nothing', async () => {
    const secret = await challenge();
    expect(await request('wrong')).toMatchObject({ status: 'FAILURE', failInfo: 'badRequest' });
    harness.now = new Date(Date.now() + 601_000);
    expect(await request(secret)).toMatchObject({ status: 'FAILURE', failInfo: 'badRequest' });
    expect(await issued()).toEqual([]);
  });

  it('refuses what a link handed out that was revoked since, and answers whoever had used it before', async () => {
    const [used, unused] = [await handedOut(), await handedOut()];
    const transactionId = 'before';
    const first = await request(used.secret, { transactionId });
    for (const { linkId } of [used, unused])
      await replica.rooms.rpc.links.revoke({ id: linkId, revokedBy: 'spec' });
    expect(await request(unused.secret)).toMatchObject({ status: 'FAILURE', failInfo: 'badRequest' });
    expect(await request(used.secret, { transactionId })).toEqual(first);
    expect(await issued()).toHaveLength(1);
  });

  it('keeps the challenge good where the sender could not have read the answer', async () => {
    const secret = await challenge();
    expect(await request(secret, { key: elliptic })).toMatchObject({ status: 'FAILURE', failInfo: 'badAlg' });
    expect(await issued()).toEqual([]);
    expect(await request(secret)).toMatchObject({ status: 'SUCCESS' });
  });

  it('stores challenges hashed', async () => {
    const secret = await challenge();
    const [row] = await harness.db.query<{ challenge_hash: string }>('SELECT * FROM {scep_challenge}');
    expect(row?.challenge_hash).toBe(createHash('sha256').update(secret).digest('hex'));
    expect(JSON.stringify(row)).not.toContain(secret);
  });
});
