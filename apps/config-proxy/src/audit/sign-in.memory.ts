const HOUR_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

/**
 * Remembers which credentials came from where in this hour, so that a sign-in is recorded once an hour and not with
 * every request. Beyond what it remembers none is recorded any more until the hour is over: the log stays bounded.
 */
export class SignInMemory {
  #hour = 0;
  readonly #seen = new Set<string>();

  constructor(private readonly now: () => Date) {}

  /** True the first time in the hour. */
  isNew(credentialId: string, address: string): boolean {
    const hour = Math.floor(this.now().getTime() / HOUR_MS);
    if (hour !== this.#hour) this.#seen.clear();
    this.#hour = hour;
    const key = keyOf(credentialId, address);
    if (this.#seen.has(key) || this.#seen.size >= MAX_REMEMBERED) return false;
    this.#seen.add(key);
    return true;
  }

  /** It is new once more: it could not be recorded. */
  forget(credentialId: string, address: string): void {
    this.#seen.delete(keyOf(credentialId, address));
  }
}

const keyOf = (credentialId: string, address: string): string => `${credentialId} ${address}`;
