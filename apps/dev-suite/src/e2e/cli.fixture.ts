import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program itself, as a URL. */
export const mainOfCli = new URL('../../../cli/dist/main.js', import.meta.url).href;

/** `espalier` as a helpdesk person runs it: a process of its own, with its own home and environment. */
export class CommandLine {
  readonly #main = new URL(mainOfCli).pathname;

  constructor(private readonly env: Readonly<Record<string, string>>) {}

  async run(args: readonly string[], stdin = ''): Promise<Ended> {
    const child = spawn(process.execPath, [this.#main, ...args], { env: this.env, stdio: 'pipe' });
    child.stdin.end(stdin);
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { code: code as number | null, stdout, stderr };
  }

  /** What a command says to people. @throws Error where it does not end with 0 */
  async says(...args: readonly string[]): Promise<string> {
    const ended = await this.run(args);
    if (ended.code !== 0) throw new Error(`espalier ${args.join(' ')}: ${ended.code}, ${ended.stderr}`);
    return ended.stdout;
  }

  /** What a command says to programs. @throws Error where it does not end with 0 */
  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.says(...args, '--json')) as T;
  }

  /** Begins a command that is ended before it is done. */
  start(...args: readonly string[]): { readonly stop: () => Promise<void> } {
    const child = spawn(process.execPath, [this.#main, ...args], { env: this.env, stdio: 'ignore' });
    const gone = once(child, 'exit');
    return {
      async stop() {
        child.kill('SIGINT');
        await gone;
      },
    };
  }

  /** Lines of a command that goes on; ends it afterwards. The first event arrives only once it listens. */
  async *lines(...args: readonly string[]): AsyncGenerator<string> {
    const child = spawn(process.execPath, [this.#main, ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      yield* createInterface({ input: child.stdout });
    } finally {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  }
}
