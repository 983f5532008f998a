import { spawn, type ChildProcess } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type AddressInfo } from 'node:net';
import { createDevCa, issueServerCertificate, startAppleSim, type AppleSim } from '@espalier/sim-apple';
import { pino } from 'pino';

import { ApnsClient } from './apns-client.js';
import { readPushCertificate, type PushCredentials } from './push-certificate.js';
import type { PushOutcome } from './push-outcome.js';

const TOPIC = 'com.apple.mgmt.External.9c1d0d4e-2f63-4d53-9a0e-3b7a6f1c2d10';
const silent = pino({ level: 'silent' });
let sim: AppleSim;

beforeAll(async () => {
  sim = await startAppleSim();
});
afterAll(() => sim.close());

const push = (from: ApnsClient): Promise<PushOutcome> =>
  from.push({ token: sim.apns.issueToken(TOPIC), pushMagic: 'm', topic: TOPIC });

function client(endpoint: string, ca: string, credentials: () => PushCredentials): ApnsClient {
  const limits = { reconnectMinMs: 1, reconnectMaxMs: 20 };
  return new ApnsClient({ endpoint, ca, credentials, logger: silent, limits });
}

describe('readPushCertificate', () => {
  it('reads the topic from the subject’s UID, also where a chain follows', () => {
    const issued = sim.issuePushCertificate(TOPIC, 10);
    const read = readPushCertificate({ ...issued, certificate: `${issued.certificate}\n${sim.ca}` });
    expect(read.topic).toBe(TOPIC);
    expect(read.notAfter.getTime() - Date.now()).toBeGreaterThan(9 * 24 * 3600_000);
  });

  it('refuses a foreign key, a certificate without UID, and what is no PEM', () => {
    const issued = sim.issuePushCertificate(TOPIC);
    const stranger = sim.issuePushCertificate(TOPIC);
    const ca = createDevCa(new Date());
    const server = issueServerCertificate(
      { ...ca, key: createPrivateKey(ca.key) },
      ['localhost'],
      new Date(),
    );
    const invalid = expect.objectContaining({ code: 'ESP_APNS_CERTIFICATE_INVALID' });
    const bad: PushCredentials[] = [
      { certificate: issued.certificate, key: stranger.key },
      server,
      { certificate: 'nonsense', key: issued.key },
      { certificate: issued.certificate, key: 'nonsense' },
    ];
    for (const credentials of bad) {
      let thrown: unknown;
      try {
        readPushCertificate(credentials);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toEqual(invalid);
    }
  });
});

describe('reloadCredentials', () => {
  it('takes a renewed certificate into use in mid-run without losing a push', async () => {
    let current = sim.issuePushCertificate(TOPIC);
    const from = client(sim.apnsUrl, sim.ca, () => current);
    const early = Array.from({ length: 200 }, () => push(from));
    expect(await early[0]).toMatchObject({ kind: 'accepted' });
    const before = from.certificate.fingerprint;
    current = sim.issuePushCertificate(TOPIC);
    expect(from.reloadCredentials().fingerprint).not.toBe(before);
    const late = Array.from({ length: 200 }, () => push(from));
    const outcomes = await Promise.all([...early, ...late]);
    expect(outcomes.filter(({ kind }) => kind === 'accepted')).toHaveLength(400);
    await from.close();
  });

  it('really uses the new certificate: one that APNs refuses is replaced by one it takes', async () => {
    const strangersCa = createDevCa(new Date());
    const stranger = await startAppleSim({ ca: strangersCa });
    let current = stranger.issuePushCertificate(TOPIC);
    const from = client(sim.apnsUrl, sim.ca, () => current);
    expect(await push(from)).toEqual({ kind: 'certificate-problem', reason: 'BadCertificate' });
    expect(from.status.certificateProblem).toBe('BadCertificate');
    current = sim.issuePushCertificate(TOPIC);
    from.reloadCredentials();
    expect(await push(from)).toMatchObject({ kind: 'accepted' });
    expect(from.status.certificateProblem).toBeUndefined();
    await from.close();
    await stranger.close();
  });

  it('refuses another topic and an expired certificate, and goes on with the old one', async () => {
    const good = sim.issuePushCertificate(TOPIC);
    let current = good;
    const from = client(sim.apnsUrl, sim.ca, () => current);
    const refusal = (next: PushCredentials): unknown => {
      current = next;
      try {
        return from.reloadCredentials();
      } catch (error) {
        return error;
      }
    };
    expect(refusal(sim.issuePushCertificate(`${TOPIC}0`))).toMatchObject({ code: 'ESP_APNS_TOPIC_CHANGED' });
    const lastWeek = await startAppleSim({
      ca: createDevCa(new Date(Date.now() - 9 * 24 * 3600_000)),
      now: () => new Date(Date.now() - 8 * 24 * 3600_000),
    });
    expect(refusal(lastWeek.issuePushCertificate(TOPIC, 1))).toMatchObject({
      code: 'ESP_APNS_CERTIFICATE_EXPIRED',
    });
    await lastWeek.close();
    expect(from.topic).toBe(TOPIC);
    expect(await push(from)).toMatchObject({ kind: 'accepted' });
    await from.close();
  });
});

describe('certificate problems in TLS', () => {
  it('says so where the server’s certificate is not to be trusted', async () => {
    const from = client(sim.apnsUrl, createDevCa(new Date()).certificate, () =>
      sim.issuePushCertificate(TOPIC),
    );
    expect(await push(from)).toEqual({ kind: 'certificate-problem', reason: 'ServerCertificateUntrusted' });
    await from.close();
  });

  it('says so where the server ends the handshake over ours (openssl s_server)', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'apns-'));
    const ca = createDevCa(new Date());
    const server = issueServerCertificate(
      { certificate: ca.certificate, key: createPrivateKey(ca.key) },
      ['127.0.0.1'],
      new Date(),
    );
    await writeFile(join(folder, 'ca.pem'), ca.certificate);
    await writeFile(join(folder, 'server.pem'), server.certificate + server.key);
    const port = await freePort();
    const openssl = spawn(
      'openssl',
      [
        's_server',
        '-accept',
        `127.0.0.1:${port}`,
        '-cert',
        'server.pem',
        '-alpn',
        'h2',
        '-CAfile',
        'ca.pem',
      ].concat(['-Verify', '1', '-verify_return_error', '-naccept', '5']),
      { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] },
    );
    try {
      await printed(openssl, 'ACCEPT');
      // Issued by the simulator's CA, which this server does not know.
      const from = client(`https://127.0.0.1:${port}`, ca.certificate, () => sim.issuePushCertificate(TOPIC));
      expect(await push(from)).toEqual({ kind: 'certificate-problem', reason: 'TlsCertificateRefused' });
      await from.close();
    } finally {
      openssl.kill();
      await once(openssl, 'close');
    }
    await rm(folder, { recursive: true });
  });

  it('needs a key at all', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { certificate } = sim.issuePushCertificate(TOPIC);
    expect(() => client(sim.apnsUrl, sim.ca, () => ({ certificate, key }))).toThrow('private key');
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function printed(child: ChildProcess, text: string): Promise<void> {
  for await (const chunk of child.stdout ?? []) if (String(chunk).includes(text)) return;
  throw new Error('openssl s_server did not start');
}
