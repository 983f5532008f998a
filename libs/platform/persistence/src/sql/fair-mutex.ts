/** Lets one holder in at a time, in order of arrival. */
export class FairMutex {
  private readonly waiting: (() => void)[] = [];
  private held = false;

  get queueLength(): number {
    return this.waiting.length;
  }

  /** Gives the release function; call it exactly once. */
  acquire(): Promise<() => void> | (() => void) {
    if (!this.held) {
      this.held = true;
      return this.release;
    }
    return new Promise((resolve) => this.waiting.push(() => resolve(this.release)));
  }

  private readonly release = (): void => {
    const next = this.waiting.shift();
    if (next === undefined) this.held = false;
    else next();
  };
}
