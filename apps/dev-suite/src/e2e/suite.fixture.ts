import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { readProfile } from '@espalier/config-profile';
import { findNatsServer } from '@espalier/testing';
import { ConsoleClient, ConsoleError } from '../console/console.client.js';
import { SiteClient } from '../console/site.client.js';
import { DeviceSim, type SimEvent } from '../main-job/device-sim.process.js';
import { freePorts } from '../suite/ports.js';
import { Suite } from '../suite/suite.js';
import type { SuiteOptions } from '../suite/suite.options.js';

/** An answer of the device door. */
export interface DeviceAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** For suites whose services are killed: what is lost is made up for soon. */
export const KILL_OVERRIDES: NonNullable<SuiteOptions['overrides']> = {
  // All devices share one address here.
  'dmz-proxy': {
    ESPALIER_DMZ_MAX_CONNECTIONS_PER_ADDRESS: '0',
    ESPALIER_DMZ_HANDSHAKES_PER_SECOND_PER_ADDRESS: '0',
  },
  // Only the commands that the spec counts.
  mdm: { ESPALIER_MDM_PUSH_RETRY_SECONDS: '2,2,4', ESPALIER_INVENTORY_HOURS: '0' },
};

const INSIST_MS = 150_000;

/** Asks again while a service that was killed comes back. */
export async function insist<T>(action: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + INSIST_MS;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const mayPass = !(error instanceof ConsoleError) || error.status >= 500;
      if (!mayPass || Date.now() > deadline) throw error;
      await pause(100);
    }
  }
}

/** A whole suite of real processes in a temporary folder, for end-to-end specs. */
export class TestSuite {
  private constructor(
    readonly suite: Suite,
    readonly folder: string,
  ) {}

  static async start(overrides: Partial<SuiteOptions> = {}): Promise<TestSuite> {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-e2e-'));
    const suite = await Suite.start(
      {
        stateFolder: folder,
        host: '127.0.0.1',
        deviceHost: 'localhost',
        ports: await freePorts('127.0.0.1'),
        logLevel: 'debug',
        ...overrides,
      },
      findNatsServer(),
    );
    return new TestSuite(suite, folder);
  }

  async stop(): Promise<void> {
    await this.suite.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  client(token = this.suite.adminToken): ConsoleClient {
    return new ConsoleClient({ url: this.suite.consoleUrl, token, caFile: this.suite.pki.ca.certificate });
  }

  site(): SiteClient {
    return new SiteClient(this.client());
  }

  sim(name: string, onEvent: (event: SimEvent) => void): DeviceSim {
    const { appleUrl, pki } = this.suite;
    return new DeviceSim({ state: join(this.folder, name), appleUrl, caFile: pki.ca.certificate, onEvent });
  }

  /** A request to the device door, as the Internet would send it. */
  device(
    method: string,
    path: string,
    body?: Buffer | string,
    options: RequestOptions = {},
  ): Promise<DeviceAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<DeviceAnswer>();
    const ca = readFileSync(this.suite.pki.ca.certificate);
    const call = request(new URL(path, this.suite.deviceUrl), { method, ca, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    call.once('error', reject);
    call.end(body);
    return promise;
  }

  /** Fetches an enrolment profile and gives the challenge in it. */
  async freshChallenge(): Promise<string> {
    const { url } = await this.client().createEnrollmentLink(1);
    const { body } = await this.device('GET', new URL(url).pathname);
    const { profile } = readProfile(body);
    const payloads = profile['PayloadContent'] as {
      PayloadType: string;
      PayloadContent?: { Challenge?: string };
    }[];
    const scep = payloads.find((payload) => payload.PayloadType === 'com.apple.security.scep');
    const challenge = scep?.PayloadContent?.Challenge;
    if (challenge === undefined) throw new Error('the profile has no SCEP challenge');
    return challenge;
  }

  /** Looks into the database of a service, beside the running process. */
  query<T>(service: 'mdm' | 'mdm-policy' | 'config-proxy', sql: string, ...params: (string | number)[]): T[] {
    const db = new DatabaseSync(this.suite.state.file('data', `${service}.sqlite`), {
      readOnly: true,
      timeout: 10_000,
    });
    try {
      return db.prepare(sql).all(...params) as T[];
    } finally {
      db.close();
    }
  }

  /** Changes what a service keeps behind its back; gives how many rows that were. */
  write(service: 'mdm' | 'mdm-policy' | 'config-proxy', sql: string, ...params: (string | number)[]): number {
    const db = new DatabaseSync(this.suite.state.file('data', `${service}.sqlite`), { timeout: 10_000 });
    try {
      return Number(db.prepare(sql).run(...params).changes);
    } finally {
      db.close();
    }
  }

  /** Everything that the services have logged. */
  logs(): string {
    const folder = this.suite.state.file('logs');
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  }

  /** A metric of a service's management port, summed over its labels. */
  async metric(service: 'mdm' | 'dmz', name: string): Promise<number> {
    const { mdmManagement, dmzManagement } = this.suite.options.ports;
    const port = service === 'mdm' ? mdmManagement : dmzManagement;
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async readiness(service: 'mdm' | 'configProxy'): Promise<number> {
    const { ports } = this.suite.options;
    const port = service === 'mdm' ? ports.mdmManagement : ports.configProxyManagement;
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  }
}

/** What a program printed and how it ended; never rejects. */
export function run(
  program: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly input?: string;
    readonly timeoutMs?: number;
  } = {},
): Promise<{ code: number; output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ code: number; output: string }>();
  const child = execFile(
    program,
    args,
    {
      timeout: options.timeoutMs ?? 20_000,
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    },
    (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, output: stdout + stderr });
    },
  );
  child.stdin?.end(options.input ?? '');
  return promise;
}
