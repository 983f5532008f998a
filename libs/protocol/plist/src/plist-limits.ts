/** What {@link parsePlist} accepts at most. */
export interface PlistLimits {
  /** Size of the document in bytes. */
  readonly maxBytes: number;
  /** Levels of arrays and dictionaries. */
  readonly maxDepth: number;
  /** Elements in the document, keys included. */
  readonly maxElements: number;
}

/** Room for the largest reports devices send (application lists of several MiB), and no more. */
export const defaultPlistLimits: PlistLimits = {
  maxBytes: 8 * 1024 * 1024,
  maxDepth: 64,
  maxElements: 500_000,
};
