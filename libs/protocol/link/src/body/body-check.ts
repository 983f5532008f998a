import type { IncomingHttpHeaders } from 'node:http2';
import { LinkError } from '../link-error.js';

/**
 * Trailer that follows every body without `content-length`: the number of bytes that were sent. Node reports a link
 * that died in the middle of a body as a clean end, so an end proves nothing; the length or this trailer does.
 */
export const BODY_BYTES_TRAILER = 'pmm-body-bytes';

/** Counts a body that arrives and says whether it is whole. */
export class BodyCheck {
  #received = 0;
  #announced: number | undefined;

  /** @param declared the `content-length`; undefined where the trailer must tell */
  constructor(readonly declared: number | undefined) {}

  get received(): number {
    return this.#received;
  }

  add(bytes: number): void {
    this.#received += bytes;
  }

  trailers(trailers: IncomingHttpHeaders): void {
    const value = trailers[BODY_BYTES_TRAILER];
    if (typeof value === 'string' && /^[0-9]{1,15}$/.test(value)) this.#announced = Number(value);
  }

  get complete(): boolean {
    return this.#received === (this.declared ?? this.#announced);
  }

  truncated(cause?: unknown): LinkError {
    const expected = this.declared ?? this.#announced;
    return new LinkError(
      'TRUNCATED',
      `the body ended after ${this.#received} of ${expected ?? 'an unknown number of'} bytes`,
      { cause },
    );
  }
}
