import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import {
  checkIssued,
  createCsr,
  createSelfSigned,
  decodePem,
  importSpki,
  parseCertificate,
  parseCsr,
  parseName,
  readIssuerAndSerial,
  X509Error,
} from './index.js';

const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const now = new Date('2026-06-01T00:00:00Z');
const certificate = createSelfSigned({
  subject: { CN: 'a', UID: 'b' },
  key,
  notBefore: new Date('2026-01-01'),
  notAfter: new Date('2027-01-01'),
  extensions: {
    basicConstraints: { ca: true },
    keyUsage: ['keyCertSign'],
    extendedKeyUsage: ['clientAuth'],
    subjectAltName: { dns: ['x'], ip: ['::1'] },
  },
});
const request = createCsr({ subject: { CN: 'a' }, key, challengePassword: 'p', san: { uri: ['urn:x'] } });

function onlyX509Error(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
  }
}

function readEverything(bytes: Uint8Array): void {
  onlyX509Error(() => checkIssued(parseCertificate(bytes), parseCertificate(bytes), { now }));
  onlyX509Error(() => readIssuerAndSerial(bytes));
  onlyX509Error(() => parseCsr(bytes));
  onlyX509Error(() => parseName(bytes));
  onlyX509Error(() => importSpki(bytes));
  onlyX509Error(() => decodePem(Buffer.from(bytes).toString('latin1')));
}

describe('x509 readers with hostile input', () => {
  it('give a value or an X509Error for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readEverything(bytes)),
      { numRuns: 200 },
    );
  });

  it('give a value or an X509Error for mutated and truncated certificates and requests', () => {
    const valid = fc.constantFrom(certificate, request);
    fc.assert(
      fc.property(
        valid,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.nat(255),
        fc.nat(600),
        (bytes, at, octet, length) => {
          const mutated = Buffer.from(bytes);
          mutated[Math.floor(at * bytes.length)] = octet;
          readEverything(mutated);
          readEverything(mutated.subarray(0, length));
        },
      ),
      { numRuns: 200 },
    );
  });
});
