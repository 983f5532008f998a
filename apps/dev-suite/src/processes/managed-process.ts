import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { SuiteError } from '../state/state.errors.js';

/** `EX_CONFIG`: starting again with the same configuration is of no use. */
const EXIT_CONFIG = 78;
const RESTART_MS = 300;
const STOP_MS = 30_000;
const SHOWN_LINES = 15;

export interface ProcessSpec {
  readonly name: string;
  /** Arguments of Node: a script and its own. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Resolves once the process does its work; called after it said that it has started. */
  ready(signal: AbortSignal): Promise<void>;
}

interface StartedMessage {
  readonly event: 'started';
  /** Of the program itself, where a guard runs it. */
  readonly pid?: number;
}

/** One process of the suite: started, watched, started again when it dies, stopped. */
export class ManagedProcess extends EventEmitter<{ restarting: [code: number | null] }> {
  #child: ChildProcess | undefined;
  #programPid: number | undefined;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  #started = Promise.withResolvers<void>();

  constructor(readonly spec: ProcessSpec) {
    super();
  }

  /** The process that does the work. */
  get pid(): number | undefined {
    return this.#programPid ?? this.#child?.pid;
  }

  /** Starts it and waits until it does its work. @throws SuiteError with the last lines of its log */
  async start(timeoutMs: number): Promise<void> {
    if (existsSync(this.spec.logFile)) renameSync(this.spec.logFile, `${this.spec.logFile}.previous`);
    this.#stopping = false;
    this.#launch();
    await this.whenReady(timeoutMs);
  }

  /** Waits until the process (again) does its work. */
  async whenReady(timeoutMs: number): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    const { promise: late, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(new Error(`not ready after ${timeoutMs / 1_000} s`)), {
      once: true,
    });
    try {
      await Promise.race([this.#started.promise, late]);
      await this.spec.ready(signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SuiteError(
        `${this.spec.name} did not start (${reason}). The end of its log ${this.spec.logFile}:\n${this.lastLines()}`,
      );
    }
  }

  /** Sends a signal to the process that does the work. */
  kill(signal: NodeJS.Signals): void {
    // Until it has started again, nobody may wait for the dead one.
    if (signal === 'SIGKILL') this.#started = Promise.withResolvers<void>();
    if (this.pid !== undefined) process.kill(this.pid, signal);
  }

  /** Stops it until it is started again; SIGKILL where it does not end by itself. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      if (this.#programPid !== undefined) process.kill(this.#programPid, 'SIGKILL');
      child.kill('SIGKILL');
    }, STOP_MS);
    await this.#running;
    clearTimeout(timer);
  }

  lastLines(): string {
    const lines = readFileSync(this.spec.logFile, 'utf8').trimEnd().split('\n');
    return lines
      .slice(-SHOWN_LINES)
      .map((line) => `    ${line}`)
      .join('\n');
  }

  #launch(): void {
    const log = openSync(this.spec.logFile, 'a', 0o600);
    // In a group of its own: Ctrl-C reaches the suite alone, which then stops everything in order.
    const child = spawn(process.execPath, this.spec.args, {
      env: this.spec.env,
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#programPid = undefined;
    child.on('message', (message: StartedMessage) => {
      if (message.event !== 'started') return;
      this.#programPid = message.pid;
      this.#started.resolve();
    });
    // Not 'close': it does not come once the channel is gone.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running = promise;
    child.once('exit', (code) => {
      resolve();
      this.#ended(code);
    });
  }

  #ended(code: number | null): void {
    if (this.#stopping) return;
    const first = this.#started;
    this.#started = Promise.withResolvers<void>();
    if (code === EXIT_CONFIG) {
      first.reject(new Error('its configuration is wrong'));
      return;
    }
    // Whoever waits for the old one waits for the new one.
    this.#started.promise.then(first.resolve, first.reject);
    this.emit('restarting', code);
    void pause(RESTART_MS).then(() => {
      if (!this.#stopping) this.#launch();
    });
  }
}
