import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How a relay cuts its connections: an orderly FIN, or a RST. */
export type CutMode = 'fin' | 'rst';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/**
 * A TCP relay that misbehaves on demand: it cuts connections, at once or after so many bytes, freezes them (as a
 * machine that vanished does), and delays them.
 */
export class FaultRelay {
  readonly #pairs = new Set<Pair>();
  #budget:
    { bytes: number; direction: 'toTarget' | 'fromTarget'; mode: CutMode; fire: () => void } | undefined;
  #frozen = false;
  #delayMs = 0;

  private constructor(private readonly server: Server) {}

  /** Listens on a port of the system's choice on 127.0.0.1 and forwards to `target`. */
  static async start(target: { readonly host: string; readonly port: number }): Promise<FaultRelay> {
    const server = createServer();
    const relay = new FaultRelay(server);
    server.on('connection', (near) => relay.#join(near, connect(target.port, target.host)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Cuts every connection now. */
  cut(mode: CutMode): void {
    for (const { near, far } of this.#pairs)
      for (const socket of [near, far]) {
        if (mode === 'rst') socket.resetAndDestroy();
        else socket.destroySoon();
      }
    this.#pairs.clear();
  }

  /** Cuts every connection once so many more bytes went in one direction. @returns when that happened */
  cutAfter(bytes: number, direction: 'toTarget' | 'fromTarget', mode: CutMode): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#budget = { bytes, direction, mode, fire: resolve };
    return promise;
  }

  /** Stops forwarding without closing anything, or goes on. New connections are taken and kept silent. */
  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    for (const pair of this.#pairs)
      for (const socket of [pair.near, pair.far]) {
        if (frozen) socket.pause();
        else socket.resume();
      }
  }

  /** Adds a one-way delay to what is forwarded from now on. */
  delay(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  async close(): Promise<void> {
    this.cut('rst');
    this.server.close();
    await once(this.server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair = { near, far };
    this.#pairs.add(pair);
    this.#forward(near, far, 'toTarget');
    this.#forward(far, near, 'fromTarget');
    const end = (): void => void this.#pairs.delete(pair);
    near.once('close', end);
    far.once('close', end);
    if (this.#frozen) {
      near.pause();
      far.pause();
    }
  }

  #forward(from: Socket, to: Socket, direction: 'toTarget' | 'fromTarget'): void {
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      const budget = this.#budget;
      if (budget?.direction === direction) {
        budget.bytes -= chunk.length;
        if (budget.bytes <= 0) {
          this.#budget = undefined;
          this.cut(budget.mode);
          budget.fire();
          return;
        }
      }
      if (this.#delayMs > 0) setTimeout(() => void to.write(chunk), this.#delayMs);
      else if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => void (this.#frozen || from.resume()));
    from.on('error', () => to.destroy());
    from.on('end', () => to.end());
    from.on('close', () => to.destroySoon());
  }
}
