/** A stream of the process to write to, and whether a person looks at it. */
export interface Sink {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Columns of a terminal; some do not tell, or say 0. */
export function terminalWidth({ columns = 0 }: Sink): number {
  return columns > 0 ? columns : 80;
}

/** A stream of the process to read from. */
export interface Source extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean | undefined;
  setRawMode?(on: boolean): unknown;
}

/** What the command line knows of the process that it runs in. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly now: () => Date;
  /** Called when the process is ended by a signal, for example to give the terminal back as it was. */
  readonly onEnd: (restore: () => void) => () => void;
}
