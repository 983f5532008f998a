/** Why a connection is refused before its TLS handshake. */
export type ConnectionRefusal = 'connections' | 'rate' | 'memory';

export interface ConnectionLimitsOptions {
  /** Per address; 0: no limit. */
  readonly maxConnections: number;
  /** New connections per second and address; 0: no limit. */
  readonly ratePerSecond: number;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
  /** Share of the memory that the process may use which it uses, from 0 to 1. */
  readonly memoryUse?: () => number;
}

interface Address {
  connections: number;
  tokens: number;
  at: number;
}

const MEMORY_CEILING = 0.8;
/** A new address may open this many seconds' worth at once. */
const BURST_SECONDS = 2;

/** Keeps one address from taking the edge from all others. */
export class ConnectionLimits {
  readonly #addresses = new Map<string, Address>();
  readonly #clock: () => number;
  readonly #memoryUse: () => number;
  #memoryFull = false;

  constructor(private readonly options: ConnectionLimitsOptions) {
    this.#clock = options.clock ?? (() => performance.now());
    this.#memoryUse = options.memoryUse ?? memoryUse;
  }

  /** Counts a new connection in. @returns why it must not be, or undefined; then {@link leave} undoes it */
  enter(remote: string): ConnectionRefusal | undefined {
    if (this.#memoryFull) return 'memory';
    const { maxConnections, ratePerSecond } = this.options;
    const now = this.#clock();
    const key = networkOf(remote);
    const burst = ratePerSecond * BURST_SECONDS;
    const address = this.#addresses.get(key) ?? { connections: 0, tokens: burst, at: now };
    this.#addresses.set(key, address);
    address.tokens = Math.min(burst, address.tokens + ((now - address.at) / 1_000) * ratePerSecond);
    address.at = now;
    if (maxConnections > 0 && address.connections >= maxConnections) return 'connections';
    if (ratePerSecond > 0 && address.tokens < 1) return 'rate';
    address.tokens -= 1;
    address.connections += 1;
    return undefined;
  }

  leave(remote: string): void {
    const address = this.#addresses.get(networkOf(remote));
    if (address !== undefined) address.connections -= 1;
  }

  /** Forgets addresses that were not seen for long and looks at memory. Call it every few seconds. */
  sweep(): void {
    const before = this.#clock() - BURST_SECONDS * 1_000;
    for (const [key, { connections, at }] of this.#addresses)
      if (connections === 0 && at < before) this.#addresses.delete(key);
    this.#memoryFull = this.#memoryUse() > MEMORY_CEILING;
  }
}

/** An IPv4 address, or the /64 of an IPv6 address: one subscriber has all of it. */
export function networkOf(remote: string): string {
  if (remote.startsWith('::ffff:') && remote.includes('.')) return remote.slice(7);
  if (!remote.includes(':')) return remote;
  const [left = '', right] = remote.split('::');
  const groups = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':');
    while (groups.length + tail.length < 8) groups.push('0');
    groups.push(...tail);
  }
  return groups.slice(0, 4).join(':');
}

function memoryUse(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? process.memoryUsage.rss() / limit : 0;
}
