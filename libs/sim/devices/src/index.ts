export { type ControlMessage } from './control/control-message.js';
export { controlFleet, readControlMessage, type ControlResult } from './control/fleet-control.js';
export type { DeclarationStatus, StatusReason } from './declarations/declaration-status.js';
export {
  DeviceFaults,
  type CommandFault,
  type FaultRule,
  type FaultSettings,
} from './device/device-faults.js';
export type { IdentityMode } from './device/device-services.js';
export type { SessionEnd } from './device/command-session.js';
export { SimulatedDevice } from './device/simulated-device.js';
export type * from './events/device-event.js';
export { DeviceEvents } from './events/device-events.js';
export { DeviceFleet, type EnrollmentSummary, type FleetOptions } from './fleet/device-fleet.js';
export { readFleetStatus, type DeviceStatus } from './fleet/fleet-folder.js';
export type { RetryPolicy } from './http/retry.js';
export type { DeviceApplication } from './identity/device-applications.js';
export type { DeviceFacts } from './identity/device-facts.js';
export type { DeviceIdentity, DevicePlatform, PlatformChoice } from './identity/device-identity.js';
export { deviceModels, type DeviceModel } from './identity/device-models.js';
export { generatedKeys, pooledKeys, type KeySource } from './identity/key-source.js';
export { readEnrollmentPlan, type EnrollmentPlan, type ScepPlan } from './profile/enrollment-plan.js';
export type { ProfileSource } from './profile/profile-download.js';
export { simErrors } from './sim-devices.errors.js';
export type { DeviceState, FactChanges, JournalEntry, MacUser, PendingResult } from './state/device-state.js';
// For specs of what simulated devices are used for.
export * from './testing/index.js';
