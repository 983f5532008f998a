/** Runs a few pieces of work at once and lets a bounded number wait for their turn. */
export class WorkLimit {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(
    private readonly atOnce: number,
    private readonly mayWait: number,
  ) {}

  /** True where work that came now would neither run nor wait. */
  get full(): boolean {
    return this.#running >= this.atOnce && this.#waiting.length >= this.mayWait;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      // Whoever waits takes over this place, so that nobody can come in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
