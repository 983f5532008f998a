import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DeviceFleet, pooledKeys } from '@espalier/sim-devices';
import type { SuiteServiceName } from '../suite/suite.options.js';
import { insist, KILL_OVERRIDES, TestSuite } from './suite.fixture.js';

const DEVICES = 200;
const COMMANDS = 10;
const PATIENCE_MS = 150_000;

/**
 * The main job at size, while every process is killed once by SIGKILL and once stopped by SIGTERM: nothing may be
 * lost, and nothing done twice.
 */
describe(`${DEVICES} devices, ${COMMANDS} commands each, every process killed`, () => {
  let site: TestSuite;
  let fleet: DeviceFleet;
  const trouble: string[] = [];

  beforeAll(async () => {
    site = await TestSuite.start({ overrides: KILL_OVERRIDES });
    fleet = DeviceFleet.open({
      stateFolder: join(site.folder, 'fleet'),
      appleUrl: site.suite.appleUrl,
      ca: readFileSync(site.suite.pki.ca.certificate, 'utf8'),
      keys: await pooledKeys(join(site.folder, 'keys.pem'), 4),
      enrollRetry: { attempts: 30, maxMs: 2_000 },
      runRetry: { maxMs: 2_000 },
    });
    fleet.events.on('removed', (event) =>
      trouble.push(`${event.device.serial} was removed: ${event.reason}`),
    );
  });
  afterAll(async () => {
    await fleet?.close();
    await site?.stop();
  });

  /** Runs each action once, when so many events of a kind have come. */
  function at(kind: 'certified' | 'result', actions: Readonly<Record<number, () => void>>): void {
    let seen = 0;
    fleet.events.on(kind, () => {
      seen += 1;
      actions[seen]?.();
    });
  }
  const kill = (name: SuiteServiceName, signal: NodeJS.Signals) => (): void =>
    site.suite.process(name).kill(signal);

  const open = (): number =>
    site.query<{ n: number }>('mdm', 'SELECT COUNT(*) AS n FROM queued_command WHERE is_open = 1')[0]?.n ??
    -1;

  it('enrols all of them while mdm is killed', async () => {
    at('certified', { [DEVICES / 4]: kill('mdm', 'SIGKILL') });
    const { url } = await site.client().createEnrollmentLink(DEVICES * 2);
    const { failed } = await fleet.enroll({ profile: { url }, count: DEVICES });
    expect(failed.map(({ error }) => error.message)).toEqual([]);
    const devices = await insist(() => site.client().enrollments());
    expect(devices.filter((device) => device.state === 'enrolled')).toHaveLength(DEVICES);
  });

  it('completes every command exactly once while everything is killed and stopped', async () => {
    const ids = (await insist(() => site.client().enrollments())).map((device) => device.id);
    const total = DEVICES * COMMANDS;
    at('result', {
      [total * 0.1]: kill('mdm', 'SIGKILL'),
      [total * 0.2]: kill('dmz-proxy', 'SIGKILL'),
      [total * 0.3]: kill('config-proxy', 'SIGKILL'),
      [total * 0.4]: kill('nats-server', 'SIGKILL'),
      [total * 0.6]: kill('mdm', 'SIGTERM'),
      [total * 0.7]: kill('dmz-proxy', 'SIGTERM'),
      [total * 0.8]: kill('config-proxy', 'SIGTERM'),
    });
    const submitted: string[] = [];
    for (let n = 0; n < COMMANDS; n += 1) {
      const key = randomUUID();
      const { commands } = await insist(() =>
        site.client().submit(ids, { requestType: 'DeviceInformation' }, key),
      );
      submitted.push(...commands.map((command) => command.id));
    }
    expect(new Set(submitted).size).toBe(total);
    for (const deadline = Date.now() + PATIENCE_MS; open() > 0 && Date.now() < deadline;) await pause(200);

    const states = site.query<{ state: string; n: number }>(
      'mdm',
      'SELECT state, COUNT(*) AS n FROM queued_command GROUP BY state',
    );
    expect(states).toEqual([{ state: 'acknowledged', n: total }]);
    expect(site.query('mdm', 'SELECT COUNT(*) AS n FROM command_result')).toEqual([{ n: total }]);
    for (const device of fleet.devices.values()) {
      const done = device.journal().map((entry) => entry.commandUuid);
      expect(done).toHaveLength(COMMANDS);
      expect(new Set(done).size).toBe(COMMANDS);
    }
    expect(trouble).toEqual([]);
  });

  it('publishes every completion exactly once', async () => {
    // It was stopped near the end, and may be on its way back.
    await insist(() => site.client().enrollments());
    const seen: string[] = [];
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 30_000);
    try {
      for await (const event of site.client().events(stop.signal, '0')) {
        if (event.type === 'command.completed') seen.push(String(event.data.payload['id']));
        if (seen.length === DEVICES * COMMANDS) stop.abort();
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    clearTimeout(timer);
    expect(new Set(seen).size).toBe(DEVICES * COMMANDS);
    expect(seen).toHaveLength(DEVICES * COMMANDS);
  });
});
