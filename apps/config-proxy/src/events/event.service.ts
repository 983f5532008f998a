import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { commonErrors, type EventContract } from '@espalier/contracts';
import type { Messaging } from '@espalier/messaging';
import type { Caller } from '../access/caller.js';
import type { EventHub } from './event.hub.js';
import { EventStream } from './event-stream.js';
import { frameOf, LiveFeed, type LiveFeedOptions } from './live-feed.js';

export interface EventServiceOptions extends Pick<LiveFeedOptions, 'keepCharacters'> {
  readonly messaging: Pick<Messaging, 'tail' | 'check' | 'oldestEvent'>;
  readonly hub: EventHub;
  /** Every kind of event that there is. */
  readonly contracts: readonly EventContract[];
  /** How long a listener may read nothing while events wait for it, in ms. */
  readonly stallMs: number;
}

export interface ListenRequest {
  readonly contracts: readonly EventContract[];
  /** Position of the last event that the listener has. */
  readonly after: number | undefined;
  readonly caller: Caller;
  readonly response: ServerResponse;
}

/** How long NATS may take to begin. */
const BEGIN_MS = 5_000;

/** Shows the events of NATS to listeners. */
export class EventService {
  readonly #feed: LiveFeed;

  constructor(private readonly options: EventServiceOptions) {
    this.#feed = new LiveFeed(options);
  }

  /**
   * Begins to send events. Resolves when those that are published from now on arrive; the stream's head is not
   * written yet, so that a failure can still be answered.
   * @throws EspalierError ESP_MESSAGING_UNAVAILABLE, ESP_EVENTS_TOO_MANY_LISTENERS
   */
  async listen({ contracts, after, caller, response }: ListenRequest): Promise<EventStream> {
    const { messaging, hub, stallMs } = this.options;
    messaging.check();
    hub.checkRoom(caller);
    const types = new Set(contracts.map(({ aggregate, event }) => `${aggregate}.${event}`));
    const stream = new EventStream({ response, feed: this.#feed, types, stallMs });
    const leave = hub.add(stream, caller);
    stream.onEnd(leave);
    try {
      if (!(await begins(this.#feed.begin()))) throw notBegun();
      if (after === undefined) stream.follow(this.#feed.last);
      else if (this.#feed.covers(after)) stream.follow(after);
      else await this.#catchUp(stream, contracts, after, leave);
      return stream;
    } catch (error) {
      leave();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#feed.stop();
  }

  /** Reads for this listener alone what was before the feed, until it meets it. */
  async #catchUp(
    stream: EventStream,
    contracts: readonly EventContract[],
    after: number,
    leave: () => void,
  ): Promise<void> {
    const { messaging } = this.options;
    const oldest = await messaging.oldestEvent();
    if (after + 1 < oldest) void stream.missed(after, oldest);
    const feedWas = this.#feed.last;
    const met = Promise.withResolvers<void>();
    let [position, isMet] = [after, false];
    // Where nothing more was waiting for this tail, nothing lies between its position and where the feed was before.
    const meet = (pending: number): void => {
      const reached = pending === 0 ? Math.max(position, feedWas) : position;
      if (isMet || !this.#feed.covers(reached)) return;
      isMet = true;
      stream.follow(reached);
      met.resolve();
      void tail.stop();
    };
    const onPassed = (sequence: number, pending: number): void => {
      position = sequence;
      meet(pending);
    };
    const tail = messaging.tail(contracts, { afterSequence: after, onPassed }, async (event, meta) => {
      if (!isMet) await stream.send(frameOf(event, meta));
    });
    void tail.begun.then(({ pending }) => {
      if (position === after) meet(pending);
    });
    stream.onEnd(() => {
      leave();
      void tail.stop();
    });
    if (await begins(Promise.race([tail.active, met.promise]))) return;
    await tail.stop();
    throw notBegun();
  }
}

const notBegun = (): Error =>
  commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail: 'The event stream does not begin.' });

async function begins(active: Promise<void>): Promise<boolean> {
  const patience = new AbortController();
  const late = delay(BEGIN_MS, false, { signal: patience.signal }).catch(() => false);
  const begun = await Promise.race([active.then(() => true), late]);
  patience.abort();
  return begun;
}
