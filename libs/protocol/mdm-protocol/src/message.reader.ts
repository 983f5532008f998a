import {
  buildPlist,
  parsePlist,
  PlistError,
  readDict,
  type DictReader,
  type PlistInput,
  type PlistLimits,
} from '@espalier/plist';
import { MdmProtocolError } from './mdm-protocol.error.js';

/** Opens a message body as a dictionary whose errors are MdmProtocolError. */
export function readMessage(body: Uint8Array, limits?: Partial<PlistLimits>): DictReader {
  return readDict(
    asMdmError(() => parsePlist(body, limits)),
    '',
    (key, problem) => new MdmProtocolError(problem, key),
  );
}

/** Writes a property list; what it cannot hold becomes MdmProtocolError. */
export function writeMessage(value: PlistInput): Buffer {
  return asMdmError(() => buildPlist(value));
}

function asMdmError<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof PlistError) throw new MdmProtocolError(error.message, undefined, { cause: error });
    throw error;
  }
}

/** Leaves out what is undefined, so that absent keys of a message are absent properties. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const result: Partial<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) result[key] = value;
  }
  return result as T;
}
