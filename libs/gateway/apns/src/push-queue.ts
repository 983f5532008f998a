/** An element of a {@link PushQueue}: carries its own links, so that removing it costs the same at any length. */
export interface Queueable {
  queued: boolean;
  previous: this | undefined;
  next: this | undefined;
}

/** First in, first out; any element can leave early (a push that timed out while waiting). */
export class PushQueue<T extends Queueable> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    item.queued = true;
    item.previous = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#size += 1;
  }

  shift(): T | undefined {
    const item = this.#first;
    if (item !== undefined) this.remove(item);
    return item;
  }

  remove(item: T): void {
    if (!item.queued) return;
    if (item.previous === undefined) this.#first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#last = item.previous;
    else item.next.previous = item.previous;
    item.queued = false;
    item.previous = undefined;
    item.next = undefined;
    this.#size -= 1;
  }
}
