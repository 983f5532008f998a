import { createHash } from 'node:crypto';
import { createPublicKeyCache, verifySignedData, type PublicKeyCache } from '@espalier/cms';
import type { DeviceRequest } from '@espalier/dmz-link';
import { checkIssued, fingerprint, parseCertificate, type Certificate } from '@espalier/x509';
import { identityErrors } from './identity.errors.js';

/** A certificate that our CA issued and whose key the sender proved to hold. Whose it is, the pin decides. */
export interface DeviceIdentity {
  /** SHA-256 of the certificate's DER, lower-case hex. */
  readonly fingerprint: string;
  readonly notAfter: Date;
  /** How it was proven. */
  readonly proof: 'signature' | 'mtls';
}

export interface IdentityOptions {
  readonly ca: Certificate;
  /** True accepts signed messages only: what the DMZ says about client certificates then counts for nothing. */
  readonly requireSignature: boolean;
  readonly now: () => Date;
}

/** Certificates whose issuance was checked are remembered: the check costs more than all the rest of an Idle. */
const REMEMBERED = 20_000;
/** Base64 of a CMS message with one RSA-4096 certificate stays well below. */
const MAX_SIGNATURE_HEADER = 24_000;

/** Finds out which identity sent a message, by Mdm-Signature or by the TLS client certificate. */
export class IdentityService {
  readonly #options: IdentityOptions;
  readonly #keys: PublicKeyCache = createPublicKeyCache(REMEMBERED);
  readonly #issued = new Map<string, Date>();

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  /**
   * @param body the untouched bytes that the signature is over
   * @throws EspalierError ESP_MDM_IDENTITY_MISSING, ESP_MDM_IDENTITY_INVALID
   */
  identify(request: Pick<DeviceRequest, 'headers' | 'clientCertificate'>, body: Buffer): DeviceIdentity {
    const signature = request.headers['mdm-signature'];
    if (signature !== undefined) return this.#bySignature(signature, body);
    if (request.clientCertificate !== undefined && !this.#options.requireSignature)
      return this.#trusted(request.clientCertificate, 'mtls');
    throw identityErrors.ESP_MDM_IDENTITY_MISSING();
  }

  #bySignature(header: string, body: Buffer): DeviceIdentity {
    if (header.length > MAX_SIGNATURE_HEADER)
      throw identityErrors.ESP_MDM_IDENTITY_INVALID({ detail: 'Mdm-Signature is too long.' });
    let signer: Buffer;
    try {
      signer = verifySignedData({
        signedData: Buffer.from(header, 'base64'),
        content: body,
        publicKeyCache: this.#keys,
      }).signerCertificate;
    } catch (error) {
      throw identityErrors.ESP_MDM_IDENTITY_INVALID({
        detail: 'Mdm-Signature does not fit the message.',
        cause: error,
      });
    }
    return this.#trusted(signer, 'signature');
  }

  /**
   * An identity past its end is accepted: pins make it exact, and a device that slept through its renewal must be
   * able to come back for a new one. New enrolments check the time (see CheckinService).
   */
  #trusted(der: Buffer, proof: DeviceIdentity['proof']): DeviceIdentity {
    const print = fingerprint(der);
    const known = this.#issued.get(print);
    if (known !== undefined) return { fingerprint: print, notAfter: known, proof };
    try {
      const certificate = parseCertificate(der);
      checkIssued(certificate, this.#options.ca, {
        now: this.#options.now(),
        eku: 'clientAuth',
        allowExpired: true,
      });
      if (certificate.isCa) throw new Error('A CA is not a device.');
      if (this.#issued.size >= REMEMBERED) this.#issued.delete(this.#issued.keys().next().value as string);
      this.#issued.set(print, certificate.notAfter);
      return { fingerprint: print, notAfter: certificate.notAfter, proof };
    } catch (error) {
      throw identityErrors.ESP_MDM_IDENTITY_INVALID({
        detail: 'The certificate was not issued for this site.',
        cause: error,
      });
    }
  }
}

/** Hash under which one-time secrets (challenges, link tokens) are stored. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}
