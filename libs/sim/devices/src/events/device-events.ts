import type { DeviceEvent, DeviceEventKind } from './device-event.js';

type Listener<K extends DeviceEventKind> = (event: DeviceEvent<K>) => void;

/** Hands events to whoever listens, in order and at once. */
export class DeviceEvents {
  readonly #listeners = new Map<string, Set<(event: DeviceEvent) => void>>();

  /** Calls back for one kind, or for all with `*`. Returns what ends that. */
  on(kind: '*', listener: (event: DeviceEvent) => void): () => void;
  on<K extends DeviceEventKind>(kind: K, listener: Listener<K>): () => void;
  on(kind: string, listener: (event: never) => void): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners);
    const added = listener as (event: DeviceEvent) => void;
    listeners.add(added);
    return () => void listeners.delete(added);
  }

  /** The next event of a kind that fits. Rejects when `signal` aborts. */
  next<K extends DeviceEventKind>(
    kind: K,
    fits: (event: DeviceEvent<K>) => boolean = () => true,
    signal?: AbortSignal,
  ): Promise<DeviceEvent<K>> {
    const { promise, resolve, reject } = Promise.withResolvers<DeviceEvent<K>>();
    const end = this.on(kind, (event) => {
      if (fits(event)) resolve(event);
    });
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    return promise.finally(() => {
      end();
      signal?.removeEventListener('abort', abort);
    });
  }

  emit(event: DeviceEvent): void {
    for (const listener of this.#listeners.get(event.kind) ?? []) listener(event);
    for (const listener of this.#listeners.get('*') ?? []) listener(event);
  }
}
