export type * from './messaging.types.js';
export type * from './dead-letters/dead-letters.types.js';
export type { InboxStore, OutboxMessage, OutboxRow, OutboxStore } from '@espalier/contracts';
export { attachMessaging, type MessagingHost } from './attach-messaging.js';
export { currentMessageContext, runWithMessageContext } from './connection/message-context.js';
export { eventMessage } from './events/event-message.js';
export { PermanentFailure } from './jetstream/permanent-failure.js';
export { DEFAULT_STREAM_LIMITS, type StreamLimits } from './jetstream/stream.definitions.js';
export { joinBus, type BusHost } from './join-bus.js';
export { connectMessaging } from './nats-messaging.js';
export type { BatchedEvent } from './events/event-batcher.js';
export { EventPublisher } from './outbox/event-publisher.js';
export { OutboxRelay, type OutboxRelayOptions } from './outbox/outbox-relay.js';
export { renderNatsConfig, type NatsConfigOptions, type NatsUser } from './permissions/nats-config.js';
export {
  natsPermissions,
  type NatsPermissions,
  type NatsPermissionsOptions,
} from './permissions/nats-permissions.js';
export { generateNkey, type Nkey } from './permissions/nkey.js';
