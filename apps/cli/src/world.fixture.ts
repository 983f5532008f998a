import type { Source, World } from './world.js';

/** A process that is none: what is written to it can be read. */
export class WorldFixture implements World {
  readonly written = { stdout: '', stderr: '' };
  readonly stdin: Source;
  readonly stdout;
  readonly stderr;
  /** What would give the terminal back, were the process ended now. */
  readonly restores = new Set<() => void>();

  constructor(
    readonly env: Readonly<Record<string, string>> = {},
    {
      columns,
      stdin = { async *[Symbol.asyncIterator]() {} },
    }: { readonly columns?: number; readonly stdin?: Source } = {},
  ) {
    this.stdin = stdin;
    const sink = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => (this.written[name] += String(text)),
      ...(columns !== undefined && { isTTY: true, columns }),
    });
    this.stdout = sink('stdout');
    this.stderr = sink('stderr');
  }

  readonly now = (): Date => new Date('2026-11-21T12:00:00Z');

  readonly onEnd = (restore: () => void): (() => void) => {
    this.restores.add(restore);
    return () => this.restores.delete(restore);
  };
}
