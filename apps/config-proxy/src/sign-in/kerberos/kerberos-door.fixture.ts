import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SignInPlace } from '../sign-in.fixture.js';

const run = promisify(execFile);

export interface CurlAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  /** The `Negotiate …` that curl sent. */
  readonly sent: string | undefined;
  /** The `Negotiate …` that it was answered with. */
  readonly answered: string | undefined;
}

export interface KerberosDoorOptions {
  readonly keytab: string;
  readonly services?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Arguments for node. */
  readonly node?: readonly string[];
}

/** A door with Kerberos in a process of its own. */
export class KerberosDoor {
  port = 0;
  /** What it logged at the start. */
  readonly log: Readonly<Record<string, unknown>>[] = [];
  #child: ChildProcess | undefined;

  constructor(
    private readonly place: SignInPlace,
    private readonly options: KerberosDoorOptions,
  ) {}

  async start(): Promise<this> {
    const { keytab, services = '', env, node = [] } = this.options;
    const { caFile, certFile, keyFile } = this.place;
    const script = join(import.meta.dirname, 'kerberos-door-process.fixture.js');
    const args = [...node, script, keytab, services, caFile, certFile, keyFile];
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const entry = JSON.parse(line) as Record<string, unknown>;
      if (typeof entry['port'] === 'number') {
        this.port = entry['port'];
        child.stdout.resume();
        return this;
      }
      this.log.push(entry);
    }
    throw new Error('the door did not start');
  }

  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await gone;
  }

  /** Signs in as curl does, with the tickets that `env` names. */
  negotiate(env: NodeJS.ProcessEnv, ...more: readonly string[]): Promise<CurlAnswer> {
    return this.curl(env, '--negotiate', '--user', ':', ...more);
  }

  /** Sends a header that somebody made up or kept. */
  send(authorization: string): Promise<CurlAnswer> {
    return this.curl(this.options.env, '--header', `Authorization: ${authorization}`);
  }

  async curl(env: NodeJS.ProcessEnv, ...more: readonly string[]): Promise<CurlAnswer> {
    const fixed = ['-sS', '-v', '--cacert', this.place.caFile, `https://localhost:${this.port}/`];
    const { stdout, stderr } = await run('curl', [...fixed, ...more], { env });
    return {
      status: Number(/^< HTTP\/1.1 (\d+)/m.exec(stderr)?.[1]),
      json: (stdout === '' ? {} : JSON.parse(stdout)) as CurlAnswer['json'],
      sent: /^> authorization: (Negotiate \S+)/im.exec(stderr)?.[1],
      answered: /^< www-authenticate: (Negotiate \S+)/im.exec(stderr)?.[1],
    };
  }
}
