import { mdmPolicyInterface } from '@espalier/contracts';
import { joinBus } from '@espalier/messaging';
import { createInbox, createOutbox, openServiceDatabase } from '@espalier/persistence';
import type { ServiceKit } from '@espalier/service-kit';
import { mdmPolicyMigrations } from './migrations/index.js';
import { connectBus } from './mdm-policy.bus.js';
import type { MdmPolicyConfig } from './mdm-policy.config.js';
import { buildRooms } from './mdm-policy.rooms.js';

/** Connects the rooms of the service with its database and NATS, and starts them. */
export async function startMdmPolicy(kit: ServiceKit<MdmPolicyConfig>): Promise<void> {
  const { config, logger, metrics, lifecycle } = kit;
  const db = await openServiceDatabase(kit, { schema: 'mdm_policy', migrations: mdmPolicyMigrations });
  const outbox = createOutbox(db);
  const { messaging, relay } = joinBus(kit, mdmPolicyInterface, outbox);

  const inbox = createInbox(db);
  const rooms = buildRooms({ db, outbox, inbox, relay, messaging, settings: config, logger, metrics });
  lifecycle.onShutdown('work', 'loops', () => rooms.stop());

  connectBus({ messaging, db, inbox, rooms });
  relay.start();
  rooms.start();
}
