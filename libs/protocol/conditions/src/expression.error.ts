/** Where in a text something stands. */
export interface Place {
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** The piece of text that stands there; empty at the end. */
  readonly piece: string;
}

/** What is wrong with an expression, where, and what to write instead. Each language has a class of its own. */
export abstract class ExpressionError extends Error {
  readonly line: number;
  readonly column: number;
  readonly piece: string;

  constructor(
    /** One or more sentences, without the place. */
    readonly problem: string,
    place: Place,
  ) {
    super(`${problem} (line ${place.line}, column ${place.column})`);
    this.line = place.line;
    this.column = place.column;
    this.piece = place.piece;
  }
}

/** Reports a problem at the place that is being looked at. */
export type Fail = (problem: string) => never;
