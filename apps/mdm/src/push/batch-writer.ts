/** Writes items together that come while others are being written. */
export class BatchWriter<T> {
  #gathering: { readonly items: T[]; readonly written: Promise<void> } | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(private readonly write: (items: readonly T[]) => Promise<void>) {}

  /** Resolves when the item is written; rejects, with all that were to be written with it, where that failed. */
  add(item: T): Promise<void> {
    this.#gathering ??= this.#begin();
    this.#gathering.items.push(item);
    return this.#gathering.written;
  }

  #begin(): { readonly items: T[]; readonly written: Promise<void> } {
    const items: T[] = [];
    const write = (): Promise<void> => {
      this.#gathering = undefined;
      return this.write(items);
    };
    const written = this.#last.then(write, write);
    this.#last = written;
    return { items, written };
  }
}
