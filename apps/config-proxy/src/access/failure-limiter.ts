import { isIPv6 } from 'node:net';

export interface FailureLimiterOptions {
  readonly now: () => Date;
  /** Failures at once before an address must wait. */
  readonly burst?: number;
  /** After that, tries per second. */
  readonly perSecond?: number;
  /** Addresses that are remembered; the longest quiet one is forgotten. */
  readonly size?: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** Slows addresses that keep sending wrong tokens: a bucket of tries for each, refilled as time goes by. */
export class FailureLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => Date;
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #size: number;

  constructor({ now, burst = 20, perSecond = 0.5, size = 10_000 }: FailureLimiterOptions) {
    this.#now = now;
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#size = size;
  }

  /** Seconds until the address may try again; 0 now. */
  waitSeconds(address: string): number {
    const bucket = this.#buckets.get(network(address));
    if (bucket === undefined) return 0;
    const left = this.#refilled(bucket);
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#perSecond);
  }

  failed(address: string): void {
    const key = network(address);
    const bucket = this.#buckets.get(key);
    const left = bucket === undefined ? this.#burst : this.#refilled(bucket);
    this.#buckets.delete(key);
    if (this.#buckets.size >= this.#size) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(key, { left: Math.max(0, left - 1), at: this.#now().getTime() });
  }

  #refilled({ left, at }: Bucket): number {
    // A clock that is set back must not have anybody wait for it to come again.
    const seconds = Math.abs(this.#now().getTime() - at) / 1_000;
    return Math.min(this.#burst, left + seconds * this.#perSecond);
  }
}

/** Whoever has an IPv6 address has its whole /64, however a proxy in front of us spells it. */
function network(given: string): string {
  const address = isIPv6(given) ? given.toLowerCase() : given;
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...(tail === undefined ? [] : zeros), ...rest]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
