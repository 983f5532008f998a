export * from './checkin.messages.js';
export { parseCheckin } from './checkin.reader.js';
export { buildCheckin } from './checkin.writer.js';
export { buildCommand, isKnownRequestType } from './commands/command.builders.js';
export { commandMetadata, redactCommand, type CommandMetadata } from './commands/command.metadata.js';
export {
  encodeCommand,
  parseCommandPayload,
  rawCommand,
  type CommandPayload,
} from './commands/command.payload.js';
export type * from './commands/command.types.js';
export { defaultDeviceQueries, inventoryDeviceQueries } from './commands/device-queries.js';
export {
  buildReport,
  parseCommandReport,
  salvageReport,
  type CommandReport,
  type ErrorChainItem,
  type IdleReport,
  type ResultReport,
  type ResultStatus,
} from './command-report.js';
export {
  buildDeclaration,
  buildDeclarationItems,
  buildSyncTokens,
  declarationKindOf,
  declarationKinds,
  longestDeclarationText,
  parseDeclaration,
  parseDeclarationItems,
  parseSyncTokens,
  type DeclarationBody,
  type DeclarationKind,
  type DeclarationReference,
  type SyncTokens,
} from './declarative/declaration.js';
export { formatEndpoint, parseEndpoint, type DeclarativeEndpoint } from './declarative/endpoint.js';
export {
  buildStatusReport,
  parseStatusReport,
  type DeclarationState,
  type StatusReason,
  type StatusReport,
} from './declarative/status-report.js';
export {
  buildDeviceError,
  type DeviceError,
  type DeviceErrorCode,
  type DeviceErrorReply,
} from './device-error.js';
export {
  isUserChannel,
  resolveEnrollment,
  type EnrollmentIds,
  type EnrollmentType,
  type ResolvedEnrollment,
} from './enrollment.js';
export { MdmProtocolError } from './mdm-protocol.error.js';
export { checkinContentType, commandContentType, mdmMessageKind } from './message-kind.js';
