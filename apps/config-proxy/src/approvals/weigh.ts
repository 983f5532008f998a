import type { Tx } from '@espalier/persistence';

/** What a change reaches, as found in the transaction that makes it. */
export interface Reached {
  /** Collections whose members it reaches; or how many devices, where it moves some members only. */
  readonly devices: number | readonly string[];
  /** What is done, as in `Change the collection "Lab"`. Never a secret. */
  readonly summary: string;
  /** As JSON, what must stand as it does now when somebody has approved the change. */
  readonly seen: unknown;
}

/**
 * Decides whether a change may be made by one person alone; where not, it throws, and the transaction leaves nothing
 * behind. Called once in the transaction of each change that reaches devices.
 */
export type Weigh = (tx: Tx, reached: Reached) => Promise<void>;
