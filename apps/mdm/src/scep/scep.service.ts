import { createHash } from 'node:crypto';
import type { Database } from '@espalier/persistence';
import {
  buildCertRep,
  parsePkiMessage,
  ScepError,
  type EnrollmentRequest,
  type FailInfo,
  type PkiRequestHeader,
} from '@espalier/scep';
import type { Logger } from '@espalier/service-kit';
import { exportSpki, fingerprint, importSpki, nameValue, readIssuerAndSerial } from '@espalier/x509';
import { secretHash } from '../identity/identity.service.js';
import type { CertificateAuthority } from './certificate-authority.js';
import type { ScepStore } from './scep.store.js';

export interface ScepServiceOptions {
  readonly db: Database;
  readonly store: ScepStore;
  readonly ca: CertificateAuthority;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** What became of a PKIOperation, for metrics: a FailInfo or `issued`. */
export interface ScepOutcome {
  readonly reply: Buffer;
  readonly result: 'issued' | FailInfo;
}

const LEAST_RSA_BITS = 2048;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1']);

/** Decides who gets a device identity (RFC 8894 §3.3). */
export class ScepService {
  constructor(private readonly options: ScepServiceOptions) {}

  /**
   * Answers a pkiMessage. What can be told to the client in SCEP's own words is a reply; the rest is thrown.
   * @throws ScepError where no CertRep can be sent
   */
  async operate(message: Buffer): Promise<ScepOutcome> {
    const { ca } = this.options;
    try {
      const request = parsePkiMessage(message, {
        recipientCertificate: ca.certificate.raw,
        recipientKey: ca.key,
      });
      if (request.messageType !== 'PKCSReq' && request.messageType !== 'RenewalReq')
        return this.#refuse(request, 'badRequest');
      return await this.#enroll(request);
    } catch (error) {
      if (error instanceof ScepError && error.request !== undefined && error.failInfo !== undefined)
        return this.#refuse(error.request, error.failInfo);
      throw error;
    }
  }

  /** Apple devices renew with PKCSReq and a challenge too: the challenge decides in both cases. */
  async #enroll(request: EnrollmentRequest): Promise<ScepOutcome> {
    const { db, store, ca, logger } = this.options;
    const { publicKey, challengePassword, subject } = request.csr;
    if (challengePassword === undefined) return this.#refuse(request, 'badRequest');
    const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
    const strong =
      asymmetricKeyType === 'rsa'
        ? (asymmetricKeyDetails?.modulusLength ?? 0) >= LEAST_RSA_BITS
        : asymmetricKeyType === 'ec' && CURVES.has(asymmetricKeyDetails?.namedCurve ?? '');
    // The reply is encrypted to this key: nothing is issued that could not be sent.
    const recipient = importSpki(readIssuerAndSerial(request.signerCertificate).spki);
    if (!strong || recipient.asymmetricKeyType !== 'rsa') return this.#refuse(request, 'badAlg');
    const challengeHash = secretHash(challengePassword);
    const publicKeyHash = createHash('sha256').update(exportSpki(publicKey)).digest('hex');
    const { transactionId } = request;
    const now = this.options.now().getTime();
    // Consumed and recorded together: no challenge makes two certificates, and no certificate exists unrecorded.
    const der = await db.transaction(async (tx) => {
      if (!(await store.consume(tx, challengeHash, 'enroll', now)))
        return store.issuedBefore(tx, { challengeHash, transactionId, publicKeyHash });
      const issued = ca.issue(publicKey, nameValue(subject, 'CN'));
      await store.addCertificate(tx, {
        serial: issued.certificate.serial,
        fingerprint: fingerprint(issued.der),
        subject: issued.subject,
        notBefore: issued.certificate.notBefore.getTime(),
        notAfter: issued.certificate.notAfter.getTime(),
        issuedAt: now,
        transactionId,
        publicKeyHash,
        challengeHash,
        certificate: issued.der,
      });
      return issued.der;
    });
    if (der === undefined) {
      logger.warn({ transactionId }, 'a SCEP request was refused: its challenge is unknown, used or expired');
      return this.#refuse(request, 'badRequest');
    }
    const reply = buildCertRep({
      request,
      signer: this.#signer(),
      status: 'SUCCESS',
      certificate: der,
      signingTime: this.options.now(),
    });
    return { reply, result: 'issued' };
  }

  #refuse(request: PkiRequestHeader, failInfo: FailInfo): ScepOutcome {
    const reply = buildCertRep({
      request,
      signer: this.#signer(),
      status: 'FAILURE',
      failInfo,
      signingTime: this.options.now(),
    });
    return { reply, result: failInfo };
  }

  #signer(): Parameters<typeof buildCertRep>[0]['signer'] {
    return { certificate: this.options.ca.certificate.raw, key: this.options.ca.key };
  }
}
