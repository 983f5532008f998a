import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { commonErrors, type EventContract } from '@espalier/contracts';
import type { Messaging, Registration } from '@espalier/messaging';
import type { StoredToken } from '../api-tokens/api-token.store.js';
import type { EventHub } from './event.hub.js';
import { EventStream } from './event-stream.js';

export interface EventServiceOptions {
  readonly messaging: Pick<Messaging, 'tail' | 'check'>;
  readonly hub: EventHub;
  /** How long a listener may read nothing while events wait for it, in ms. */
  readonly stallMs: number;
}

export interface ListenRequest {
  readonly contracts: readonly EventContract[];
  /** Position of the last event that the listener has. */
  readonly after: number | undefined;
  readonly token: StoredToken;
  readonly response: ServerResponse;
}

/** How long NATS may take to begin. */
const BEGIN_MS = 5_000;

/** Shows the events of NATS to listeners. */
export class EventService {
  constructor(private readonly options: EventServiceOptions) {}

  /**
   * Begins to send events. Resolves when those that are published from now on arrive; the stream's head is not
   * written yet, so that a failure can still be answered.
   * @throws EspalierError ESP_MESSAGING_UNAVAILABLE, ESP_EVENTS_TOO_MANY_LISTENERS
   */
  async listen({ contracts, after, token, response }: ListenRequest): Promise<EventStream> {
    const { messaging, hub, stallMs } = this.options;
    messaging.check();
    hub.checkRoom();
    const stream = new EventStream({ response, stallMs });
    const leave = hub.add(stream, token);
    const position = after === undefined ? {} : { afterSequence: after };
    const tail = messaging.tail(contracts, position, (event, meta) => stream.send(event, meta));
    stream.onEnd(() => {
      leave();
      void tail.stop();
    });
    if (await begins(tail)) return stream;
    leave();
    await tail.stop();
    throw commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail: 'The event stream does not begin.' });
  }
}

async function begins(tail: Registration): Promise<boolean> {
  const patience = new AbortController();
  const late = delay(BEGIN_MS, false, { signal: patience.signal }).catch(() => false);
  const begun = await Promise.race([tail.active.then(() => true), late]);
  patience.abort();
  return begun;
}
