import type { OutboxStore, ServiceInterface } from '@espalier/contracts';
import type { Registry } from 'prom-client';
import { attachMessaging, type MessagingHost } from './attach-messaging.js';
import type { Messaging, MessagingLogger } from './messaging.types.js';
import { connectMessaging } from './nats-messaging.js';
import { OutboxRelay } from './outbox/outbox-relay.js';

/** What is needed of the service kit, with `natsSettings` in its configuration. */
export interface BusHost extends MessagingHost {
  readonly config: {
    readonly natsServers: readonly string[];
    readonly natsSeed?: string | undefined;
    readonly replica: string;
  };
  readonly logger: MessagingLogger;
  readonly metrics: Registry;
}

/**
 * Joins a service to the bus: connects, relays its outbox once the relay is started, and ties both to readiness and
 * shutdown.
 */
export function joinBus(
  host: BusHost,
  service: ServiceInterface,
  outbox: OutboxStore,
): { readonly messaging: Messaging; readonly relay: OutboxRelay } {
  const { config, logger, metrics } = host;
  const messaging = connectMessaging({
    service,
    servers: [...config.natsServers],
    ...(config.natsSeed !== undefined && { nkeySeed: config.natsSeed }),
    replica: config.replica,
    logger,
    metrics,
  });
  const relay = new OutboxRelay({ messaging, store: outbox, logger, metrics });
  attachMessaging(host, messaging, relay);
  return { messaging, relay };
}
