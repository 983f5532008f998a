import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createOpensslFolder, withOpenssl } from './openssl.fixture.js';
import {
  type Certificate,
  checkIssued,
  createCertificate,
  createSelfSigned,
  decodePem,
  encodePem,
  exportSpki,
  fingerprint,
  formatName,
  importSpki,
  type IssuanceCheck,
  nameValue,
  parseCertificate,
  parseName,
  encodeName,
  readIssuerAndSerial,
  spkiPin,
  X509Error,
} from './index.js';

const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const notBefore = new Date('2026-01-01T00:00:00Z');
const notAfter = new Date('2027-01-01T00:00:00Z');
const now = new Date('2026-06-01T00:00:00Z');

const caDer = createSelfSigned({
  subject: { O: 'Espalier', CN: 'Device CA' },
  key: ca.privateKey,
  notBefore,
  notAfter: new Date('2060-01-01T00:00:00Z'),
  extensions: { basicConstraints: { ca: true, pathLength: 0 }, keyUsage: ['keyCertSign', 'crlSign'] },
});
const caCertificate = parseCertificate(caDer);

function issue(changes: Partial<Parameters<typeof createCertificate>[0]> = {}): Buffer {
  return createCertificate({
    subject: { CN: 'mac-1', UID: 'com.apple.mgmt.External.1' },
    issuer: caCertificate,
    publicKey: leaf.publicKey,
    signingKey: ca.privateKey,
    notBefore,
    notAfter,
    extensions: {
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth', '1.2.3.4'],
      subjectAltName: {
        dns: ['mac-1.example'],
        ip: ['192.0.2.1', '2001:db8::1', '::ffff:192.0.2.9'],
        uri: ['urn:uuid:1'],
        email: ['a@b.example'],
      },
    },
    ...changes,
  });
}

function faultOf(certificate: Certificate, issuer: Certificate, check: Partial<IssuanceCheck> = {}): string {
  try {
    checkIssued(certificate, issuer, { now, ...check });
  } catch (error) {
    if (error instanceof X509Error) return error.code;
    throw error;
  }
  return 'none';
}

describe('createCertificate and parseCertificate', () => {
  it('gives back every field that was written', () => {
    const raw = issue({ serial: 0xdeadbeefn });
    const parsed = parseCertificate(raw);
    expect(parsed.raw.equals(raw)).toBe(true);
    expect(parsed.serial).toBe('00deadbeef');
    expect(formatName(parsed.subject)).toBe('UID=com.apple.mgmt.External.1,CN=mac-1');
    expect(nameValue(parsed.issuer, 'CN')).toBe('Device CA');
    expect([parsed.notBefore, parsed.notAfter]).toEqual([notBefore, notAfter]);
    expect([parsed.isCa, parsed.pathLength]).toEqual([false, undefined]);
    expect(parsed.keyUsage).toEqual(['digitalSignature']);
    expect(parsed.extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.2.3.4']);
    expect(parsed.subjectAltName).toEqual({
      dns: ['mac-1.example'],
      ip: ['192.0.2.1', '2001:db8:0:0:0:0:0:1', '0:0:0:0:0:ffff:c000:209'],
      uri: ['urn:uuid:1'],
      email: ['a@b.example'],
    });
    expect(parsed.authorityKeyId).toEqual(caCertificate.subjectKeyId);
    expect(parsed.spki.equals(exportSpki(leaf.publicKey))).toBe(true);
    expect(readIssuerAndSerial(raw).issuer.equals(caCertificate.subject.raw)).toBe(true);
  });

  it('agrees with the certificate reader of Node on names, times, serial and fingerprint', () => {
    const raw = issue();
    const parsed = parseCertificate(raw);
    const node = new X509Certificate(raw);
    expect(parsed.serial).toBe(node.serialNumber.toLowerCase());
    expect(fingerprint(raw)).toBe(node.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(parsed.notAfter.getTime()).toBe(Date.parse(node.validTo));
    expect(node.checkIssued(new X509Certificate(caDer))).toBe(true);
    expect(node.verify(ca.publicKey)).toBe(true);
  });

  it('draws serial numbers of equal length from the random source', () => {
    const fixed = (): Uint8Array => new Uint8Array(16).fill(0xff);
    expect(parseCertificate(issue({ randomBytes: fixed })).serial).toBe(`7f${'ff'.repeat(15)}`);
    expect(parseCertificate(issue()).serial).not.toBe(parseCertificate(issue()).serial);
  });

  it('leaves out alternative names where a request had none', () => {
    const { subjectAltName } = parseCertificate(issue({ extensions: {} }));
    expect(parseCertificate(issue({ extensions: { subjectAltName } })).extensions.has('2.5.29.17')).toBe(
      false,
    );
  });

  it('refuses what RFC 5280 forbids', () => {
    expect(() => issue({ serial: 0n })).toThrow(X509Error);
    expect(() => issue({ serial: new Uint8Array(21).fill(1) })).toThrow(X509Error);
    expect(() => issue({ notAfter: notBefore })).toThrow(X509Error);
    expect(() => issue({ subject: { C: 'a@' } })).toThrow(X509Error);
    expect(() => issue({ extensions: { subjectAltName: { ip: ['1.2.3'] } } })).toThrow(X509Error);
  });
});

describe('checkIssued', () => {
  const good = parseCertificate(issue());

  it('accepts what the CA issued for this use', () => {
    expect(faultOf(good, caCertificate)).toBe('none');
    expect(faultOf(good, caCertificate, { eku: '1.2.3.4' })).toBe('none');
  });

  it('names the fault', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const forged = issue({ signingKey: other.privateKey });
    const withoutEku = issue({ extensions: {} });
    expect(faultOf(parseCertificate(forged), caCertificate)).toBe('ESP_X509_SIGNATURE');
    expect(faultOf(good, good)).toBe('ESP_X509_NOT_ISSUED');
    expect(faultOf(good, caCertificate, { now: new Date('2025-01-01') })).toBe('ESP_X509_NOT_YET_VALID');
    expect(faultOf(good, caCertificate, { now: new Date('2028-01-01') })).toBe('ESP_X509_EXPIRED');
    expect(faultOf(good, caCertificate, { now: new Date('2028-01-01'), allowExpired: true })).toBe('none');
    expect(faultOf(good, caCertificate, { eku: 'serverAuth' })).toBe('ESP_X509_USAGE');
    expect(faultOf(parseCertificate(withoutEku), caCertificate)).toBe('ESP_X509_USAGE');
    expect(faultOf(parseCertificate(withoutEku), caCertificate, { eku: null })).toBe('none');
  });

  it('refuses an issuer that is no CA, and a CA below a CA that may have none', () => {
    const subject = { CN: 'not a CA' };
    const times = { notBefore, notAfter };
    const plain = parseCertificate(createSelfSigned({ subject, key: leaf.privateKey, ...times }));
    const below = parseCertificate(issue({ issuer: plain, signingKey: leaf.privateKey }));
    expect(faultOf(below, plain)).toBe('ESP_X509_NOT_ISSUED');
    const subordinate = issue({ extensions: { basicConstraints: { ca: true } } });
    expect(faultOf(parseCertificate(subordinate), caCertificate, { eku: null })).toBe('ESP_X509_NOT_ISSUED');
  });

  it('notices a change of any byte of the certificate', () => {
    const raw = issue();
    for (let at = 0; at < raw.length; at += 7) {
      const changed = Buffer.from(raw);
      changed[at] = (changed[at] ?? 0) ^ 1;
      let accepted = false;
      try {
        checkIssued(parseCertificate(changed), caCertificate, { now });
        accepted = true;
      } catch (error) {
        expect(error).toBeInstanceOf(X509Error);
      }
      expect(accepted).toBe(false);
    }
  });
});

describe('keys and pins', () => {
  it('gives the same pin for key, certificate bytes and parsed certificate', () => {
    const raw = issue();
    expect(spkiPin(raw)).toBe(spkiPin(leaf.publicKey));
    expect(spkiPin(parseCertificate(raw))).toBe(spkiPin(leaf.privateKey));
  });

  it('refuses curves by parameters, other key types and rubbish', () => {
    const dsa = generateKeyPairSync('ed448').publicKey.export({ type: 'spki', format: 'der' });
    const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
    expect(() => importSpki(dsa)).toThrow('not supported');
    expect(() => importSpki(exportSpki(explicit.publicKey))).toThrow(X509Error);
    expect(() => importSpki(Buffer.from('30020500', 'hex'))).toThrow(X509Error);
  });
});

describe('names', () => {
  it('keeps order, repeats and multi-valued parts, and escapes text (RFC 4514)', () => {
    const name = parseName(
      encodeName([
        ['O', 'Acme, Inc. #1'],
        ['OU', ' a+b '],
        ['OU', 'line\nbreak'],
        ['1.2.3.4', '#x'],
      ]),
    );
    expect(formatName(name)).toBe('1.2.3.4=\\#x,OU=line\\0abreak,OU=\\ a\\+b\\ ,O=Acme\\, Inc. #1');
    expect(encodeName(name)).toBe(name.raw);
  });
});

describe('PEM', () => {
  it('reads blocks between other text and filters by label', () => {
    const text = `Subject: x\r\n${encodePem('CERTIFICATE', caDer)}junk\n${encodePem('PRIVATE KEY', Buffer.from('k'))}`;
    expect(decodePem(text).map(({ label }) => label)).toEqual(['CERTIFICATE', 'PRIVATE KEY']);
    expect(decodePem(text, 'CERTIFICATE')[0].der.equals(caDer)).toBe(true);
  });

  it('refuses blocks that are cut off, mixed up or no base64', () => {
    const block = encodePem('CERTIFICATE', caDer);
    const broken = ['', block.slice(0, -20), block.replace('END CERT', 'END X'), block.replace('MII', 'M*I')];
    for (const text of broken) expect(() => decodePem(text)).toThrow(X509Error);
  });
});

withOpenssl('with openssl (needs OpenSSL 3)', () => {
  const openssl = createOpensslFolder();
  afterAll(() => openssl.remove());

  it('openssl verifies our chain, RSA and EC, and prints what we wrote', () => {
    const rsaCaDer = createSelfSigned({
      subject: { CN: 'RSA CA' },
      key: rsa.privateKey,
      notBefore,
      notAfter,
      extensions: { basicConstraints: { ca: true }, keyUsage: ['keyCertSign'] },
    });
    const chains = {
      ec: [caDer, issue()],
      rsa: [rsaCaDer, issue({ issuer: parseCertificate(rsaCaDer), signingKey: rsa.privateKey })],
    };
    for (const [name, [root, certificate]] of Object.entries(chains)) {
      openssl.write(`${name}-ca.pem`, encodePem('CERTIFICATE', root ?? caDer));
      openssl.write(`${name}.pem`, encodePem('CERTIFICATE', certificate ?? caDer));
      const attime = String(now.getTime() / 1000);
      openssl.run(
        'verify',
        '-x509_strict',
        '-attime',
        attime,
        '-purpose',
        'sslclient',
        '-CAfile',
        `${name}-ca.pem`,
        `${name}.pem`,
      );
    }
    const printed = openssl.run('x509', '-in', 'ec.pem', '-noout', '-text', '-nameopt', 'RFC2253').toString();
    expect(printed).toContain('UID=com.apple.mgmt.External.1,CN=mac-1');
    expect(printed).toContain('DNS:mac-1.example');
    expect(printed).toContain('IP Address:2001:DB8:0:0:0:0:0:1');
    expect(printed).toContain('TLS Web Client Authentication');
  });

  it('reads what openssl issued: SHA-384, PSS and Ed25519 signatures, key ids, multi-valued names', () => {
    const kinds = [
      ['-newkey', 'rsa:2048', '-sha384'],
      ['-newkey', 'ed25519'],
      ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha512'],
    ];
    for (const kind of kinds) {
      openssl.run(
        'req -x509',
        ...kind,
        '-noenc -keyout k.pem -out c.pem -days 10',
        '-subj /C=DE/O=Acme/CN=root+UID=7 -multivalue-rdn -addext subjectAltName=DNS:x,IP:::1',
      );
      const root = parseCertificate(decodePem(openssl.run('x509', '-in', 'c.pem').toString())[0].der);
      expect(formatName(root.subject)).toMatch(/^(CN=root\+UID=7|UID=7\+CN=root),O=Acme,C=DE$/);
      expect(root.subjectAltName).toEqual({ dns: ['x'], ip: ['0:0:0:0:0:0:0:1'], uri: [], email: [] });
      expect(root.isCa).toBe(true);
      const today = new Date(root.notBefore.getTime() + 1000);
      expect(faultOf(root, root, { now: today, eku: null })).toBe('none');
    }
    openssl.write('rsa.key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    openssl.run(
      'req -x509 -key rsa.key -out pss.pem -subj /CN=pss -sha256',
      '-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32',
    );
    const pss = parseCertificate(decodePem(openssl.run('x509', '-in', 'pss.pem').toString())[0].der);
    expect(pss.signatureScheme).toEqual({ family: 'rsa-pss', digest: 'sha256', saltLength: 32 });
    expect(faultOf(pss, pss, { now: new Date(pss.notBefore.getTime() + 1000), eku: null })).toBe('none');
  });

  it('does not accept a SHA-1 signature, as a CA of ours never makes one', () => {
    openssl.write('rsa.key', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    openssl.run('req', '-x509', '-key', 'rsa.key', '-out', 'old.pem', '-subj', '/CN=old', '-sha1');
    const old = parseCertificate(decodePem(openssl.run('x509', '-in', 'old.pem').toString())[0].der);
    expect(faultOf(old, old, { now: new Date(old.notBefore.getTime() + 1000), eku: null })).toBe(
      'ESP_X509_UNSUPPORTED',
    );
  });
});
