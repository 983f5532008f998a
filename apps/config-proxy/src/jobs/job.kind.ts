import type { ApiScope } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { z } from 'zod';

/** A job as its kind sees it. */
export interface RunningJob<P> {
  readonly id: string;
  readonly params: P;
  /** Where the last step ended; null on the first one. */
  readonly cursor: string | null;
  readonly createdBy: string;
}

export interface JobStepResult {
  /** Items that this step dealt with, those that failed included. */
  readonly done: number;
  readonly failed?: number;
  /** Where the next step begins; at most 400 characters. */
  readonly cursor: string | null;
  /** How many items there are, once it is known. */
  readonly total?: number;
  readonly finished: boolean;
  /** For people; the first ones are kept. */
  readonly messages?: readonly string[];
}

/**
 * One kind of long work, done in steps. A step that was interrupted is done again from the same cursor, perhaps by
 * another replica, so it must not do anything twice.
 */
export interface JobKind<P> {
  /** As in `collection-evaluation`. */
  readonly kind: string;
  readonly params: z.ZodType<P>;
  /** What it takes to cancel one; null: nobody can, as something else is true only when it is done. */
  readonly cancelScope: ApiScope | null;
  /** Takes some seconds at most. What it throws is tried again, some times, before the job fails. */
  step(job: RunningJob<P>, signal: AbortSignal): Promise<JobStepResult>;
  /** The job was cancelled or failed for good; in the transaction that says so. */
  abandoned?(tx: Tx, params: P): Promise<void>;
}
