import {
  buildCaCertReply,
  buildCertRep,
  formatCapabilities,
  parsePkiMessage,
  scepContentTypes,
} from '@espalier/scep';
import { createCertificate } from '@espalier/x509';
import type { ServerIdentities } from './server-identities.js';

/** A whole answer of the server. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

const DAY_MS = 86_400_000;

/** A SCEP server: a challenge is good once. */
export class StrictScep {
  /** Challenges not used yet. */
  readonly challenges = new Set<string>();
  issued = 0;

  constructor(private readonly ca: ServerIdentities['scepCa']) {}

  answer(method: string, query: URLSearchParams, body: Buffer): Answer {
    switch (query.get('operation')) {
      case 'GetCACaps':
        return content(
          scepContentTypes.capabilities,
          formatCapabilities(['SHA-256', 'AES', 'SCEPStandard', 'POSTPKIOperation']),
        );
      case 'GetCACert': {
        const reply = buildCaCertReply([this.ca.certificate.raw]);
        return content(reply.contentType, reply.body);
      }
      case 'PKIOperation':
        return method === 'POST'
          ? content(scepContentTypes.pkiMessage, this.#operate(body))
          : { status: 405 };
      default:
        return { status: 400 };
    }
  }

  #operate(message: Buffer): Buffer {
    const { certificate: ca, key } = this.ca;
    const signer = { certificate: ca.raw, key };
    const request = parsePkiMessage(message, { recipientCertificate: ca.raw, recipientKey: key });
    if (request.messageType !== 'PKCSReq') throw new Error(`${request.messageType} was not expected`);
    const { csr } = request;
    if (!this.challenges.delete(csr.challengePassword ?? ''))
      return buildCertRep({
        request,
        signer,
        status: 'FAILURE',
        failInfo: 'badRequest',
        failInfoText: 'challenge',
      });
    this.issued += 1;
    const certificate = createCertificate({
      subject: csr.subject,
      issuer: ca,
      publicKey: csr.publicKey,
      signingKey: key,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 30 * DAY_MS),
      extensions: { keyUsage: ['digitalSignature'], extendedKeyUsage: ['clientAuth'] },
    });
    return buildCertRep({ request, signer, status: 'SUCCESS', certificate });
  }
}

function content(type: string, body: Uint8Array | string): Answer {
  return { status: 200, headers: { 'content-type': type }, body };
}
