import { setImmediate as nextTurn } from 'node:timers/promises';

const LONGEST_TURN_MS = 5;

/**
 * Lets the event loop turn. Work that is synchronous behind its promises, as SQLite's, would otherwise keep timers
 * and sockets waiting for as long as its callers go on awaiting one statement after another.
 */
export class LoopTurn {
  private startedAt: number | undefined;

  yieldIfLong(): Promise<void> | undefined {
    if (this.startedAt === undefined) {
      this.startedAt = performance.now();
      setImmediate(() => (this.startedAt = undefined));
    } else if (performance.now() - this.startedAt > LONGEST_TURN_MS) {
      return nextTurn();
    }
    return undefined;
  }
}
