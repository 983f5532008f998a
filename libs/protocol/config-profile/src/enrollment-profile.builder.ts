import type { PlistDict, PlistValue } from '@espalier/plist';
import { fingerprint, nameValue, parseCertificate, X509Error, type Certificate } from '@espalier/x509';
import { ConfigProfileError } from './config-profile.error.js';
import { checkEnrollmentOptions } from './enrollment-profile.check.js';
import type { EnrollmentProfileOptions, ScepPayloadOptions } from './enrollment-profile.options.js';
import { stableUuid, type PayloadUuidSource } from './payload-uuid.js';

const allAccessRights = 8191;
const signingAndEncryption = 5;

/**
 * Builds the profile by which a device enrols: its identity (SCEP), the management payload that refers to it, and
 * the CA certificates that it is to trust. Write it with {@link encodeProfile}, sign it with {@link signProfile}.
 *
 * @throws ConfigProfileError naming the option that a device would refuse
 */
export function buildEnrollmentProfile(options: EnrollmentProfileOptions): PlistDict {
  checkEnrollmentOptions(options);
  const { identifier, organization, uuid = stableUuid } = options;
  const scep = scepPayload(`${identifier}.scep`, options.scep, uuid);
  const mdm = mdmPayload(`${identifier}.mdm`, options, scep['PayloadUUID'] as string, uuid);
  const cas = caPayloads(identifier, options.caCertificates ?? [], uuid);
  return dict({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuid(identifier),
    PayloadDisplayName: options.displayName,
    PayloadDescription: options.description,
    PayloadOrganization: organization,
    PayloadScope: 'System',
    PayloadRemovalDisallowed: options.removalDisallowed ?? false,
    PayloadContent: [...cas, scep, mdm],
  });
}

function scepPayload(identifier: string, scep: ScepPayloadOptions, uuid: PayloadUuidSource): PlistDict {
  return dict({
    ...payloadHeader('com.apple.security.scep', identifier, 'Device identity', uuid),
    PayloadContent: dict({
      URL: scep.url,
      Name: scep.name,
      Challenge: scep.challenge,
      Subject: scep.subject.map(([type, value]) => [[type, value]]),
      Keysize: scep.keySize ?? 2048,
      'Key Type': 'RSA',
      'Key Usage': scep.keyUsage ?? signingAndEncryption,
      CAFingerprint: scep.caFingerprint && Buffer.from(scep.caFingerprint),
      Retries: scep.retries,
      RetryDelay: scep.retryDelay,
      KeyIsExtractable: false,
    }),
  });
}

function mdmPayload(
  identifier: string,
  options: EnrollmentProfileOptions,
  identityUuid: string,
  uuid: PayloadUuidSource,
): PlistDict {
  const capabilities = options.serverCapabilities ?? [];
  return dict({
    ...payloadHeader('com.apple.mdm', identifier, 'Device management', uuid),
    IdentityCertificateUUID: identityUuid,
    Topic: options.topic,
    ServerURL: options.serverUrl,
    CheckInURL: options.checkInUrl,
    SignMessage: options.signMessage ?? false,
    CheckOutWhenRemoved: options.checkOutWhenRemoved ?? true,
    AccessRights: options.accessRights ?? allAccessRights,
    ServerCapabilities: capabilities.length === 0 ? undefined : [...capabilities],
  });
}

/** The identifier holds the fingerprint, so that a CA keeps its payload when others come and go. */
function caPayloads(
  identifier: string,
  certificates: readonly Uint8Array[],
  uuid: PayloadUuidSource,
): PlistDict[] {
  const payloads = new Map<string, PlistDict>();
  certificates.forEach((der, index) => {
    const certificate = readCertificate(der, `caCertificates[${index}]`);
    const payloadIdentifier = `${identifier}.ca.${fingerprint(certificate.raw).slice(0, 32)}`;
    if (payloads.has(payloadIdentifier))
      throw new ConfigProfileError('stands twice', `caCertificates[${index}]`);
    const selfIssued = certificate.issuer.raw.equals(certificate.subject.raw);
    const type = selfIssued ? 'com.apple.security.root' : 'com.apple.security.pkcs1';
    const name = nameValue(certificate.subject, 'CN') ?? 'Certificate authority';
    payloads.set(
      payloadIdentifier,
      dict({ ...payloadHeader(type, payloadIdentifier, name, uuid), PayloadContent: certificate.raw }),
    );
  });
  return [...payloads.values()];
}

function readCertificate(der: Uint8Array, key: string): Certificate {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof X509Error)
      throw new ConfigProfileError('is not a DER certificate', key, { cause: error });
    throw error;
  }
}

function payloadHeader(
  type: string,
  identifier: string,
  displayName: string,
  uuid: PayloadUuidSource,
): PlistDict {
  return {
    PayloadType: type,
    PayloadVersion: 1,
    PayloadIdentifier: identifier,
    PayloadUUID: uuid(identifier),
    PayloadDisplayName: displayName,
  };
}

function dict(entries: Readonly<Record<string, PlistValue | undefined>>): PlistDict {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, PlistValue] => entry[1] !== undefined),
  );
}
