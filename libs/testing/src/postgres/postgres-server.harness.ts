import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';

const USER = 'espalier';
const START_ATTEMPTS = 20;

/** A real PostgreSQL server of its own, for chaos tests too. Loopback, no password, no fsync. */
export interface PostgresServer {
  /** `postgres://…` of its database; the same after a restart. */
  readonly url: string;
  readonly pid: number;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Ends it at once (SIGKILL); its data stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. */
  restart(): Promise<void>;
  /** Freezes all its processes: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
}

/** Starts a server. It also ends, and its data goes, when this process (or worker) ends for whatever reason. */
export function startPostgres(): Promise<PostgresServer> {
  return startPostgresIn(mkdtempSync(join(tmpdir(), 'espalier-postgres-')));
}

/** Like `startPostgres`, in a folder that exists and goes with the server. */
export async function startPostgresIn(folder: string): Promise<PostgresServer> {
  try {
    const binaries = findPostgresBinaries();
    const data = join(folder, 'data');
    chmodSync(folder, 0o711);
    mkdirSync(data, { mode: 0o700 });
    initialise(binaries, data);
    const server = new RunningPostgres(binaries, folder, await freePort());
    await server.restart();
    return server;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

class RunningPostgres implements PostgresServer {
  readonly url: string;
  private process!: ChildProcess;
  private guard!: ChildProcess;

  constructor(
    private readonly binaries: PostgresBinaries,
    private readonly folder: string,
    private readonly port: number,
  ) {
    this.url = `postgres://${USER}@127.0.0.1:${port}/postgres`;
  }

  get pid(): number {
    return this.process.pid as number;
  }

  async restart(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.process = this.spawnServer();
      this.guard = guardProcess(this.pid, this.folder);
      const log = await readyOrExited(this.process);
      if (log === undefined) return;
      this.releaseGuard();
      // After a kill the old backends need a moment to notice and to give back their shared memory.
      if (attempt === START_ATTEMPTS) throw new Error(`PostgreSQL did not start:\n${log}`);
      await delay(50);
    }
  }

  async stop(): Promise<void> {
    await this.end('SIGINT');
    rmSync(this.folder, { recursive: true, force: true });
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  pause(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGSTOP');
  }

  resume(): void {
    for (const pid of this.processes()) process.kill(pid, 'SIGCONT');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.releaseGuard();
    this.process.ref();
    const exited = once(this.process, 'exit');
    this.process.kill(signal);
    await exited;
  }

  private releaseGuard(): void {
    process.kill(-(this.guard.pid as number), 'SIGKILL');
  }

  private processes(): number[] {
    const children = execFileSync('pgrep', ['-P', String(this.pid)], { encoding: 'utf8' });
    return [this.pid, ...children.trim().split('\n').map(Number)];
  }

  private spawnServer(): ChildProcess {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: '',
      max_connections: '300',
      shared_buffers: '64MB',
      fsync: 'off',
      full_page_writes: 'off',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const data = join(this.folder, 'data');
    return spawn(this.binaries.postgres, ['-D', data, ...flags], {
      ...this.binaries.user,
      cwd: data,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
  }
}

function initialise(binaries: PostgresBinaries, data: string): void {
  if (binaries.user !== undefined) chownSync(data, binaries.user.uid, binaries.user.gid);
  const options = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  execFileSync(binaries.initdb, ['-D', data, '-U', USER, ...options], {
    ...binaries.user,
    cwd: data,
    stdio: 'pipe',
  });
}

/** Waits for our end on a pipe: works even where we are killed and can clean up nothing. */
function guardProcess(pid: number, folder: string): ChildProcess {
  const script = 'cat >/dev/null; kill -CONT "$1"; kill -KILL "$1"; sleep 1; rm -rf -- "$2"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return guard;
}

/** Gives nothing once the server accepts connections, or its log where it has ended instead. */
async function readyOrExited(child: ChildProcess): Promise<string | undefined> {
  const lines: string[] = [];
  const reader = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  const ready = new Promise<undefined>((resolve) => {
    reader.on('line', (line) => {
      if (lines.length < 200) lines.push(line);
      if (line.includes('ready to accept connections')) resolve(undefined);
    });
  });
  const exited = once(child, 'exit').then(() => lines.join('\n'));
  const log = await Promise.race([ready, exited]);
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  return log;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
