import {
  commandCompleted,
  declarationsReported,
  deploymentChanged,
  deviceReported,
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentRemoved,
  evaluatePolicy,
  explainPolicy,
  maintenanceWindowsChanged,
  profilesReported,
  scopeDropped,
  scopeMembersChanged,
  type EventContract,
  type InboxStore,
} from '@espalier/contracts';
import type { Messaging, ReceivedEvent } from '@espalier/messaging';
import type { Database, Inbox, Tx } from '@espalier/persistence';
import { isEvent } from './is-event.js';
import type { MdmPolicyRooms } from './mdm-policy.rooms.js';

export interface BusOptions {
  readonly messaging: Pick<Messaging, 'serve' | 'consume' | 'consumeBatches'>;
  readonly db: Database;
  readonly inbox: Inbox;
  readonly rooms: MdmPolicyRooms;
}

/** Members of a collection come 500 in one event. */
const SCOPE_EVENTS_AT_ONCE = 10;
const DEPLOYMENTS_AT_ONCE = 4;

/** For what is the same however often it is done. */
const NO_MEMORY: InboxStore<Database> = {
  claim: () => Promise.resolve(true),
  claimAll: (_db, _durable, messageIds) => Promise.resolve(new Set(messageIds)),
};

/** Answers what other services ask over NATS, and hears what they say. */
export function connectBus({ messaging, db, inbox, rooms }: BusOptions): void {
  messaging.serve(explainPolicy, (request) => rooms.explain.explain(request));
  messaging.serve(evaluatePolicy, async (request) => ({ scheduled: await rooms.explain.evaluate(request) }));

  /** What was heard makes enrolments due. */
  function hear<C extends EventContract>(
    durable: string,
    contracts: readonly C[],
    handle: (tx: Tx, events: readonly ReceivedEvent<C>[]) => Promise<void>,
    max?: number,
  ): void {
    messaging.consumeBatches(contracts, {
      durable,
      inbox: { store: inbox, transaction: (work) => db.transaction(work) },
      ...(max !== undefined && { max }),
      handleBatch: async (events, tx) => {
        await handle(
          tx,
          events.map(({ event }) => event),
        );
        tx.afterCommit(() => rooms.nudge());
      },
    });
  }

  hear('enrollments', [enrollmentAuthenticated, enrollmentEnrolled, enrollmentRemoved], (tx, events) =>
    rooms.enrollments.handle(tx, events),
  );
  hear(
    'scopes',
    [scopeMembersChanged, scopeDropped, maintenanceWindowsChanged],
    (tx, events) => rooms.scopes.handle(tx, events),
    SCOPE_EVENTS_AT_ONCE,
  );
  messaging.consumeBatches([deviceReported, profilesReported], {
    durable: 'inventory',
    // By far the most of all events. Times decide what is newer, so repeats change nothing and need no memory.
    inbox: { store: NO_MEMORY, transaction: (work) => work(db) },
    handleBatch: async (batch) => {
      const events = batch.map(({ event }) => event);
      const facts = events.filter((event) => isEvent(event, deviceReported)).map((event) => event.payload);
      const lists = events.filter((event) => isEvent(event, profilesReported)).map((event) => event.payload);
      const learnt = facts.length > 0 && (await rooms.enrollments.learnFacts(facts));
      if (lists.length > 0) await db.transaction((tx) => rooms.actual.handleProfiles(tx, lists));
      if (learnt || lists.length > 0) rooms.nudge();
    },
  });
  hear('declarations', [declarationsReported], (tx, events) =>
    rooms.actual.handleDeclarations(
      tx,
      events.map((event) => event.payload),
    ),
  );
  hear('commands', [commandCompleted], (tx, events) =>
    rooms.completions.handle(
      tx,
      events.map((event) => event.payload),
    ),
  );
  messaging.consume(deploymentChanged, {
    durable: 'deployments',
    concurrency: DEPLOYMENTS_AT_ONCE,
    // Safe to repeat by its versions; the call to config-proxy must not hold a transaction open.
    handler: (event) => rooms.deployments.refresh(event.payload),
  });
}
