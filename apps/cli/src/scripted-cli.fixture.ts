import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testCertificate } from '@espalier/testing';
import { runCli, type Ended } from './cli-process.fixture.js';
import { ScriptedServer, type Script, type Seen } from './connection/scripted-server.fixture.js';

/** The command line, run as a process against a server whose answers a spec writes. */
export class ScriptedCli {
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
  readonly caFile = join(this.folder, 'ca.pem');
  /** What the server does with each request; a spec sets it. */
  script: Script = () => undefined;
  /** What arrived since {@link reset}. */
  seen: Seen[] = [];
  #server: ScriptedServer | undefined;

  async start(): Promise<void> {
    const identity = testCertificate('server', { names: ['localhost'] });
    writeFileSync(this.caFile, identity.certificate);
    this.#server = await ScriptedServer.start(identity, (one, response) => {
      this.seen.push(one);
      this.script(one, response);
    });
  }

  /** @throws Error before it is started */
  get url(): string {
    if (this.#server === undefined) throw new Error('the server was not started');
    return this.#server.url;
  }

  run(...args: readonly string[]): Promise<Ended> {
    return runCli(args, {
      XDG_CONFIG_HOME: this.folder,
      TZ: 'Europe/Berlin',
      ESPALIER_URL: this.url,
      ESPALIER_CA_FILE: this.caFile,
      ESPALIER_TOKEN: 'esp_x',
    });
  }

  /** What was sent last, where it is JSON. */
  get sent(): Record<string, unknown> {
    return JSON.parse(this.seen.at(-1)?.body ?? '{}') as Record<string, unknown>;
  }

  reset(): void {
    this.seen = [];
  }

  stop(): void {
    this.#server?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
