import { constants, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto';
import { createSelfSigned, encodePem } from '@espalier/x509';
import { CmsError, createEnvelopedData, type EnvelopeOpening, openEnvelopedData } from './index.js';
import { createOpensslFolder, hasLegacyProvider, withOpenssl } from './openssl.fixture.js';

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const times = { notBefore: new Date('2026-01-01'), notAfter: new Date('2040-01-01') };
const certificate = createSelfSigned({ subject: { CN: 'rsa' }, key, ...times });
const ecCertificate = createSelfSigned({ subject: { CN: 'ec' }, key: ec.privateKey, ...times });
const content = Buffer.from('a certificate request with a secret inside');
const ciphers = ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des-ede3-cbc', 'des-cbc'] as const;

function faultOf(opening: Partial<EnvelopeOpening>): string {
  try {
    openEnvelopedData({ envelopedData: Buffer.alloc(0), certificate, key, ...opening });
  } catch (error) {
    if (error instanceof CmsError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('createEnvelopedData and openEnvelopedData', () => {
  it('gives back the content and names the cipher, for every cipher', () => {
    for (const cipher of ciphers) {
      const envelopedData = createEnvelopedData({ content, recipients: [certificate], cipher });
      const opened = openEnvelopedData({ envelopedData, certificate, key });
      expect([opened.content.toString(), opened.cipher]).toEqual([content.toString(), cipher]);
    }
  });

  it('finds the own entry among several recipients', () => {
    const stranger = createSelfSigned({ subject: { CN: 'stranger' }, key, ...times });
    const envelopedData = createEnvelopedData({ content, recipients: [stranger, certificate] });
    expect(openEnvelopedData({ envelopedData, certificate, key }).content.equals(content)).toBe(true);
    expect(faultOf({ envelopedData, certificate: ecCertificate })).toContain('ESP_CMS_DECRYPT');
  });

  it('says the same of a wrong key, a badly padded key, a short key and broken content', () => {
    const envelopedData = createEnvelopedData({ content, recipients: [certificate] });
    const encryptedKeyAt = envelopedData.indexOf(Buffer.from('04820100', 'hex')) + 4;
    const withKey = (encryptedKey: Buffer): Buffer => {
      const changed = Buffer.from(envelopedData);
      encryptedKey.copy(changed, encryptedKeyAt);
      return changed;
    };
    const encrypt = (bytes: Buffer, padding: number): Buffer => publicEncrypt({ key, padding }, bytes);
    const unpadded = encrypt(Buffer.concat([Buffer.of(0, 1), randomBytes(254)]), constants.RSA_NO_PADDING);
    const lastByteChanged = Buffer.from(envelopedData);
    lastByteChanged[lastByteChanged.length - 1] = (lastByteChanged[lastByteChanged.length - 1] ?? 0) ^ 0xff;
    const faults = [
      withKey(unpadded),
      withKey(encrypt(randomBytes(5), constants.RSA_PKCS1_PADDING)),
      withKey(encrypt(randomBytes(32), constants.RSA_PKCS1_PADDING)),
      withKey(Buffer.alloc(256, 0xff)),
      lastByteChanged,
      envelopedData.subarray(0),
    ].map((message, index) =>
      faultOf(index === 5 ? { envelopedData: message, key: ec.privateKey } : { envelopedData: message }),
    );
    // A wrong content key leaves valid padding by chance in 1 of 256: then there is no fault but nonsense.
    const told = faults.filter((fault) => fault !== 'none');
    expect(new Set(told)).toEqual(new Set(['ESP_CMS_DECRYPT: the content cannot be decrypted']));
    expect(told.length).toBeGreaterThanOrEqual(3);
  });

  it('refuses recipients that cannot receive', () => {
    expect(() => createEnvelopedData({ content, recipients: [ecCertificate] })).toThrow('only RSA keys');
    expect(() => createEnvelopedData({ content, recipients: [] })).toThrow(CmsError);
  });
});

withOpenssl('with openssl (needs OpenSSL 3)', () => {
  const openssl = createOpensslFolder();
  afterAll(() => openssl.remove());

  beforeAll(() => {
    openssl.write('rsa.pem', encodePem('CERTIFICATE', certificate));
    openssl.write('rsa.key', key.export({ type: 'pkcs8', format: 'pem' }));
    openssl.write('content', content);
  });
  it('openssl decrypts what we encrypt, single DES with its legacy provider', () => {
    for (const cipher of ciphers.filter((name) => name !== 'des-cbc' || hasLegacyProvider())) {
      openssl.write('m.der', createEnvelopedData({ content, recipients: [certificate], cipher }));
      const provider = cipher === 'des-cbc' ? ['-provider', 'legacy', '-provider', 'default'] : [];
      const decrypt = [
        'cms',
        '-decrypt',
        '-binary',
        '-inform',
        'DER',
        '-in',
        'm.der',
        '-inkey',
        'rsa.key',
        '-recip',
        'rsa.pem',
      ];
      expect(openssl.run(...decrypt, ...provider).equals(content)).toBe(true);
    }
  });

  it('opens what openssl encrypts: every cipher, and streamed BER', () => {
    const large = Buffer.alloc(50_000, 'large content ');
    openssl.write('large', large);
    const flags = ['-aes128', '-aes192', '-aes256', '-des3', ...(hasLegacyProvider() ? ['-des-cbc'] : [])];
    for (const cipher of flags) {
      const provider = cipher === '-des-cbc' ? ['-provider', 'legacy', '-provider', 'default'] : [];
      const encrypt = ['cms', '-encrypt', '-binary', '-outform', 'DER', '-in', 'large', cipher, ...provider];
      for (const form of [[], ['-stream', '-indef']]) {
        const envelopedData = openssl.run(...encrypt, ...form, 'rsa.pem');
        expect(openEnvelopedData({ envelopedData, certificate, key }).content.equals(large)).toBe(true);
      }
    }
  });

  it('finds its entry by key id too, and refuses ciphers it does not know by name', () => {
    const extensions = { subjectKeyId: Buffer.from('0102030405', 'hex') };
    const withKeyId = createSelfSigned({ subject: { CN: 'id' }, key, ...times, extensions });
    openssl.write('id.pem', encodePem('CERTIFICATE', withKeyId));
    const encrypt = ['cms', '-encrypt', '-binary', '-outform', 'DER', '-in', 'content', '-keyid'];
    const byKeyId = openssl.run(...encrypt, '-aes128', 'id.pem');
    expect(
      openEnvelopedData({ envelopedData: byKeyId, certificate: withKeyId, key }).content.equals(content),
    ).toBe(true);
    const camellia = openssl.run(...encrypt, '-camellia128', 'id.pem');
    expect(faultOf({ envelopedData: camellia, certificate: withKeyId })).toContain('ESP_CMS_UNSUPPORTED');
  });
});
