import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';

import { apnsErrors } from './apns.errors.js';

/** The MDM push certificate and its private key, both PEM. The certificate may be followed by its chain. */
export interface PushCredentials {
  readonly certificate: string;
  readonly key: string;
}

/** What is known of a push certificate, free of secrets. */
export interface PushCertificate {
  /** Subject UID (0.9.2342.19200300.100.1.1), `com.apple.mgmt.External.<uuid>`: the topic of every push. */
  readonly topic: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
}

function parse<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw apnsErrors.ESP_APNS_CERTIFICATE_INVALID({ detail: `The ${what} is not readable PEM.`, cause });
  }
}

/**
 * Reads topic and validity from push credentials.
 *
 * @throws ESP_APNS_CERTIFICATE_INVALID where the PEM is unreadable, the key is another certificate's, or the
 * subject has not exactly one UID
 */
export function readPushCertificate(credentials: PushCredentials): PushCertificate {
  const certificate = parse('certificate', () => new X509Certificate(credentials.certificate));
  const key: KeyObject = parse('private key', () => createPrivateKey(credentials.key));
  if (!certificate.checkPrivateKey(key)) {
    throw apnsErrors.ESP_APNS_CERTIFICATE_INVALID({ detail: 'The private key is not the certificate’s.' });
  }
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, unknown> | undefined;
  const topic = subject?.['UID'];
  if (typeof topic !== 'string' || topic === '') {
    throw apnsErrors.ESP_APNS_CERTIFICATE_INVALID({
      detail: 'Its subject has no UID, so it is no MDM push certificate.',
    });
  }
  return {
    topic,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}
