import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '@espalier/testing';
import { freePorts, takenPorts } from '../suite/ports.js';
import { run } from './suite.fixture.js';

const MAIN = join(import.meta.dirname, '..', 'main.js');

/** What `npm start` does for a person, seen from outside. */
describe('npm start', () => {
  const state = mkdtempSync(join(tmpdir(), 'espalier-start-'));
  afterAll(() => rmSync(state, { recursive: true }));

  const env = (): NodeJS.ProcessEnv => ({ ...process.env, ESPALIER_NATS_SERVER: findNatsServer() });
  const start = (...args: string[]): Promise<{ code: number; output: string }> =>
    run(process.execPath, [MAIN, '--state', join(state, 'suite'), ...args], {
      env: env(),
      timeoutMs: 90_000,
    });

  it('shows the main job and leaves no process behind', async () => {
    const { code, output } = await start('--once', '--free-ports', '--devices', '3');
    expect(output).toContain('3 simulated devices enrol');
    expect(output.match(/✓ \w+ +enrolled/g)).toHaveLength(3);
    for (const line of [
      '"All Macs" has filled by itself',
      'the drift was seen and mended',
      'nothing of it is left',
    ])
      expect(output).toContain(line);
    expect(output).toMatch(/(\d+) of \1 devices comply/);
    expect(output).toMatch(/why has .* got it\? It has it since/);
    expect(output).toContain('Espalier runs.');
    expect(code).toBe(0);
    expect(await survivors()).toEqual([]);
  });

  it('keeps the token for its owner only', () => {
    expect(statSync(join(state, 'suite', 'admin-token')).mode & 0o777).toBe(0o600);
    expect(statSync(join(state, 'suite')).mode & 0o777).toBe(0o700);
  });

  /** Starts a suite that stays, and waits until it says that it runs. */
  async function startAndStay(...args: string[]): Promise<{ child: ChildProcess; output: string }> {
    const command = [MAIN, '--state', join(state, 'suite'), '--free-ports', ...args];
    const child = spawn(process.execPath, command, { env: env(), stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    const running = Promise.withResolvers<void>();
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes('Espalier runs.')) running.resolve();
    });
    await running.promise;
    return { child, output };
  }

  /** Processes of the suite that still run: those that name its folder, and those that their logs name. */
  async function survivors(): Promise<string[]> {
    const named = (await run('pgrep', ['-f', state])).output.split('\n');
    const logs = join(state, 'suite', 'logs');
    const logged = readdirSync(logs).flatMap((name) =>
      [...readFileSync(join(logs, name), 'utf8').matchAll(/"pid":(\d+),.*"msg":"started"/g)].map(
        ([, pid]) => pid ?? '',
      ),
    );
    return [...named, ...logged].filter((pid) => pid !== '' && existsSync(`/proc/${pid}`));
  }

  it('goes on where it was, on Ctrl-C leaves nothing, and refuses a second suite on its folder meanwhile', async () => {
    const { child, output } = await startAndStay('--devices', '3');
    expect(output).toContain('3 devices are enrolled from before');
    expect(output).toContain('the baseline is deployed from before');
    expect((await survivors()).length).toBeGreaterThan(5);
    const second = await start('--once', '--free-ports');
    expect(second).toMatchObject({ code: 1, output: expect.stringContaining('runs on') });
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    expect(await survivors()).toEqual([]);
  });

  it('leaves nothing behind when it is killed', async () => {
    const { child } = await startAndStay('--devices', '0');
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const deadline = Date.now() + 20_000; Date.now() < deadline && (await survivors()).length > 0;);
    expect(await survivors()).toEqual([]);
  });

  it('names ports that are in use, and starts nothing', async () => {
    const squatter = createServer();
    await new Promise<void>((done) => squatter.listen(8760, '127.0.0.1', done)).catch(() => undefined);
    try {
      const { code, output } = await start('--once');
      expect(code).toBe(1);
      expect(output).toMatch(/8760 \(console\)[^]*--free-ports/);
    } finally {
      squatter.close();
    }
  });

  it('names what is damaged in the state folder, and changes nothing', async () => {
    const file = join(state, 'suite', 'pki', 'scep-ca.key');
    const key = readFileSync(file);
    writeFileSync(file, 'nonsense');
    const damaged = await start('--once', '--free-ports');
    expect(damaged.code).toBe(1);
    expect(damaged.output).toMatch(/pki\/scep-ca\.key[^]*--reset/);
    expect(readFileSync(file, 'utf8')).toBe('nonsense');
    writeFileSync(file, key);
    writeFileSync(join(state, 'suite', 'state.json'), '{');
    expect((await start('--once')).output).toMatch(/state\.json[^]*--reset/);
  });

  it('deletes nothing that is not a state folder', async () => {
    writeFileSync(join(state, 'mine'), 'important');
    const { code, output } = await run(process.execPath, [MAIN, '--reset', '--state', state], { env: env() });
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('no state folder') });
    expect(readFileSync(join(state, 'mine'), 'utf8')).toBe('important');
  });

  it('explains itself, and what is wrong with an option', async () => {
    expect((await start('--help')).output).toContain('--free-ports');
    expect(await start('--devices', 'many')).toMatchObject({
      code: 1,
      output: expect.stringContaining('whole number'),
    });
    expect(await start('--colour')).toMatchObject({ code: 1, output: expect.stringContaining('--help') });
  });
});

describe('ports', () => {
  it('are all different and free, and one that is taken is named', async () => {
    const ports = await freePorts('127.0.0.1');
    expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
    expect(await takenPorts('127.0.0.1', ports)).toEqual([]);
    const squatter = createServer();
    await new Promise<void>((done) => squatter.listen(0, '127.0.0.1', done));
    const { port } = squatter.address() as AddressInfo;
    expect(await takenPorts('127.0.0.1', { ...ports, nats: port })).toEqual([{ use: 'nats', port }]);
    squatter.close();
  });
});
