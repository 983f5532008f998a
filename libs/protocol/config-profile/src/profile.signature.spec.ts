import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ConfigProfileError } from './config-profile.error.js';
import { makeIdentities } from './fixtures/identities.fixture.js';
import { readProfile } from './profile.reader.js';
import { signProfile } from './profile.signature.js';
import { encodeProfile } from './profile.writer.js';

const { root, intermediate, signer, key } = makeIdentities();
const identity = { certificate: signer, key, chain: [intermediate] };
const content = encodeProfile({
  PayloadType: 'Configuration',
  PayloadVersion: 1,
  PayloadIdentifier: 'com.example.empty',
  PayloadUUID: 'F2B9C1DE-54A7-4F0A-8B8E-9D2C7A6E1F00',
  PayloadContent: [],
});

describe('signProfile', () => {
  it('makes a profile that is read back with its signer and the chain', () => {
    const summary = readProfile(signProfile(content, identity));
    expect(summary.identifier).toBe('com.example.empty');
    expect(summary.content).toEqual(content);
    expect(summary.signature?.signerCertificate).toEqual(signer);
    expect(summary.signature?.signerFingerprint).toBe(
      new X509Certificate(signer).fingerprint256.replaceAll(':', '').toLowerCase(),
    );
    expect(summary.signature?.certificates).toEqual([signer, intermediate]);
  });

  it('refuses to sign twice, and with a key that is not that of the certificate', () => {
    expect(() => signProfile(signProfile(content, identity), identity)).toThrow(
      'The profile is signed already',
    );
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    expect(() => signProfile(content, { certificate: signer, key: other })).toThrow(
      'signer.key is not the key',
    );
    expect(() => signProfile(content, { certificate: Buffer.from('x'), key })).toThrow(ConfigProfileError);
  });
});

describe('readProfile of signed profiles', () => {
  it('refuses content that was changed after signing', () => {
    const signed = signProfile(content, identity);
    signed.write('com.evil', signed.indexOf('com.example.empty'));
    expect(() => readProfile(signed)).toThrow('The signature of the profile does not hold');
  });

  it('mutated and cut signatures give the signed content or ConfigProfileError, never other content', () => {
    const signed = signProfile(content, identity);
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.nat(255), fc.nat(signed.length), (at, byte, cut) => {
        const bytes = Buffer.from(signed);
        bytes[at] = byte;
        for (const candidate of [bytes, bytes.subarray(0, cut)]) {
          try {
            expect(readProfile(candidate).content).toEqual(content);
          } catch (error) {
            if (!(error instanceof ConfigProfileError)) throw error;
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

(hasOpenssl ? describe : describe.skip)('openssl', () => {
  let folder = '';
  const file = (name: string): string => join(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-profile-'));
    writeFileSync(file('root.pem'), new X509Certificate(root).toString());
    writeFileSync(file('chain.pem'), new X509Certificate(intermediate).toString());
    writeFileSync(file('signer.pem'), new X509Certificate(signer).toString());
    writeFileSync(file('key.pem'), key.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(file('plain.mobileconfig'), content);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('verifies what signProfile signs, up to the root, and takes out the same bytes', () => {
    writeFileSync(
      file('signed.mobileconfig'),
      signProfile(content, { ...identity, signingTime: new Date('2024-06-01') }),
    );
    const verify = [
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-purpose',
      'any',
      '-CAfile',
      file('root.pem'),
    ];
    const taken = execFileSync('openssl', [...verify, '-in', file('signed.mobileconfig')], { stdio: 'pipe' });
    expect(taken).toEqual(content);
  });

  it.each(['cms', 'smime'])('%s: its signature is verified by readProfile', (command) => {
    const sign = [command, '-sign', '-binary', '-nodetach', '-outform', 'DER', '-md', 'sha256'];
    const who = ['-signer', file('signer.pem'), '-inkey', file('key.pem'), '-certfile', file('chain.pem')];
    const signed = execFileSync('openssl', [...sign, ...who, '-in', file('plain.mobileconfig')], {
      stdio: 'pipe',
    });
    const summary = readProfile(signed);
    expect(summary.content).toEqual(content);
    expect(summary.signature?.signerCertificate).toEqual(signer);
  });

  it('cms -stream: its indefinite lengths (BER) are read too', () => {
    const sign = ['cms', '-sign', '-binary', '-nodetach', '-stream', '-outform', 'DER', '-md', 'sha256'];
    const who = ['-signer', file('signer.pem'), '-inkey', file('key.pem')];
    const signed = execFileSync('openssl', [...sign, ...who, '-in', file('plain.mobileconfig')], {
      stdio: 'pipe',
    });
    expect(signed[1]).toBe(0x80);
    expect(readProfile(signed).content).toEqual(content);
  });
});
