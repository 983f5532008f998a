import { createHash } from 'node:crypto';
import { readDict, type PlistDict, type PlistLimits } from '@espalier/plist';
import { commonPlatforms, payloadTypeSchema, type ApplePlatform } from './apple-schema/apple-schema.js';
import { limitWarnings, schemaWarnings } from './apple-schema/schema.check.js';
import { ConfigProfileError } from './config-profile.error.js';
import { stableUuid } from './payload-uuid.js';
import { readProfile, type ProfileSummary } from './profile.reader.js';
import { rewriteTopLevel } from './profile.rewriter.js';

/** Where a profile is installed: for the whole device, or for the user of an enrolment. */
export type ProfileScope = 'system' | 'user';

/** A profile that an MDM server can deploy. */
export interface DeployableProfile extends ProfileSummary {
  /**
   * The PayloadUUID that a device shows once it has these very bytes: its own where it is signed, else one that is
   * made of identifier and content, which {@link prepareProfile} sets.
   */
  readonly deployedUuid: string;
  /** Platforms on which Apple's schema has all of its payloads. */
  readonly platforms: readonly ApplePlatform[];
  /** What does not fit Apple's schema: devices may know more, or less. */
  readonly warnings: readonly string[];
}

/** No management payload: enrolment is not deployed, and a second one would replace ours. */
const FORBIDDEN_TYPES: ReadonlySet<string> = new Set(['com.apple.mdm', 'configuration', 'profile service']);
const MAX_IDENTIFIER = 255;
const MAX_UUID = 64;
const PLAIN = /^\P{Cc}*$/u;

/** Keys of every payload (Apple, "CommonPayloadKeys"), and two that Apple's own tools add. */
const COMMON_KEYS: ReadonlySet<string> = new Set([
  'PayloadType',
  'PayloadVersion',
  'PayloadIdentifier',
  'PayloadUUID',
  'PayloadDisplayName',
  'PayloadDescription',
  'PayloadOrganization',
  'PayloadEnabled',
  'PayloadScope',
]);

/**
 * Reads a .mobileconfig, plain or signed, that is to be deployed.
 *
 * @throws ConfigProfileError for what {@link readProfile} refuses, for an encrypted profile, for one with a
 * management payload, and where a key is missing that Apple requires
 */
export function inspectProfile(bytes: Uint8Array, limits?: Partial<PlistLimits>): DeployableProfile {
  refuseBinary(bytes);
  const summary = readProfile(bytes, limits);
  const { identifier, uuid, profile } = summary;
  if (summary.encrypted || Object.hasOwn(profile, 'EncryptedPayloadContent'))
    throw new ConfigProfileError('The profile is encrypted for one device, so it cannot be deployed');
  checkText('PayloadIdentifier', identifier, MAX_IDENTIFIER);
  checkText('PayloadUUID', uuid, MAX_UUID);
  const problem = (key: string, what: string): Error => new ConfigProfileError(what, key);
  const root = readDict(profile, '', problem);
  root.integer('PayloadVersion');
  const payloads = root.dicts('PayloadContent').map((payload, index) => {
    payload.integer('PayloadVersion');
    return inspectPayload(payload.source, `PayloadContent[${index}]`);
  });
  return {
    ...summary,
    deployedUuid: summary.signature === undefined ? uuidOfContent(identifier, bytes) : uuid,
    platforms: commonPlatforms(payloads.map(({ platforms }) => platforms)),
    warnings: limitWarnings(payloads.flatMap(({ warnings }) => warnings)),
  };
}

/**
 * The profile as devices get it: a signed one as it is; a plain one with a PayloadUUID that tells this very content
 * from every other, and with the scope spelt out.
 *
 * @param bytes what {@link inspectProfile} let through
 */
export function prepareProfile(bytes: Uint8Array, scope: ProfileScope): Buffer {
  const { signature, profile, identifier, uuid, content } = readProfile(bytes);
  if (signature !== undefined) return Buffer.from(bytes);
  return rewriteTopLevel(content, profile, uuid, {
    PayloadUUID: uuidOfContent(identifier, content),
    PayloadScope: scope === 'user' ? 'User' : 'System',
  });
}

const uuidOfContent = (identifier: string, bytes: Uint8Array): string =>
  stableUuid(`${identifier}\0${createHash('sha256').update(bytes).digest('hex')}`);

/** Apple's tools write XML; some others write binary property lists, which devices take but we do not read. */
function refuseBinary(bytes: Uint8Array): void {
  if (Buffer.from(bytes.subarray(0, 8)).toString('latin1').startsWith('bplist'))
    throw new ConfigProfileError(
      'The profile is a binary property list; write it as XML (plutil -convert xml1)',
    );
}

function checkText(key: string, value: string, max: number): void {
  if (value.length > max) throw new ConfigProfileError(`is longer than ${max} characters`, key);
  if (!PLAIN.test(value)) throw new ConfigProfileError('must not hold control characters', key);
}

function inspectPayload(
  payload: PlistDict,
  at: string,
): { platforms: readonly ApplePlatform[]; warnings: string[] } {
  const type = payload['PayloadType'] as string;
  if (FORBIDDEN_TYPES.has(type.toLowerCase()))
    throw new ConfigProfileError(`is ${type}, which cannot be deployed`, `${at}.PayloadType`);
  const schema = payloadTypeSchema(type);
  if (schema !== undefined)
    return { platforms: schema.platforms, warnings: schemaWarnings(schema, payload, at, COMMON_KEYS) };
  const shown = JSON.stringify(type.slice(0, 80));
  return {
    // What is no payload type is a preference domain, which only Macs take.
    platforms: ['mac'],
    warnings: [
      `${at} is of type ${shown}, which Apple's schema does not know: a Mac takes it as settings of an app.`,
    ],
  };
}
