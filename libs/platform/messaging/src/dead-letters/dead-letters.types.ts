/** Why a message is a dead letter: out of attempts, refused by the handler for good, or not readable. */
export type DeadLetterReason = 'retries-exhausted' | 'permanent-failure' | 'invalid-payload';

/** A message that a service could not handle. */
export interface DeadLetter {
  /** Identifies the dead letter within the service. */
  readonly id: string;
  readonly kind: 'event' | 'job';
  /** Queue of the job or durable of the event. */
  readonly source: string;
  readonly subject: string;
  readonly messageId: string;
  readonly reason: DeadLetterReason;
  /** The last error, for people. */
  readonly error: string;
  readonly errorCode: string;
  readonly deliveries: number;
  /** Replica that gave up. */
  readonly replica: string;
  /** Position of the event or job in its stream. */
  readonly sequence: number;
  readonly publishedAt: Date;
  readonly deadAt: Date;
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetter[];
  /** Pass as `after` for the next page; absent on the last. */
  readonly next?: string;
}

/** The dead letters of one service. */
export interface DeadLetters {
  /** Oldest first. @param options.limit 50 unless told, at most 500 */
  list(options?: {
    readonly source?: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<DeadLetterPage>;
  /** With the payload as it was sent (JSON text). */
  get(id: string): Promise<DeadLetter & { readonly payload: string }>;
  /**
   * Handles it again: a job goes back into its queue; an event is handled here and now and stays where that
   * fails. Needs the handler to be registered in this process.
   */
  replay(id: string): Promise<void>;
  /** Deletes it for good. */
  discard(id: string): Promise<void>;
}
