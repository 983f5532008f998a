import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { der } from '@espalier/asn1';
import { createSelfSigned, decodePem, encodePem, fingerprint, parseCertificate } from '@espalier/x509';
import {
  CmsError,
  cmsOid,
  createPublicKeyCache,
  createSignedData,
  degenerateCertificates,
  type Identity,
  parseSignedData,
  verifySignedData,
  writeIssuerAndSerial,
} from './index.js';
import { createOpensslFolder, withOpenssl } from './openssl.fixture.js';

function identity(key: KeyObject, cn: string): Identity & { readonly certificate: Buffer } {
  const times = { notBefore: new Date('2026-01-01'), notAfter: new Date('2040-01-01') };
  const extensions = { keyUsage: ['digitalSignature'], extendedKeyUsage: ['emailProtection'] } as const;
  return { key, certificate: createSelfSigned({ subject: { CN: cn }, key, ...times, extensions }) };
}

const rsa = identity(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'rsa');
const ec = identity(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'ec');
const other = identity(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'other');
const content = Buffer.from('<plist>check-in</plist>');

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof CmsError) return error.code;
    throw error;
  }
  return 'none';
}

describe('createSignedData and verifySignedData', () => {
  it('gives back content, signer, attributes and time, for RSA and EC and every digest', () => {
    const signingTime = new Date('2026-06-01T12:00:00Z');
    const attribute = { oid: '1.2.3.4', values: [der.integer(7)] };
    for (const signer of [rsa, ec]) {
      for (const digest of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
        const signedData = createSignedData({
          content,
          signer,
          digest,
          signingTime,
          signedAttributes: [attribute],
        });
        const verified = verifySignedData({ signedData });
        expect(verified.content.equals(content)).toBe(true);
        expect(verified.signerCertificate.equals(signer.certificate)).toBe(true);
        expect(verified.signerFingerprint).toBe(fingerprint(signer.certificate));
        expect([verified.digest, verified.contentType]).toEqual([digest, cmsOid.data]);
        expect(verified.signingTime).toEqual(signingTime);
        expect(verified.signedAttributes.get('1.2.3.4')?.[0]?.toString('hex')).toBe('020107');
      }
    }
  });

  it('checks a detached signature against the bytes given, and only those', () => {
    const signedData = createSignedData({ content, detached: true, signer: ec });
    expect(verifySignedData({ signedData, content }).content.equals(content)).toBe(true);
    expect(codeOf(() => verifySignedData({ signedData }))).toBe('ESP_CMS_SIGNATURE');
    expect(codeOf(() => verifySignedData({ signedData, content: Buffer.from('x') }))).toBe(
      'ESP_CMS_SIGNATURE',
    );
  });

  it('refuses embedded content that is not the one to check', () => {
    const signedData = createSignedData({ content: Buffer.from('harmless'), signer: ec });
    expect(codeOf(() => verifySignedData({ signedData, content }))).toBe('ESP_CMS_SIGNATURE');
  });

  it('refuses the attributes of one message presented as the content of another', () => {
    const original = parseSignedData(createSignedData({ content, signer: ec })).signers[0];
    const attributes = original?.signedAttributesDer ?? Buffer.alloc(0);
    const message = (signature: Buffer, carried: Buffer): Buffer => {
      const sha256 = der.sequence(der.oid('2.16.840.1.101.3.4.2.1'));
      const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'));
      const signer = writeIssuerAndSerial(ec.certificate);
      return der.sequence(
        der.oid(cmsOid.signedData),
        der.explicit(
          0,
          der.sequence(
            der.integer(1),
            der.set(sha256),
            der.sequence(der.oid(cmsOid.data), der.explicit(0, der.octetString(carried))),
            der.explicit(0, ec.certificate),
            der.set(der.sequence(der.integer(1), signer, sha256, algorithm, der.octetString(signature))),
          ),
        ),
      );
    };
    const confused = message(original?.signature ?? Buffer.alloc(0), attributes);
    expect(codeOf(() => verifySignedData({ signedData: confused }))).toBe('ESP_CMS_SIGNATURE');
    const plain = message(sign('sha256', content, ec.key), content);
    expect(codeOf(() => verifySignedData({ signedData: plain }))).toBe('ESP_CMS_SIGNATURE');
    expect(
      verifySignedData({ signedData: plain, allowMissingSignedAttributes: true }).content.equals(content),
    ).toBe(true);
  });

  it('notices a change of any byte that is signed', () => {
    const signedData = createSignedData({ content, signer: ec, signingTime: new Date('2026-06-01') });
    const start = signedData.indexOf(content);
    const attributes = signedData.indexOf(createHash('sha256').update(content).digest());
    for (const at of [
      start,
      start + content.length - 1,
      attributes,
      attributes + 31,
      signedData.length - 1,
    ]) {
      const changed = Buffer.from(signedData);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(codeOf(() => verifySignedData({ signedData: changed }))).toBe('ESP_CMS_SIGNATURE');
    }
  });

  it('refuses a signature with another digest than the one it reports', () => {
    const message = parseSignedData(createSignedData({ content, signer: rsa }));
    const weaker = message.signers.map((signer) => ({
      ...signer,
      scheme: { family: 'rsa', digest: 'sha1' } as const,
      signature: sign('sha1', signer.signedAttributesDer ?? content, rsa.key),
    }));
    expect(codeOf(() => verifySignedData({ signedData: { ...message, signers: weaker } }))).toBe(
      'ESP_CMS_SIGNATURE',
    );
  });

  it('refuses messages without signer, with two signers, and without the signer certificate', () => {
    const signedData = createSignedData({ content, signer: ec });
    const message = parseSignedData(signedData);
    const [signer] = message.signers;
    const twice = { ...message, signers: signer ? [signer, signer] : [] };
    const bare = { ...message, certificates: [other.certificate] };
    expect(codeOf(() => verifySignedData({ signedData: degenerateCertificates([ec.certificate]) }))).toBe(
      'ESP_CMS_SIGNATURE',
    );
    expect(codeOf(() => verifySignedData({ signedData: twice }))).toBe('ESP_CMS_SIGNATURE');
    expect(codeOf(() => verifySignedData({ signedData: bare }))).toBe('ESP_CMS_SIGNATURE');
    expect(verifySignedData({ signedData: bare, certificates: [ec.certificate] }).digest).toBe('sha256');
  });

  it('uses the cached key, keeps keys that proved themselves only, and forgets the one unused longest', () => {
    const publicKeyCache = createPublicKeyCache(1);
    const good = createSignedData({ content, signer: ec });
    const bad = Buffer.from(good);
    bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
    expect(codeOf(() => verifySignedData({ signedData: bad, publicKeyCache }))).toBe('ESP_CMS_SIGNATURE');
    expect(publicKeyCache.get(fingerprint(ec.certificate))).toBe(undefined);
    verifySignedData({ signedData: good, publicKeyCache });
    const cached = publicKeyCache.get(fingerprint(ec.certificate));
    expect(cached?.asymmetricKeyType).toBe('ec');
    verifySignedData({ signedData: good, publicKeyCache });
    expect(publicKeyCache.get(fingerprint(ec.certificate))).toBe(cached);
    verifySignedData({ signedData: createSignedData({ content, signer: other }), publicKeyCache });
    expect(publicKeyCache.get(fingerprint(ec.certificate))).toBe(undefined);
  });

  it('carries certificates alone', () => {
    const message = parseSignedData(degenerateCertificates([ec.certificate, rsa.certificate]));
    expect(message.certificates.map(fingerprint)).toEqual(
      [ec, rsa].map((one) => fingerprint(one.certificate)),
    );
    expect([message.content, message.signers]).toEqual([undefined, []]);
  });
});

withOpenssl('with openssl (needs OpenSSL 3)', () => {
  const openssl = createOpensslFolder();
  afterAll(() => openssl.remove());

  beforeAll(() => {
    openssl.write('content', content);
    for (const [name, one] of Object.entries({ rsa, ec })) {
      openssl.write(`${name}.pem`, encodePem('CERTIFICATE', one.certificate));
      openssl.write(`${name}.key`, one.key.export({ type: 'pkcs8', format: 'pem' }));
    }
  });
  it('openssl verifies what we sign, attached and detached', () => {
    for (const [name, signer] of Object.entries({ rsa, ec })) {
      const common = [
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-CAfile',
        `${name}.pem`,
        '-in',
        'm.der',
      ];
      openssl.write(
        'm.der',
        createSignedData({ content, signer, signingTime: new Date(), certificates: [other.certificate] }),
      );
      expect(openssl.run(...common).equals(content)).toBe(true);
      openssl.write('m.der', createSignedData({ content, signer, detached: true, digest: 'sha512' }));
      expect(openssl.run(...common, '-content', 'content').equals(content)).toBe(true);
    }
  });

  it('verifies what openssl signs: DER and streamed BER, SHA-1, PSS, key id, detached', () => {
    const large = Buffer.alloc(50_000, 'large content ');
    openssl.write('large', large);
    const kinds: [string, string[]][] = [
      ['rsa', []],
      ['ec', []],
      ['rsa', ['-md', 'sha1']],
      ['ec', ['-md', 'sha384']],
      ['rsa', ['-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:32']],
      ['rsa', ['-keyid']],
      ['rsa', ['-stream', '-indef']],
    ];
    for (const [name, flags] of kinds) {
      const sign = [
        'cms',
        '-sign',
        '-binary',
        '-outform',
        'DER',
        '-signer',
        `${name}.pem`,
        '-inkey',
        `${name}.key`,
      ];
      const attached = openssl.run(...sign, '-in', 'large', '-nodetach', ...flags);
      expect(verifySignedData({ signedData: attached }).content.equals(large)).toBe(true);
      const detached = openssl.run(
        ...sign,
        '-in',
        'content',
        ...flags.filter((flag) => !/stream|indef/.test(flag)),
      );
      const verified = verifySignedData({ signedData: detached, content });
      expect(parseCertificate(verified.signerCertificate).serial).toBe(
        parseCertificate((name === 'rsa' ? rsa : ec).certificate).serial,
      );
      expect(verified.signingTime).toBeInstanceOf(Date);
    }
  });

  it('refuses MD5 by name', () => {
    const signed = openssl.run(
      'cms -sign -binary -outform DER -signer rsa.pem -inkey rsa.key -in content -md md5',
    );
    expect(codeOf(() => parseSignedData(signed))).toBe('ESP_CMS_UNSUPPORTED');
  });

  it('openssl reads our bundle of certificates, and we read its', () => {
    openssl.write('bundle.der', degenerateCertificates([ec.certificate, rsa.certificate]));
    const printed = openssl.run('pkcs7', '-inform', 'DER', '-in', 'bundle.der', '-print_certs').toString();
    expect(decodePem(printed, 'CERTIFICATE').map((block) => fingerprint(block.der))).toEqual(
      [ec, rsa].map((one) => fingerprint(one.certificate)),
    );
    const bundle = openssl.run('crl2pkcs7', '-nocrl', '-certfile', 'rsa.pem', '-outform', 'DER');
    expect(parseSignedData(bundle).certificates.map(fingerprint)).toEqual([fingerprint(rsa.certificate)]);
  });
});
