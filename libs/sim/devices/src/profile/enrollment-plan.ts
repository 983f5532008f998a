import { ConfigProfileError, readProfile } from '@espalier/config-profile';
import { readDict, type DictReader, type PlistValue } from '@espalier/plist';
import { encodePem, parseCertificate, X509Error } from '@espalier/x509';
import { simErrors } from '../sim-devices.errors.js';

/** The `com.apple.security.scep` payload. */
export interface ScepPlan {
  readonly url: string;
  readonly name: string | undefined;
  readonly challenge: string | undefined;
  /** Type and value of each attribute, variables not yet filled in. */
  readonly subject: readonly (readonly [type: string, value: string])[];
  readonly san: {
    readonly dns: readonly string[];
    readonly email: readonly string[];
    readonly uri: readonly string[];
  };
  /** RSA bits. */
  readonly keySize: number;
  readonly caFingerprint: Buffer | undefined;
  /** Polls while the server says PENDING. */
  readonly retries: number;
  readonly retryDelaySeconds: number;
}

/** What an enrolment profile makes a device do. */
export interface EnrollmentPlan {
  /** `PayloadIdentifier` and `PayloadUUID` of the profile. */
  readonly identifier: string;
  readonly uuid: string;
  readonly topic: string;
  readonly serverUrl: string;
  readonly checkInUrl: string;
  readonly signMessage: boolean;
  readonly checkOutWhenRemoved: boolean;
  readonly accessRights: number;
  readonly scep: ScepPlan;
  /** PEM of the roots that the profile makes the device trust. */
  readonly roots: readonly string[];
  /** Hex SHA-256 of the certificate that signed the profile. */
  readonly signer: string | undefined;
}

/** What stays of importance once a device is enrolled. */
export type ManagementPlan = Omit<EnrollmentPlan, 'scep'>;

/** Apple's defaults of com.apple.security.scep: the key size is theirs too, and servers refuse it. */
const SCEP_DEFAULTS = { keySize: 1024, retries: 3, retryDelaySeconds: 10 };
const KEY_SIZES = [1024, 2048, 4096];

/** @throws EspalierError ESP_SIM_PROFILE_REFUSED: the bytes are no profile, or none that a device could enrol by */
export function readEnrollmentPlan(bytes: Uint8Array): EnrollmentPlan {
  try {
    return readPlan(bytes);
  } catch (error) {
    if (!(error instanceof ConfigProfileError) && !(error instanceof X509Error)) throw error;
    throw simErrors.ESP_SIM_PROFILE_REFUSED({ detail: error.message, cause: error });
  }
}

function readPlan(bytes: Uint8Array): EnrollmentPlan {
  const profile = readProfile(bytes);
  if (profile.encrypted)
    throw new ConfigProfileError('An encrypted profile cannot be opened before enrolment');
  const content = profile.profile['PayloadContent'] as readonly PlistValue[];
  const payloads = content.map((payload, index) =>
    readDict(payload, `PayloadContent[${index}]`, (key, problem) => new ConfigProfileError(problem, key)),
  );
  const mdm = theOnly(payloads, 'com.apple.mdm');
  const serverUrl = readUrl(mdm, 'ServerURL', ['https:']);
  return {
    identifier: profile.identifier,
    uuid: profile.uuid,
    topic: readTopic(mdm),
    serverUrl,
    checkInUrl: mdm.has('CheckInURL') ? readUrl(mdm, 'CheckInURL', ['https:']) : serverUrl,
    signMessage: mdm.optionalBoolean('SignMessage') ?? false,
    checkOutWhenRemoved: mdm.optionalBoolean('CheckOutWhenRemoved') ?? false,
    accessRights: readAccessRights(mdm),
    scep: readScep(identityPayload(payloads, mdm)),
    roots: payloads
      .filter((payload) => payload.string('PayloadType') === 'com.apple.security.root')
      .map(readRoot),
    signer: profile.signature?.signerFingerprint,
  };
}

function theOnly(payloads: readonly DictReader[], type: string): DictReader {
  const [found, ...more] = payloads.filter((payload) => payload.string('PayloadType') === type);
  if (found === undefined) throw new ConfigProfileError(`There is no ${type} payload`);
  if (more.length > 0) throw new ConfigProfileError(`There are ${more.length + 1} ${type} payloads`);
  return found;
}

function identityPayload(payloads: readonly DictReader[], mdm: DictReader): DictReader {
  const uuid = mdm.string('IdentityCertificateUUID').toUpperCase();
  const found = payloads.find((payload) => payload.string('PayloadUUID').toUpperCase() === uuid);
  if (found === undefined) return mdm.refuse('IdentityCertificateUUID', 'names no payload of this profile');
  const type = found.string('PayloadType');
  if (type !== 'com.apple.security.scep')
    return mdm.refuse('IdentityCertificateUUID', `names a ${type} payload; simulated devices know SCEP only`);
  return found.dict('PayloadContent');
}

function readTopic(mdm: DictReader): string {
  const topic = mdm.string('Topic');
  return /^com\.apple\.mgmt\.\S+$/.test(topic)
    ? topic
    : mdm.refuse('Topic', 'must begin with com.apple.mgmt.');
}

/** com.apple.mdm: 2 (change profiles) needs 1 (see them), 128 needs 64. */
function readAccessRights(mdm: DictReader): number {
  const rights = mdm.integer('AccessRights');
  const has = (bit: number): boolean => (rights & bit) !== 0;
  if (rights < 1 || rights > 8191 || (has(2) && !has(1)) || (has(128) && !has(64)))
    return mdm.refuse('AccessRights', 'is not a set of rights that Apple allows');
  return rights;
}

function readScep(scep: DictReader): ScepPlan {
  const keyType = scep.optionalString('Key Type') ?? scep.optionalString('KeyType') ?? 'RSA';
  if (keyType !== 'RSA') scep.refuse('Key Type', 'must be RSA');
  const keySize = scep.optionalInteger('Keysize') ?? SCEP_DEFAULTS.keySize;
  if (!KEY_SIZES.includes(keySize)) scep.refuse('Keysize', `must be one of ${KEY_SIZES.join(', ')}`);
  const alternative = scep.optionalDict('SubjectAltName');
  return {
    url: readUrl(scep, 'URL', ['https:', 'http:']),
    name: scep.optionalString('Name'),
    challenge: scep.optionalString('Challenge'),
    subject: readSubject(scep),
    san: {
      dns: oneOrMany(alternative, 'dNSName'),
      email: oneOrMany(alternative, 'rfc822Name'),
      uri: oneOrMany(alternative, 'uniformResourceIdentifier'),
    },
    keySize,
    caFingerprint: scep.optionalData('CAFingerprint'),
    retries: scep.optionalInteger('Retries') ?? SCEP_DEFAULTS.retries,
    retryDelaySeconds: scep.optionalInteger('RetryDelay') ?? SCEP_DEFAULTS.retryDelaySeconds,
  };
}

/** An array of RDNs, each an array of [type, value] pairs. */
function readSubject(scep: DictReader): (readonly [string, string])[] {
  return (scep.optionalArray('Subject') ?? []).flatMap((rdn) => {
    if (!Array.isArray(rdn)) return scep.refuse('Subject', 'must be an array of arrays of pairs');
    return rdn.map((pair: PlistValue) => {
      const [type, value] = Array.isArray(pair) ? pair : [];
      return typeof type === 'string' && typeof value === 'string' && value !== ''
        ? ([type, value] as const)
        : scep.refuse('Subject', 'must be an array of arrays of pairs');
    });
  });
}

function oneOrMany(dict: DictReader | undefined, key: string): string[] {
  const value = dict?.value(key);
  if (dict === undefined || value === undefined) return [];
  return typeof value === 'string' ? [value] : dict.strings(key);
}

function readUrl(dict: DictReader, key: string, protocols: readonly string[]): string {
  const url = URL.parse(dict.string(key));
  if (url === null || !protocols.includes(url.protocol))
    return dict.refuse(key, `must be an absolute URL with ${protocols.join(' or ')}`);
  return url.href;
}

function readRoot(payload: DictReader): string {
  const der = payload.data('PayloadContent');
  const text = der.toString('latin1', 0, 11) === '-----BEGIN ' ? der.toString('latin1') : undefined;
  if (text !== undefined) return text;
  parseCertificate(der);
  return encodePem('CERTIFICATE', der);
}

/** Whether a profile that is to be installed would enrol the device a second time. */
export function holdsEnrollment(profile: {
  readonly payloads: readonly { readonly type: string }[];
}): boolean {
  return profile.payloads.some(({ type }) => type === 'com.apple.mdm');
}
