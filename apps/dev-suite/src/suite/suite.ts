import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createKeyringFile, loadKeyring } from '@espalier/secrets';
import { ManagedProcess } from '../processes/managed-process.js';
import { openNats } from '../state/nats-users.js';
import { brokenState, StateFolder } from '../state/state-folder.js';
import { SuiteError } from '../state/state.errors.js';
import { openPki, type SuitePki } from '../state/suite-pki.js';
import { takenPorts } from './ports.js';
import { suiteServices } from './services.js';
import type { SuiteOptions, SuiteServiceName } from './suite.options.js';

const START_MS = 60_000;

/** Every process of Espalier on one machine, each as its own process, with keys and data in one folder. */
export class Suite {
  readonly #processes = new Map<SuiteServiceName, ManagedProcess>();

  private constructor(
    readonly options: SuiteOptions,
    readonly state: StateFolder,
    readonly pki: SuitePki,
  ) {}

  /**
   * Makes what is missing in the state folder and starts everything.
   * @param onProgress called with what is being done, for people
   * @throws SuiteError that says what to mend; nothing is left running then
   */
  static async start(
    options: SuiteOptions,
    natsServer: string,
    onProgress: (step: string) => void = () => undefined,
  ): Promise<Suite> {
    const state = StateFolder.open(options.stateFolder);
    claim(state);
    try {
      await requireFreePorts(options);
      if (state.isNew) onProgress('making keys, pins and certificates');
      state.adminToken();
      state.write('ports.json', `${JSON.stringify(options.ports, null, 2)}\n`);
      openKeyring(state);
      const pki = openPki(state, [...new Set(['localhost', '127.0.0.1', options.deviceHost])]);
      const nats = openNats(state, options.host, options.ports.nats);
      const suite = new Suite(options, state, pki);
      await suite.#startAll({ options, state, pki, nats, natsServer }, onProgress);
      return suite;
    } catch (error) {
      rmSync(state.file('suite.pid'), { force: true });
      throw error;
    }
  }

  get adminToken(): string {
    return this.state.adminToken();
  }

  get deviceUrl(): string {
    return `https://${this.options.deviceHost}:${this.options.ports.device}`;
  }

  get consoleUrl(): string {
    return `https://localhost:${this.options.ports.console}`;
  }

  get contentUrl(): string {
    return `http://localhost:${this.options.ports.content}`;
  }

  /** Where simulated devices get their push tokens and wait for pushes. */
  get appleUrl(): string {
    return `http://${this.options.host}:${this.options.ports.appleDevices}`;
  }

  process(name: SuiteServiceName): ManagedProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Error(`${name} is no process of this suite`);
    return found;
  }

  /** Stops everything, what others need last. */
  async stop(): Promise<void> {
    for (const name of [
      'dmz-proxy',
      'config-proxy',
      'mdm-policy',
      'mdm',
      'apple-sim',
      'nats-server',
    ] as const)
      await this.#processes.get(name)?.stop();
    rmSync(this.state.file('suite.pid'), { force: true });
  }

  async #startAll(
    parts: Parameters<typeof suiteServices>[0],
    onProgress: (step: string) => void,
  ): Promise<void> {
    try {
      for (const spec of suiteServices(parts)) {
        onProgress(`starting ${spec.name}`);
        const managed = new ManagedProcess(spec);
        this.#processes.set(spec.name as SuiteServiceName, managed);
        await managed.start(START_MS);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

/** Two suites on one folder would ruin each other's databases. */
function claim(state: StateFolder): void {
  const file = state.file('suite.pid');
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (owner > 0 && owner !== process.pid && isAlive(owner))
    throw new SuiteError(
      `A suite runs on ${state.path} already (process ${owner}). Stop it first, or name another folder with --state.`,
    );
  writeFileSync(file, String(process.pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function openKeyring(state: StateFolder): void {
  const file = state.file('pki', 'keyring.json');
  try {
    if (existsSync(file)) loadKeyring(file);
    else createKeyringFile(file);
  } catch (error) {
    throw brokenState(state.path, 'pki/keyring.json', error instanceof Error ? error.message : String(error));
  }
}

async function requireFreePorts({ host, ports }: SuiteOptions): Promise<void> {
  const taken = await takenPorts(host, ports);
  if (taken.length === 0) return;
  const list = taken.map(({ use, port }) => `  ${port} (${use})`).join('\n');
  throw new SuiteError(
    `These ports are in use by another program:\n${list}\nStop it, or start the suite with --free-ports to take any that are free.`,
  );
}
