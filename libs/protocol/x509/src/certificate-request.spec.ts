import { generateKeyPairSync } from 'node:crypto';
import { createOpensslFolder, withOpenssl } from './openssl.fixture.js';
import { createCsr, decodePem, encodePem, exportSpki, formatName, parseCsr, X509Error } from './index.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const csr = createCsr({
  subject: { CN: 'mac-1', O: 'Acme' },
  key: privateKey,
  challengePassword: 's3cret',
  san: { dns: ['mac-1.example'], ip: ['::1'] },
});

describe('createCsr and parseCsr', () => {
  it('gives back subject, key, challenge and alternative names', () => {
    const parsed = parseCsr(csr);
    expect(formatName(parsed.subject)).toBe('O=Acme,CN=mac-1');
    expect(parsed.spki.equals(exportSpki(privateKey))).toBe(true);
    expect(parsed.challengePassword).toBe('s3cret');
    expect(parsed.subjectAltName.dns).toEqual(['mac-1.example']);
  });

  it('does without challenge and names, and takes a challenge outside PrintableString', () => {
    const bare = parseCsr(createCsr({ subject: {}, key: privateKey }));
    expect([bare.challengePassword, bare.subjectAltName.dns]).toEqual([undefined, []]);
    const odd = parseCsr(createCsr({ subject: {}, key: privateKey, challengePassword: 'ü*&' }));
    expect(odd.challengePassword).toBe('ü*&');
  });

  it('refuses a request that was changed after signing: a challenge cannot be exchanged', () => {
    const changed = Buffer.from(csr);
    changed.write('S', changed.indexOf('s3cret'));
    expect(() => parseCsr(changed)).toThrow(
      new X509Error('ESP_X509_SIGNATURE', 'the signature of the certificate request does not hold'),
    );
  });
});

withOpenssl('with openssl (needs OpenSSL 3)', () => {
  const openssl = createOpensslFolder();
  afterAll(() => openssl.remove());

  it('openssl verifies our request and prints its attributes', () => {
    openssl.write('csr.pem', encodePem('CERTIFICATE REQUEST', csr));
    const printed = openssl.run('req', '-in', 'csr.pem', '-verify', '-noout', '-text').toString();
    expect(printed).toMatch(/challengePassword\s*:s3cret/);
    expect(printed).toContain('DNS:mac-1.example');
  });

  it('reads requests of openssl: RSA with SHA-1 (old devices), EC, challenge and names', () => {
    openssl.write(
      'req.cnf',
      [
        '[req]\nprompt=no\ndistinguished_name=dn\nattributes=attrs\nreq_extensions=ext',
        '[dn]\nC=DE\nCN=näme\n[attrs]\nchallengePassword=one-time\n[ext]\nsubjectAltName=email:a@b.example',
      ].join('\n'),
    );
    for (const kind of [
      ['rsa:2048', '-sha1'],
      ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ]) {
      openssl.run(
        'req',
        '-new',
        '-utf8',
        '-noenc',
        '-config',
        'req.cnf',
        '-keyout',
        'k.pem',
        '-out',
        'r.pem',
        '-newkey',
        ...kind,
      );
      const [block] = decodePem(openssl.run('req', '-in', 'r.pem').toString(), 'CERTIFICATE REQUEST');
      const parsed = parseCsr(block.der);
      expect(formatName(parsed.subject)).toBe('CN=näme,C=DE');
      expect(parsed.challengePassword).toBe('one-time');
      expect(parsed.subjectAltName.email).toEqual(['a@b.example']);
    }
  });
});
