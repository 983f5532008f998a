import { randomBytes } from 'node:crypto';

/** A push that waits for its device. Only the latest of a token is kept. */
export interface PendingPush {
  readonly apnsId: string;
  /** The body as sent: `{"mdm":"…"}`. */
  readonly payload: string;
  /** Seconds since 1970 after which it is dropped; 0 = never stored. */
  readonly expiration: number;
}

/** Where pushes for a set of tokens are written to. */
export interface PushSink {
  /** False where the device does not read fast enough: the push then stays pending until it does. */
  deliver(token: string, push: PendingPush): boolean;
  /** The token now belongs to another sink. */
  taken(token: string): void;
}

interface TokenEntry {
  readonly topic: string;
  unregisteredAt: number | undefined;
  pending: PendingPush | undefined;
  sink: PushSink | undefined;
}

/** What the state file keeps of a token. */
export interface TokenSnapshot {
  readonly token: string;
  readonly topic: string;
  readonly unregisteredAt?: number | undefined;
  readonly pending?: PendingPush | undefined;
}

export type TokenState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other-topic' }
  | { readonly kind: 'unregistered'; readonly since: number }
  | { readonly kind: 'registered' };

/** Delivery of one push: to the device at once, kept for it, or dropped as nobody may get it later. */
export type Delivery = 'delivered' | 'stored' | 'dropped';

/** Device tokens: issued, waiting, unregistered; with at most one pending push each. */
export class DeviceTokenRegistry {
  readonly #entries = new Map<string, TokenEntry>();
  #waiting = 0;

  constructor(
    private readonly tokenBytes: number,
    private readonly now: () => Date,
    private readonly changed: () => void,
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Tokens whose device waits on an event stream. */
  get waiting(): number {
    return this.#waiting;
  }

  get pending(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.pending !== undefined) count += 1;
    return count;
  }

  /** True for lower-case hex of the length that this service issues. */
  isWellFormed(token: string): boolean {
    return token.length === this.tokenBytes * 2 && /^[0-9a-f]+$/.test(token);
  }

  /** Issues a token for a topic; a given one is taken over (and registered again where it was not). */
  issue(topic: string, wanted?: string): string {
    const token = wanted ?? randomBytes(this.tokenBytes).toString('hex');
    const entry = this.#entries.get(token);
    if (entry !== undefined && entry.topic === topic) entry.unregisteredAt = undefined;
    else {
      if (entry?.sink !== undefined) this.unsubscribe(token, entry.sink);
      this.#entries.set(token, { topic, unregisteredAt: undefined, pending: undefined, sink: undefined });
    }
    this.changed();
    return token;
  }

  /** Later pushes to it answer 410. False for an unknown token. */
  unregister(token: string, since: Date = this.now()): boolean {
    const entry = this.#entries.get(token);
    if (entry === undefined) return false;
    entry.unregisteredAt = since.getTime();
    entry.pending = undefined;
    if (entry.sink !== undefined) this.unsubscribe(token, entry.sink);
    this.changed();
    return true;
  }

  state(token: string, topic: string): TokenState {
    const entry = this.#entries.get(token);
    if (entry === undefined) return { kind: 'unknown' };
    if (entry.topic !== topic) return { kind: 'other-topic' };
    if (entry.unregisteredAt !== undefined) return { kind: 'unregistered', since: entry.unregisteredAt };
    return { kind: 'registered' };
  }

  /** Lets a device wait. The newest sink of a token wins. False where the token cannot get pushes. */
  subscribe(token: string, sink: PushSink): boolean {
    const entry = this.#entries.get(token);
    if (entry === undefined || entry.unregisteredAt !== undefined) return false;
    if (entry.sink === undefined) this.#waiting += 1;
    else if (entry.sink !== sink) entry.sink.taken(token);
    entry.sink = sink;
    this.flush(token, sink);
    return true;
  }

  unsubscribe(token: string, sink: PushSink): void {
    const entry = this.#entries.get(token);
    if (entry?.sink !== sink) return;
    entry.sink = undefined;
    this.#waiting -= 1;
  }

  /** Hands over the pending push of a token, where there is one that has not expired. */
  flush(token: string, sink: PushSink): void {
    const entry = this.#entries.get(token);
    if (entry?.sink !== sink || entry.pending === undefined) return;
    const { pending } = entry;
    if (pending.expiration * 1000 > this.now().getTime() && !sink.deliver(token, pending)) return;
    entry.pending = undefined;
    this.changed();
  }

  /** Takes a push for a registered token. */
  accept(token: string, push: PendingPush): Delivery {
    const entry = this.#entries.get(token);
    if (entry === undefined) return 'dropped';
    if (entry.sink?.deliver(token, push) === true) {
      entry.pending = undefined;
      return 'delivered';
    }
    if (push.expiration * 1000 <= this.now().getTime()) return 'dropped';
    entry.pending = push;
    this.changed();
    return 'stored';
  }

  *snapshot(): Generator<TokenSnapshot> {
    for (const [token, { topic, unregisteredAt, pending }] of this.#entries) {
      yield { token, topic, unregisteredAt, pending };
    }
  }

  restore(tokens: readonly TokenSnapshot[]): void {
    for (const { token, topic, unregisteredAt, pending } of tokens) {
      this.#entries.set(token, { topic, unregisteredAt, pending, sink: undefined });
    }
  }
}
