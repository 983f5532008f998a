/** From the head of the request to the first byte of its body, and the longest pause. */
const GRACE_MS = 10_000;
const MIN_BYTES_PER_SECOND = 1_024;

/** One body that is being received. */
export interface WatchedUpload {
  /** Bytes that came. */
  progress(bytes: number): void;
  done(): void;
}

interface Upload {
  deadline: number;
  readonly isPaused: () => boolean;
  readonly onSlow: () => void;
}

/** Cuts devices that send a body too slowly: nothing for ten seconds, or less than 1 KB/s. */
export class UploadWatch {
  readonly #uploads = new Set<Upload>();
  readonly #clock: () => number;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** @param isPaused whether it is us who do not read at the moment: then the device is not to blame */
  watch(isPaused: () => boolean, onSlow: () => void): WatchedUpload {
    const upload: Upload = { deadline: this.#clock() + GRACE_MS, isPaused, onSlow };
    this.#uploads.add(upload);
    return {
      progress: (bytes) => {
        // Every byte buys time, but never more than the grace ahead.
        const bought = upload.deadline + (bytes / MIN_BYTES_PER_SECOND) * 1_000;
        upload.deadline = Math.min(bought, this.#clock() + GRACE_MS);
      },
      done: () => void this.#uploads.delete(upload),
    };
  }

  /** Call it every other second. */
  sweep(): void {
    const now = this.#clock();
    for (const upload of this.#uploads) {
      if (upload.isPaused()) upload.deadline = now + GRACE_MS;
      else if (upload.deadline < now) {
        this.#uploads.delete(upload);
        upload.onSlow();
      }
    }
  }
}
