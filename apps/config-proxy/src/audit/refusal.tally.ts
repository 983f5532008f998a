import { byItself } from './audit.log.js';
import type { AuditEntry } from './audit.entry.js';

export interface RefusalTallyOptions {
  readonly record: (entry: AuditEntry) => Promise<void>;
  readonly logger: { error(fields: object, message: string): void };
  readonly now: () => Date;
  /** Refusals of one address that are recorded one by one, in a minute. */
  readonly perAddress?: number;
  /** Refusals of all addresses that are recorded one by one, in a minute. */
  readonly perMinute?: number;
  /** Addresses that get a count of their own, in a minute; those with most. */
  readonly addresses?: number;
}

interface Counted {
  /** Recorded one by one. */
  single: number;
  /** Not. */
  more: number;
}

const MINUTE_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/**
 * Records refusals one by one as long as they are few, and otherwise as counts: whoever floods the door fills neither
 * the log nor the memory, and still stands in the log. The counts of the last minute are lost with the process.
 */
export class RefusalTally {
  readonly #options: Required<RefusalTallyOptions>;
  readonly #timer: NodeJS.Timeout;
  #minute: number;
  #single = 0;
  #byAddress = new Map<string, Counted>();
  /** Of addresses beyond those that are remembered. */
  #others = 0;

  constructor(options: RefusalTallyOptions) {
    this.#options = { perAddress: 10, perMinute: 100, addresses: 50, ...options };
    this.#minute = this.#thisMinute();
    this.#timer = setInterval(() => void this.flush(), MINUTE_MS);
    this.#timer.unref();
  }

  /** Resolves when the refusal is recorded, or counted. */
  async refused(entry: AuditEntry): Promise<void> {
    if (this.#thisMinute() !== this.#minute) await this.flush();
    const { perAddress, perMinute } = this.#options;
    const counted = this.#of(entry.address);
    if (counted === undefined) this.#others += 1;
    else if (counted.single < perAddress && this.#single < perMinute) {
      counted.single += 1;
      this.#single += 1;
      await this.#record(entry);
    } else counted.more += 1;
  }

  /** Records what was only counted, and begins another minute. */
  async flush(): Promise<void> {
    const { addresses } = this.#options;
    const minute = this.#minute;
    const counts = [...this.#byAddress]
      .filter(([, { more }]) => more > 0)
      .sort(([, a], [, b]) => b.more - a.more);
    const others = this.#others;
    this.#minute = this.#thisMinute();
    this.#single = 0;
    this.#others = 0;
    this.#byAddress = new Map();
    const rest = counts.slice(addresses);
    const left = others + rest.reduce((sum, [, { more }]) => sum + more, 0);
    await Promise.all([
      ...counts
        .slice(0, addresses)
        .map(([address, { more }]) => this.#record(countsOf(minute, address, { count: more }))),
      ...(left === 0 ? [] : [this.#record(countsOf(minute, '', { count: left, addresses: rest.length }))]),
    ]);
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.flush();
  }

  #of(address: string): Counted | undefined {
    const known = this.#byAddress.get(address);
    if (known !== undefined || this.#byAddress.size >= MAX_REMEMBERED) return known;
    const counted = { single: 0, more: 0 };
    this.#byAddress.set(address, counted);
    return counted;
  }

  /** A refusal stays one also where it cannot be recorded. */
  async #record(entry: AuditEntry): Promise<void> {
    try {
      await this.#options.record(entry);
    } catch (error) {
      this.#options.logger.error({ err: error, address: entry.address }, 'a refusal could not be recorded');
    }
  }

  #thisMinute(): number {
    return Math.floor(this.#options.now().getTime() / MINUTE_MS) * MINUTE_MS;
  }
}

/** Refusals that were only counted: more than those that stand in the log by themselves. */
const countsOf = (minute: number, address: string, details: Record<string, number>): AuditEntry => ({
  ...byItself,
  actor: null,
  action: 'access.refused',
  outcome: 'refused',
  address,
  targets: [],
  details: { ...details, minute },
});
