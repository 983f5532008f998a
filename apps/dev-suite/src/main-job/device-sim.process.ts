import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { guardScript, repositoryRoot } from '../suite/services.js';

/** An event of the device simulator, as far as the suite shows it. */
export interface SimEvent {
  readonly kind: string;
  readonly device: { readonly serial: string; readonly name: string; readonly udid: string };
  readonly requestType?: string;
  readonly commandUuid?: string;
  readonly status?: string;
  readonly execution?: number;
  readonly message?: string;
  readonly reason?: string;
}

export interface DeviceSimOptions {
  /** Folder that keeps the devices. */
  readonly state: string;
  /** Device side of apple-sim. */
  readonly appleUrl: string;
  /** PEM file that devices trust beside what their profile brings. */
  readonly caFile: string;
  readonly onEvent: (event: SimEvent) => void;
}

/** Runs the `device-sim` command and hands on what its devices do. */
export class DeviceSim {
  #child: ChildProcess | undefined;
  #pid: number | undefined;
  #ended: Promise<number | null> = Promise.resolve(0);
  #complaints = '';

  constructor(private readonly options: DeviceSimOptions) {}

  /** Enrols devices with a profile URL; resolves when all are enrolled. @throws Error where one could not */
  async enroll(url: string, count: number, more: readonly string[] = []): Promise<void> {
    this.#launch(['enroll', '--url', url, '--count', String(count), ...more]);
    const code = await this.#ended;
    if (code !== 0)
      throw new Error(`device-sim could not enrol all devices (exit code ${code}):\n${this.#complaints}`);
  }

  /** Keeps the enrolled devices online until `stop`. */
  run(more: readonly string[] = []): void {
    this.#launch(['run', ...more]);
  }

  /** Has something happen to a device that runs, as `device-sim run` understands it on its standard input. */
  async tell(message: Readonly<Record<string, unknown>>): Promise<void> {
    const input = this.#child?.stdin;
    if (input === undefined || input === null) throw new Error('no devices are running');
    await new Promise<void>((resolve, reject) => {
      input.write(`${JSON.stringify(message)}\n`, (error) =>
        error === undefined || error === null ? resolve() : reject(error),
      );
    });
  }

  /** Ends it; with SIGKILL as a power cut would. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child?.exitCode === null && this.#pid !== undefined) process.kill(this.#pid, signal);
    await this.#ended;
  }

  #launch(args: readonly string[]): void {
    const { state, appleUrl, caFile, onEvent } = this.options;
    const main = join(repositoryRoot(), 'apps', 'device-sim', 'dist', 'main.js');
    const common = ['--state', state, '--apple', appleUrl, '--ca', caFile, '--json'];
    this.#complaints = '';
    const child = spawn(process.execPath, [guardScript(), process.execPath, main, ...args, ...common], {
      env: {},
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.#pid = undefined;
    child.on('message', (message: { pid?: number }) => (this.#pid = message.pid));
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      if (line.startsWith('{')) onEvent(JSON.parse(line) as SimEvent);
    });
    child.stderr?.on(
      'data',
      (chunk) => (this.#complaints = (this.#complaints + String(chunk)).slice(-4_000)),
    );
    this.#child = child;
    this.#ended = once(child, 'exit').then(([code]) => code as number | null);
  }
}
