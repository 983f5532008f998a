export { DictReader, readDict, type KeyProblem } from './dict.reader.js';
export { PlistError, type PlistErrorKind } from './plist.error.js';
export { defaultPlistLimits, type PlistLimits } from './plist-limits.js';
export { parsePlist } from './plist.reader.js';
export {
  isPlistDict,
  PlistReal,
  real,
  type PlistDict,
  type PlistInput,
  type PlistInputDict,
  type PlistValue,
} from './plist-value.js';
export { buildPlist } from './plist.writer.js';
