export { allPlatforms, type ApplePlatform } from './apple-schema/apple-schema.js';
export { ConfigProfileError } from './config-profile.error.js';
export {
  inspectDeclaration,
  type DeclarationInput,
  type DeployableDeclaration,
} from './deployable-declaration.js';
export {
  inspectProfile,
  prepareProfile,
  type DeployableProfile,
  type ProfileScope,
} from './deployable-profile.js';
export { buildEnrollmentProfile } from './enrollment-profile.builder.js';
export type {
  EnrollmentProfileOptions,
  ScepPayloadOptions,
  ServerCapability,
} from './enrollment-profile.options.js';
export { stableUuid, type PayloadUuidSource } from './payload-uuid.js';
export { readProfile, type PayloadSummary, type ProfileSummary } from './profile.reader.js';
export { signProfile, type ProfileSignature, type ProfileSigner } from './profile.signature.js';
export { encodeProfile } from './profile.writer.js';
