/**
 * Gives all who ask for the same at the same time one answer: when a live event tells a thousand consoles that a list
 * has changed, the database reads it once or twice. Nobody gets what was read before they asked: whoever comes while it
 * is read shares the next reading with all others who have come meanwhile.
 */
export class SharedReads<T> {
  readonly #running = new Map<string, Running<T>>();

  /**
   * @param key all that the answer depends on: what is asked, and what whoever asks may see
   * @throws whatever `read` throws, to all who share it
   */
  get(key: string, read: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, read);
    running.next ??= running.over.then(() => this.#start(key, read));
    return running.next;
  }

  #start(key: string, read: () => Promise<T>): Promise<T> {
    const answer = read();
    const running: Running<T> = { over: answer.then(noop, noop), next: undefined };
    this.#running.set(key, running);
    void running.over.then(() => {
      if (running.next === undefined) this.#running.delete(key);
    });
    return answer;
  }
}

interface Running<T> {
  /** When it is done, whether or not it failed. */
  readonly over: Promise<void>;
  next: Promise<T> | undefined;
}

const noop = (): void => undefined;
