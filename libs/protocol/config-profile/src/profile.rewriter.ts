import { isDeepStrictEqual } from 'node:util';
import { parsePlist, PlistError, type PlistDict } from '@espalier/plist';
import { encodeProfile } from './profile.writer.js';

/** What the top level of a deployed profile must say. */
export interface TopLevel {
  readonly PayloadUUID: string;
  readonly PayloadScope: 'System' | 'User';
}

/** A UUID that stands at more places than these is not worth looking for. */
const MAX_PLACES = 20;

/**
 * A plain profile with other values at its top level, and every other byte as it was: a property list that is read
 * and written again may lose the difference between `<real>1</real>` and `<integer>1</integer>`. Only where the
 * place cannot be found (entities, CDATA) is it written anew.
 *
 * @param uuid the PayloadUUID that it has
 */
export function rewriteTopLevel(content: Buffer, profile: PlistDict, uuid: string, top: TopLevel): Buffer {
  const wanted = Object.assign(Object.create(null) as PlistDict, profile, top);
  const scope = Object.hasOwn(profile, 'PayloadScope')
    ? ''
    : `<key>PayloadScope</key><string>${top.PayloadScope}</string>`;
  const end = '</string>';
  const old = Buffer.from(`>${uuid}${end}`);
  const replacement = Buffer.from(`>${top.PayloadUUID}${end}${scope}`);
  let at = content.indexOf(old);
  for (let place = 0; place < MAX_PLACES && at >= 0; place += 1) {
    const spliced = Buffer.concat([content.subarray(0, at), replacement, content.subarray(at + old.length)]);
    if (holds(spliced, wanted)) return spliced;
    at = content.indexOf(old, at + 1);
  }
  return encodeProfile(wanted);
}

function holds(content: Buffer, wanted: PlistDict): boolean {
  try {
    return isDeepStrictEqual(parsePlist(content), wanted);
  } catch (error) {
    if (error instanceof PlistError) return false;
    throw error;
  }
}
