import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A line of `--json`. */
export interface Line {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** The command in a process of its own. */
export class RunningCommand {
  readonly lines: Line[] = [];
  /** What is no JSON: text for people. */
  text = '';
  errors = '';
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #waiting = new Set<() => void>();
  readonly #exit: Promise<unknown[]>;

  constructor(args: readonly string[]) {
    const main = new URL('./main.js', import.meta.url).pathname;
    this.#child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exit = once(this.#child, 'close');
    this.#child.stderr.on('data', (bytes: Buffer) => (this.errors += bytes.toString()));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.lines.push(JSON.parse(line) as Line);
      else this.text += `${line}\n`;
      for (const check of this.#waiting) check();
    });
  }

  /** The first line of a kind, past or to come. Rejects where the command ends without one. */
  line(kind: string): Promise<Line> {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const check = (): void => {
      const found = this.lines.find((line) => line.kind === kind);
      if (found !== undefined) resolve(found);
    };
    this.#waiting.add(check);
    check();
    void this.#exit.then(() => reject(new Error(`no ${kind} line; ${this.errors}`)));
    return promise.finally(() => this.#waiting.delete(check));
  }

  /** Sends a signal and waits for the end. @returns the exit code; null where a signal ended it */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#exit;
    return this.#child.exitCode;
  }
}
