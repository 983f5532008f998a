import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

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
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Set<() => void>();
  readonly #exit: Promise<unknown[]>;

  constructor(args: readonly string[]) {
    const main = new URL('./main.js', import.meta.url).pathname;
    this.#child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#exit = once(this.#child, 'close');
    this.#child.stderr.on('data', (bytes: Buffer) => (this.errors += bytes.toString()));
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.lines.push(JSON.parse(line) as Line);
      else this.text += `${line}\n`;
      for (const check of this.#waiting) check();
    });
  }

  /** The first line of a kind that fits, past or to come. Rejects where the command ends without one. */
  line(kind: string, fits: (line: Line) => boolean = () => true): Promise<Line> {
    const { promise, resolve, reject } = Promise.withResolvers<Line>();
    const check = (): void => {
      const found = this.lines.find((line) => line.kind === kind && fits(line));
      if (found !== undefined) resolve(found);
    };
    this.#waiting.add(check);
    check();
    void this.#exit.then(() => reject(new Error(`no ${kind} line; ${this.errors}`)));
    return promise.finally(() => this.#waiting.delete(check));
  }

  /** Writes a line to its standard input; its answer. */
  async tell(message: { readonly id: string; readonly [key: string]: unknown }): Promise<Line> {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    return this.line('control', ({ id }) => id === message.id);
  }

  /** Ends its standard input. */
  hangUp(): void {
    this.#child.stdin.end();
  }

  /** Sends a signal and waits for the end. @returns the exit code; null where a signal ended it */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#exit;
    return this.#child.exitCode;
  }
}
