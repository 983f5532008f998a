import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { createSelfSigned } from '@espalier/x509';
import {
  CmsError,
  createEnvelopedData,
  createSignedData,
  degenerateCertificates,
  openEnvelopedData,
  parseSignedData,
  verifySignedData,
} from './index.js';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const times = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-01-01') };
const signer = {
  key: ec.privateKey,
  certificate: createSelfSigned({ subject: { CN: 's' }, key: ec.privateKey, ...times }),
};
const certificate = createSelfSigned({ subject: { CN: 'r' }, key: rsa.privateKey, ...times });
const content = Buffer.from('content');
const messages = [
  createSignedData({ content, signer, signingTime: new Date('2026-06-01') }),
  createEnvelopedData({ content, recipients: [certificate] }),
  degenerateCertificates([certificate]),
];

function onlyCmsError(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return undefined;
  }
}

function readEverything(bytes: Uint8Array): void {
  onlyCmsError(() => parseSignedData(bytes));
  onlyCmsError(() => verifySignedData({ signedData: bytes, allowMissingSignedAttributes: true }));
  onlyCmsError(() => verifySignedData({ signedData: bytes, content }));
  onlyCmsError(() => openEnvelopedData({ envelopedData: bytes, certificate, key: rsa.privateKey }));
}

describe('CMS readers with hostile input', () => {
  it('give a value or a CmsError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readEverything(bytes)),
      { numRuns: 200 },
    );
  });

  it('give a value or a CmsError for mutated and truncated messages, and never other content as signed', () => {
    const place = fc.double({ min: 0, max: 0.9999, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...messages), place, fc.nat(255), place, (message, at, octet, cut) => {
        const mutated = Buffer.from(message);
        mutated[Math.floor(at * message.length)] = octet;
        readEverything(mutated);
        readEverything(mutated.subarray(0, Math.floor(cut * message.length)));
        const verified = onlyCmsError(() => verifySignedData({ signedData: mutated }).content.toString());
        expect([undefined, 'content']).toContain(verified);
      }),
      { numRuns: 200 },
    );
  });
});
