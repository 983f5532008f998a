export * from './apple-room.js';
export * from './apple-sim.js';
export { ApnsRoom, type ApnsRoomStatus } from './apns/apns.room.js';
export type { PushRecord } from './apns/apns.server.js';
export type { Delivery } from './apns/device-token.registry.js';
export { answers, Faults, type Fault, type FaultAction, type FaultRequest } from './apns/faults.js';
export * from './apns/push-listener.js';
export * from './pki/dev-pki.js';
