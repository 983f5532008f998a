import {
  parsePlist,
  PlistError,
  readDict,
  type DictReader,
  type PlistDict,
  type PlistLimits,
} from '@espalier/plist';
import { ConfigProfileError } from './config-profile.error.js';
import { openSignature, type ProfileSignature } from './profile.signature.js';

/** One payload of a profile. */
export interface PayloadSummary {
  /** Apple's type, such as `com.apple.wifi.managed`. */
  readonly type: string;
  readonly identifier: string;
  readonly uuid: string;
  readonly displayName?: string;
}

/** What a .mobileconfig says of itself. */
export interface ProfileSummary {
  /** `PayloadIdentifier`: a profile with the same one is replaced. */
  readonly identifier: string;
  readonly uuid: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly organization?: string;
  /** Where a Mac installs it; devices choose without one. */
  readonly scope?: 'System' | 'User';
  readonly removalDisallowed: boolean;
  /** The payloads are encrypted for one device and cannot be listed. */
  readonly encrypted: boolean;
  readonly payloads: readonly PayloadSummary[];
  /** Absent for a plain profile. That the signature holds is checked; whether its signer is trusted is not. */
  readonly signature?: ProfileSignature;
  /** The profile without its signature. */
  readonly content: Buffer;
  /** The whole profile as read. */
  readonly profile: PlistDict;
}

/**
 * Reads a configuration profile, plain or signed (CMS).
 *
 * @throws ConfigProfileError if it is none, a required key is missing or wrong, two payloads have the same UUID, or
 * the signature does not hold
 */
export function readProfile(bytes: Uint8Array, limits?: Partial<PlistLimits>): ProfileSummary {
  const { content, signature } = openSignature(bytes, limits?.maxBytes);
  const profile = readDict(
    parse(content, limits),
    '',
    (key, problem) => new ConfigProfileError(problem, key),
  );
  const type = profile.optionalString('PayloadType');
  if (type !== 'Configuration') {
    throw new ConfigProfileError(
      'is not "Configuration": this is not a configuration profile',
      'PayloadType',
    );
  }
  const encrypted = profile.optionalBoolean('IsEncrypted') ?? false;
  const scope = readScope(profile);
  const optional = readOptionalTexts(profile);
  return {
    identifier: requiredText(profile, 'PayloadIdentifier'),
    uuid: requiredText(profile, 'PayloadUUID'),
    ...optional,
    ...(scope !== undefined && { scope }),
    removalDisallowed: profile.optionalBoolean('PayloadRemovalDisallowed') ?? false,
    encrypted,
    payloads: encrypted ? [] : readPayloads(profile),
    ...(signature !== undefined && { signature }),
    content,
    profile: profile.source,
  };
}

function parse(content: Buffer, limits?: Partial<PlistLimits>): ReturnType<typeof parsePlist> {
  try {
    return parsePlist(content, limits);
  } catch (error) {
    if (!(error instanceof PlistError)) throw error;
    throw new ConfigProfileError(`Not a configuration profile: ${error.message}`, undefined, {
      cause: error,
    });
  }
}

function readPayloads(profile: DictReader): PayloadSummary[] {
  profile.array('PayloadContent');
  const firstWithUuid = new Map<string, number>();
  return profile.dicts('PayloadContent').map((payload, index) => {
    const uuid = requiredText(payload, 'PayloadUUID');
    const first = firstWithUuid.get(uuid.toUpperCase());
    if (first !== undefined) {
      throw new ConfigProfileError(
        `is also that of PayloadContent[${first}]`,
        `PayloadContent[${index}].PayloadUUID`,
      );
    }
    firstWithUuid.set(uuid.toUpperCase(), index);
    const displayName = payload.optionalString('PayloadDisplayName');
    return {
      type: requiredText(payload, 'PayloadType'),
      identifier: requiredText(payload, 'PayloadIdentifier'),
      uuid,
      ...(displayName !== undefined && { displayName }),
    };
  });
}

function readOptionalTexts(
  profile: DictReader,
): Pick<ProfileSummary, 'displayName' | 'description' | 'organization'> {
  const displayName = profile.optionalString('PayloadDisplayName');
  const description = profile.optionalString('PayloadDescription');
  const organization = profile.optionalString('PayloadOrganization');
  return {
    ...(displayName !== undefined && { displayName }),
    ...(description !== undefined && { description }),
    ...(organization !== undefined && { organization }),
  };
}

function readScope(profile: DictReader): 'System' | 'User' | undefined {
  const scope = profile.optionalString('PayloadScope');
  if (scope === undefined || scope === 'System' || scope === 'User') return scope;
  throw new ConfigProfileError('must be System or User', 'PayloadScope');
}

function requiredText(dict: DictReader, key: string): string {
  const value = dict.string(key);
  return value.trim() === '' ? dict.refuse(key, 'must not be empty') : value;
}
