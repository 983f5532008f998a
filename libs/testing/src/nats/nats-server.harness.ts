import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { findNatsServer } from './find-nats-server.js';

/** Where a test's nats-server listens and keeps its streams. */
export interface NatsPlace {
  readonly host: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly storeDir: string;
}

export interface NatsServerOptions {
  /** On unless told. Ignored where `config` is a function. */
  readonly jetstream?: boolean;
  /** Text: lines added to the configuration. Function: the whole configuration. */
  readonly config?: string | ((place: NatsPlace) => string);
  /** A free one unless told. */
  readonly port?: number;
}

/** A real nats-server of one spec file. */
export interface NatsServer {
  /** `nats://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly version: string;
  readonly monitor: {
    readonly url: string;
    /** JSON of a monitoring page, for example `/connz`. */
    get<T>(path: string): Promise<T>;
  };
  /** What the server wrote since it started first, newest last. */
  readonly log: readonly string[];
  /** Stops it gracefully and deletes its streams. */
  stop(): Promise<void>;
  /** SIGKILL; the streams stay for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same streams; stops it first where it runs. */
  restart(): Promise<void>;
}

const HOST = '127.0.0.1';
/** Below the ephemeral range: a client that redials a dead port in that range can connect to itself. */
const PORT_RANGE = { from: 20_000, to: 32_000 };
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;
const LOG_LINES = 500;
/** Outlives the test run: its standard input ends when the run dies, however it dies. */
const WATCHDOG = 'cat >/dev/null; [ -f "$0/pid" ] && kill -9 "$(cat "$0/pid")" 2>/dev/null; rm -rf -- "$0"';

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, HOST);
    await once(probe, 'listening');
    return (probe.address() as AddressInfo).port === port;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

async function freePort(): Promise<number> {
  const { from, to } = PORT_RANGE;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = from + Math.floor(Math.random() * (to - from));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${from} and ${to}`);
}

function configText(place: NatsPlace, options: NatsServerOptions): string {
  if (typeof options.config === 'function') return options.config(place);
  return [
    `listen: ${place.host}:${place.port}`,
    `http: ${place.host}:${place.monitorPort}`,
    options.jetstream === false ? '' : `jetstream { store_dir: ${JSON.stringify(place.storeDir)} }`,
    options.config ?? '',
  ].join('\n');
}

class RunningNatsServer implements NatsServer {
  readonly log: string[] = [];
  version = '';
  #child: ChildProcess | undefined;
  readonly #watchdog: ChildProcess;

  constructor(
    private readonly place: NatsPlace,
    private readonly folder: string,
    config: string,
  ) {
    mkdirSync(place.storeDir, { recursive: true });
    writeFileSync(join(folder, 'nats.conf'), config);
    this.#watchdog = spawn('sh', ['-c', WATCHDOG, folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
  }

  get url(): string {
    return `nats://${this.place.host}:${this.place.port}`;
  }

  get port(): number {
    return this.place.port;
  }

  get monitor(): NatsServer['monitor'] {
    const url = `http://${this.place.host}:${this.place.monitorPort}`;
    return { url, get: async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T };
  }

  async start(): Promise<void> {
    const child = spawn(findNatsServer(), ['-c', join(this.folder, 'nats.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`nats-server did not start:\n${this.log.join('\n')}`)));
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line);
      if (this.log.length > LOG_LINES) this.log.shift();
      this.version = /Version:\s+(\S+)/.exec(line)?.[1] ?? this.version;
      if (line.includes('Server is ready')) resolve();
    });
    if (child.pid !== undefined) writeFileSync(join(this.folder, 'pid'), String(child.pid));
    const timer = setTimeout(() => reject(new Error('nats-server took too long')), START_TIMEOUT_MS);
    try {
      await ready;
    } finally {
      clearTimeout(timer);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
    // The process id may be another's soon.
    rmSync(join(this.folder, 'pid'), { force: true });
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    if (this.#watchdog.exitCode !== null) return;
    const exited = once(this.#watchdog, 'exit');
    this.#watchdog.stdin?.end();
    await exited;
  }
}

async function startOnce(options: NatsServerOptions): Promise<RunningNatsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-nats-'));
  const place: NatsPlace = {
    host: HOST,
    port: options.port ?? (await freePort()),
    monitorPort: await freePort(),
    storeDir: join(folder, 'jetstream'),
  };
  const server = new RunningNatsServer(place, folder, configText(place, options));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Starts a real nats-server with a store of its own in the temporary folder; it ends with the test run. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another test may have taken the port between the probe and the start.
      const taken = error instanceof Error && error.message.includes('address already in use');
      if (!taken || attempt === 5 || options.port !== undefined) throw error;
    }
  }
}
