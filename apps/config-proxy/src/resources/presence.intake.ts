import type { devicesSeen } from '@espalier/contracts';
import type { BatchedEvent } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import type { SeenStore } from './seen.store.js';

/** Keeps when devices were last heard of, on any of their channels. */
export class PresenceIntake {
  constructor(private readonly store: SeenStore) {}

  async handle(events: readonly BatchedEvent<typeof devicesSeen>[], tx: Tx): Promise<void> {
    const newest = new Map<string, number>();
    for (const { event } of events)
      for (const { enrollmentId, at } of event.payload.seen)
        if (at > (newest.get(enrollmentId) ?? 0)) newest.set(enrollmentId, at);
    await this.store.write(tx, newest);
  }
}
