import { buildPlist, PlistError, type PlistInputDict } from '@espalier/plist';
import { ConfigProfileError } from './config-profile.error.js';

/**
 * Writes a profile as an XML .mobileconfig.
 *
 * @throws ConfigProfileError if it holds what a property list cannot carry
 */
export function encodeProfile(profile: PlistInputDict): Buffer {
  try {
    return buildPlist(profile);
  } catch (error) {
    if (!(error instanceof PlistError)) throw error;
    throw new ConfigProfileError(`The profile cannot be written: ${error.message}`, undefined, {
      cause: error,
    });
  }
}
