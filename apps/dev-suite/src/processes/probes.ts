import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 50;

/** Waits until /readyz of a management port says ready. Rejects, saying what it lacks, when the signal aborts. */
export async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  for (let last = 'no answer'; ;) {
    if (signal.aborted) throw new Error(`${url}: ${last}`);
    try {
      const response = await fetch(url, { signal });
      if (response.ok) return;
      last = await response.text();
    } catch (error) {
      if (!signal.aborted) last = error instanceof Error ? error.message : String(error);
    }
    await pause(INTERVAL_MS);
  }
}

/** Waits until something accepts connections. */
export async function untilListening(host: string, port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const socket = connect({ host, port });
    const { promise, resolve } = Promise.withResolvers<boolean>();
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    const connected = await promise;
    socket.destroy();
    if (connected) return;
    await pause(INTERVAL_MS);
  }
}
