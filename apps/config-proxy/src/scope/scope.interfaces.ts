import type { Tx } from '@espalier/persistence';

/** Hears of enrolments, so that the policy is told of the right ones. */
export interface ScopeSink {
  /**
   * Enrolments of these resources became active or inactive, or belong to others now. In the transaction that wrote
   * `resource_enrollment`; where an enrolment moved, both its old and its new device (or user) are named.
   */
  enrollmentsChanged(tx: Tx, resourceIds: readonly number[]): Promise<void>;
}

/** Knows of which collections the policy must know the members. */
export interface ScopeTracker {
  /** Something is deployed to the collection; repeating it is harmless. */
  track(tx: Tx, collectionId: string): Promise<void>;
  /** Nothing is deployed to the collection any more. */
  untrack(tx: Tx, collectionId: string): Promise<void>;
}
