import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Identity } from '@espalier/cms';
import { createCertificate, createSelfSigned, type NameInput, parseCertificate } from '@espalier/x509';
import { buildCertRep, type EnrollmentRequest, parsePkiMessage, ScepError } from './index.js';

/** A CA for specs with an RSA key, as SCEP needs. */
export interface SpecCa {
  readonly identity: Identity;
  /** A self-signed client certificate on the one RSA key of clients. */
  selfSigned(subject: NameInput): Identity;
  issue(request: EnrollmentRequest): Buffer;
}

const notBefore = new Date(Date.now() - 600_000);
const notAfter = new Date(Date.now() + 365 * 86_400_000);

/** Two RSA keys are made once: one for the CA, one for all clients. */
export function createSpecCa(): SpecCa & { readonly clientKey: KeyObject } {
  const caKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const clientKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const certificate = createSelfSigned({
    subject: { O: 'Espalier', CN: 'Spec CA' },
    key: caKey,
    notBefore,
    notAfter,
    extensions: {
      basicConstraints: { ca: true },
      keyUsage: ['keyCertSign', 'digitalSignature', 'keyEncipherment'],
    },
  });
  return {
    identity: { certificate, key: caKey },
    clientKey,
    selfSigned: (subject) => ({
      key: clientKey,
      certificate: createSelfSigned({ subject, key: clientKey, notBefore, notAfter }),
    }),
    issue: ({ csr }) =>
      createCertificate({
        subject: csr.subject,
        issuer: parseCertificate(certificate),
        publicKey: csr.publicKey,
        signingKey: caKey,
        notBefore,
        notAfter,
        extensions: { keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] },
      }),
  };
}

/** A whole SCEP server decision on one message: the challenge decides. */
export function answerPkiOperation(ca: SpecCa, message: Uint8Array, challenge: string): Buffer {
  const { certificate, key } = ca.identity;
  try {
    const request = parsePkiMessage(message, { recipientCertificate: certificate, recipientKey: key });
    const enrolls = request.messageType === 'PKCSReq' || request.messageType === 'RenewalReq';
    return enrolls && request.csr.challengePassword === challenge
      ? buildCertRep({
          status: 'SUCCESS',
          request,
          signer: ca.identity,
          certificate: ca.issue(request),
          chain: [certificate],
        })
      : buildCertRep({ status: 'FAILURE', request, signer: ca.identity, failInfo: 'badRequest' });
  } catch (error) {
    if (!(error instanceof ScepError) || error.request === undefined) throw error;
    const { request, failInfo } = error;
    return buildCertRep({ status: 'FAILURE', request, signer: ca.identity, failInfo });
  }
}
