import fc from 'fast-check';
import { createEnvelopedData } from '@espalier/cms';
import { createCsr } from '@espalier/x509';
import {
  buildPkcsReq,
  decodeGetMessage,
  parseCaCertReply,
  parseCapabilities,
  parseCertRep,
  parsePkiMessage,
  ScepError,
} from './index.js';
import { sealPkiEnvelope } from './pki-envelope.codec.js';
import { answerPkiOperation, createSpecCa } from './scep.fixture.js';

const ca = createSpecCa();
const { certificate, key } = ca.identity;
const signer = ca.selfSigned({ CN: 'mac' });
const csr = createCsr({ subject: { CN: 'mac' }, key: ca.clientKey, challengePassword: 'once' });
const request = buildPkcsReq({ csr, signer, recipient: certificate });
const reply = answerPkiOperation(ca, request.der, 'once');

function onlyScepError(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ScepError)) throw error;
  }
}

function readEverything(bytes: Uint8Array): void {
  onlyScepError(() => parsePkiMessage(bytes, { recipientCertificate: certificate, recipientKey: key }));
  onlyScepError(() => parseCertRep(bytes, { request, signer, caCertificates: [certificate] }));
  onlyScepError(() =>
    parseCaCertReply({ contentType: 'application/x-x509-ca-ra-cert', body: Buffer.from(bytes) }),
  );
  onlyScepError(() => decodeGetMessage(Buffer.from(bytes).toString('latin1')));
  parseCapabilities(Buffer.from(bytes).toString('latin1'));
}

describe('SCEP readers with hostile input', () => {
  it('give a value or a ScepError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readEverything(bytes)),
      { numRuns: 200 },
    );
  });

  it('give a value or a ScepError for mutated and truncated messages', () => {
    const place = fc.double({ min: 0, max: 0.9999, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(request.der, reply),
        place,
        fc.nat(255),
        place,
        (message, at, octet, cut) => {
          const mutated = Buffer.from(message);
          mutated[Math.floor(at * message.length)] = octet;
          readEverything(mutated);
          readEverything(mutated.subarray(0, Math.floor(cut * message.length)));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('give a value or a ScepError where the sender signs and encrypts hostile content', () => {
    const basics = { transactionId: 'T', senderNonce: Buffer.alloc(16), signer, digest: 'sha256' } as const;
    const messageTypes = fc.constantFrom('17', '19', '20', '21', '22');
    fc.assert(
      fc.property(fc.nat(csr.length - 1), fc.nat(255), messageTypes, (at, octet, messageType) => {
        const inner = Buffer.from(csr);
        inner[at] = octet;
        const content = createEnvelopedData({ content: inner, recipients: [certificate] });
        readEverything(sealPkiEnvelope({ ...basics, messageType, content }));
      }),
      { numRuns: 60 },
    );
  });
});
