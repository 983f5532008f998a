import { mdmPolicyInterface } from '@espalier/contracts';
import { OutboxRelay, type Messaging } from '@espalier/messaging';
import { createInbox, createOutbox, type Database } from '@espalier/persistence';
import { createMetrics } from '@espalier/service-kit';
import type { NatsServer } from '@espalier/testing';
import { connectBus } from '../mdm-policy.bus.js';
import { buildRooms, type MdmPolicyRooms } from '../mdm-policy.rooms.js';
import { connect, logger, type SpecClock } from './bus.fixture.js';

/** One replica of the service. */
export class Replica {
  private constructor(
    readonly messaging: Messaging,
    readonly relay: OutboxRelay,
    readonly rooms: MdmPolicyRooms,
  ) {}

  /** `idle`: hears events, and works only where a spec says so. */
  static async start(
    db: Database,
    server: NatsServer,
    clock: SpecClock,
    options: { readonly idle?: boolean; readonly replica?: string } = {},
  ): Promise<Replica> {
    const { idle = false, replica = 'one' } = options;
    const messaging = await connect(mdmPolicyInterface, server, replica);
    const outbox = createOutbox(db);
    const relay = new OutboxRelay({ messaging, store: outbox, logger, pollMs: 50 });
    const inbox = createInbox(db);
    const rooms = buildRooms({
      db,
      outbox,
      inbox,
      relay,
      messaging,
      settings: { evaluationHours: 6, commandsPerMinute: 1_000_000 },
      logger,
      metrics: createMetrics('mdm-policy'),
      now: clock.now,
    });
    connectBus({ messaging, db, inbox, rooms });
    relay.start();
    if (!idle) rooms.start();
    return new Replica(messaging, relay, rooms);
  }

  async stop(): Promise<void> {
    await this.messaging.stopIntake();
    await this.rooms.stop();
    await this.messaging.finishWork(5_000);
    await this.relay.stop();
    await this.messaging.close();
  }
}
