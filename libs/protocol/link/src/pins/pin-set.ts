import { createHash, X509Certificate } from 'node:crypto';
import { LinkError } from '../link-error.js';

/** `next` is accepted like `active` while a key is being changed; `revoked` is refused even where it matches. */
export type PinStatus = 'active' | 'next' | 'revoked';

/** One certificate that the peer may show. */
export interface PinnedPeer {
  /** Self-signed certificate, PEM: TLS verifies against it before any data flows. */
  readonly certificate: string;
  /** {@link spkiPin} of the certificate, where the configuration states it too; must then agree. */
  readonly spki?: string;
  readonly status: PinStatus;
}

export type PinRefusal = 'no_certificate' | 'wrong_certificate' | 'revoked' | 'expired' | 'not_yet_valid';

export type PinVerdict =
  { readonly ok: true; readonly spki: string } | { readonly ok: false; readonly reason: PinRefusal };

/** Base64 of the SHA-256 of the SubjectPublicKeyInfo (as in RFC 7469 §2.4): survives renewal with the same key. */
export function spkiPin(certificate: X509Certificate): string {
  return createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

const MAX_CLOCK_SKEW_MS = 5 * 60_000;
const MAX_LIVE_PINS = 3;

interface Pin {
  readonly pem: string;
  readonly spki: string;
  readonly status: PinStatus;
  readonly notAfter: Date;
}

/** The pins of one peer: at most three that are accepted, any number that are revoked. */
export class PinSet {
  readonly #pins: readonly Pin[];

  /** @throws LinkError PIN where a certificate cannot be read, disagrees with its SPKI, or there are too many */
  constructor(peers: readonly PinnedPeer[]) {
    this.#pins = peers.map(readPin);
    const live = this.#pins.filter((pin) => pin.status !== 'revoked');
    if (live.length === 0 || live.length > MAX_LIVE_PINS)
      throw new LinkError(
        'PIN',
        `a peer has 1 to ${MAX_LIVE_PINS} pins that are not revoked, not ${live.length}`,
      );
  }

  /** PEM certificates for `ca` of TLS: all but the revoked. */
  get trusted(): string[] {
    return this.#pins.filter((pin) => pin.status !== 'revoked').map((pin) => pin.pem);
  }

  /** SPKI pins that are accepted. */
  get accepted(): { readonly spki: string; readonly status: PinStatus; readonly notAfter: Date }[] {
    return this.#pins.filter((pin) => pin.status !== 'revoked');
  }

  /** Judges what the peer proved to hold. Call it on every connection: TLS alone knows no `revoked`. */
  check(certificate: X509Certificate | undefined, now: Date): PinVerdict {
    if (certificate === undefined) return { ok: false, reason: 'no_certificate' };
    const spki = spkiPin(certificate);
    const matching = this.#pins.filter((pin) => pin.spki === spki);
    if (matching.length === 0) return { ok: false, reason: 'wrong_certificate' };
    if (matching.some((pin) => pin.status === 'revoked')) return { ok: false, reason: 'revoked' };
    if (now.getTime() > Date.parse(certificate.validTo) + MAX_CLOCK_SKEW_MS)
      return { ok: false, reason: 'expired' };
    if (now.getTime() < Date.parse(certificate.validFrom) - MAX_CLOCK_SKEW_MS)
      return { ok: false, reason: 'not_yet_valid' };
    return { ok: true, spki };
  }
}

function readPin(peer: PinnedPeer): Pin {
  let certificate: X509Certificate;
  let spki: string;
  try {
    certificate = new X509Certificate(peer.certificate);
    spki = spkiPin(certificate);
  } catch (cause) {
    throw new LinkError('PIN', 'a pinned certificate cannot be read', { cause });
  }
  if (peer.spki !== undefined && peer.spki !== spki)
    throw new LinkError(
      'PIN',
      `the certificate ${certificate.subject} has not the SPKI ${peer.spki} but ${spki}`,
    );
  return { pem: peer.certificate, spki, status: peer.status, notAfter: new Date(certificate.validTo) };
}

/** What an error code of Node's TLS says about the peer's pin; undefined where it says nothing of the kind. */
export function pinRefusalOf(code: string | undefined): PinRefusal | undefined {
  switch (code) {
    case 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE':
      return 'no_certificate';
    case 'CERT_HAS_EXPIRED':
      return 'expired';
    case 'CERT_NOT_YET_VALID':
      return 'not_yet_valid';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
    case 'INVALID_PURPOSE':
      return 'wrong_certificate';
    default:
      return undefined;
  }
}
