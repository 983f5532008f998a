import { mdmPolicyStatusReported, mdmStatusReported } from '@espalier/contracts';
import type { EventPublisher, Messaging, Registration } from '@espalier/messaging';
import type { Database, Inbox, Tx } from '@espalier/persistence';
import { StatusLog } from './status-log.js';
import { StatusMessageStore } from './status-message.store.js';

export interface StatusSurroundings {
  readonly db: Database;
  readonly events: EventPublisher<Tx>;
  readonly now: () => Date;
}

export interface StatusRooms {
  /** For every room that has something to say to admins. */
  readonly log: StatusLog;
  readonly store: StatusMessageStore;
  /** Begins to take in what other services say. */
  listen(messaging: Pick<Messaging, 'consumeBatches'>, inbox: Inbox): Registration[];
}

/** The log of the services. Built first: the other rooms write to it. */
export function buildStatusRooms({ db, events, now }: StatusSurroundings): StatusRooms {
  const store = new StatusMessageStore(db);
  const log = new StatusLog(store, events, now);
  return {
    log,
    store,
    listen: (messaging, inbox) => [
      messaging.consumeBatches([mdmStatusReported, mdmPolicyStatusReported], {
        durable: 'status',
        inbox: { store: inbox, transaction: (work) => db.transaction(work) },
        handleBatch: (events_, tx) => log.handleBatch(events_, tx),
      }),
    ],
  };
}
