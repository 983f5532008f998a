import { commonErrors } from '@espalier/contracts';

/** Counts running work so that closing can wait for it and refuse what comes later. */
export class InFlight {
  private running = 0;
  private idle: (() => void) | undefined;
  private closed = false;

  get closing(): boolean {
    return this.closed;
  }

  /** Call `leave` once for each. */
  enter(): void {
    if (this.closed) throw commonErrors.ESP_SHUTTING_DOWN();
    this.running += 1;
  }

  leave(): void {
    this.running -= 1;
    if (this.running === 0) this.idle?.();
  }

  /** Refuses new work; resolves when the last has ended. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.running > 0) await new Promise<void>((resolve) => (this.idle = resolve));
  }
}
