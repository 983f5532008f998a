import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  ConfigError,
  configHelp,
  createLogger,
  defineConfig,
  Health,
  Lifecycle,
  loadConfig,
  setting,
} from './index.js';

const definition = defineConfig({
  service: 'orchard',
  settings: {
    port: setting('ORCHARD_PORT', z.coerce.number('must be a port').int(), {
      description: 'Where it listens.',
    }),
    key: setting('ORCHARD_KEY', z.string().min(16, 'is too short'), {
      description: 'What it signs with.',
      secret: true,
    }),
    mode: setting('ORCHARD_MODE', z.enum(['flat', 'round']).default('flat'), { description: 'Its shape.' }),
  },
});

describe('configuration', () => {
  it('names every bad variable at once and shows no secret value', () => {
    const load = (): unknown =>
      loadConfig(definition, { ORCHARD_PORT: 'eighty', ORCHARD_KEY: 'hunter2', ORCHARD_MODE: '' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/ORCHARD_PORT: "eighty".*\n.*ORCHARD_KEY: its value is not valid \(is too short\)/);
    expect(load).not.toThrow(/hunter2/);
  });

  it('names what is missing', () => {
    expect(() => loadConfig(definition, {})).toThrow(/ORCHARD_PORT is not set: Where it listens/);
  });

  it('reads a secret from the file that <NAME>_FILE names, and nothing else from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'espalier-config-'));
    try {
      const file = join(folder, 'key');
      writeFileSync(file, 'a-secret-of-some-length\n');
      const { config, secrets } = loadConfig(definition, { ORCHARD_PORT: '80', ORCHARD_KEY_FILE: file });
      expect(config).toEqual({ port: 80, key: 'a-secret-of-some-length', mode: 'flat' });
      expect(secrets).toEqual(['a-secret-of-some-length']);
      expect(() => loadConfig(definition, { ORCHARD_PORT_FILE: file, ORCHARD_KEY_FILE: file })).toThrow(
        /ORCHARD_PORT is not set/,
      );
      expect(() => loadConfig(definition, { ORCHARD_PORT: '80', ORCHARD_KEY_FILE: `${file}.gone` })).toThrow(
        /ORCHARD_KEY_FILE: cannot be read/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a definition that declares a variable twice', () => {
    const twice = setting('X', z.string(), { description: 'x' });
    expect(() => defineConfig({ service: 's', settings: { a: twice, b: twice } })).toThrow(
      /declares X twice/,
    );
  });

  it('prints help with defaults and secret marks', () => {
    expect(configHelp(definition)).toContain('ORCHARD_MODE  (default flat)');
    expect(configHelp(definition)).toContain('ORCHARD_KEY  (required, secret)');
  });
});

describe('logs', () => {
  it('hold no secret, whether by key or by value', () => {
    const lines: string[] = [];
    const logger = createLogger({
      service: 'orchard',
      replica: 'r1',
      level: 'info',
      secrets: ['line one\nline "two"'],
      destination: { write: (line) => void lines.push(line) },
    });
    logger.info(
      { pin: 'canary-1', device: { PushMagic: 'canary-2', deep: { challenge: 'canary-3' } } },
      'a command',
    );
    logger.info({ note: 'before line one\nline "two" after' }, 'a key in a value');
    logger.warn('in the message: line one\nline "two"');
    const output = lines.join('');
    for (const canary of ['canary-1', 'canary-2', 'canary-3', 'line one', 'two'])
      expect(output).not.toContain(canary);
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      service: 'orchard',
      replica: 'r1',
      level: 'info',
      msg: 'a command',
    });
  });
});

describe('health', () => {
  it('is ready with a degraded check, not with a failed one, and never while stopping', async () => {
    const health = new Health();
    health.addCheck('link', () => Promise.reject(new Error('no link')), { degradedOnly: true });
    expect(await health.report()).toEqual({
      ready: true,
      checks: { link: { state: 'degraded', detail: 'no link' } },
    });
    let broken = true;
    health.addCheck('database', () => {
      if (broken) throw new Error('connection refused');
    });
    expect((await health.report()).ready).toBe(false);
    broken = false;
    expect((await health.report()).ready).toBe(true);
    health.markStopping();
    expect((await health.report()).ready).toBe(false);
  });
});

describe('lifecycle', () => {
  const silent = createLogger({ service: 's', replica: 'r', level: 'silent' });

  it('runs phases in order, once, and survives a failing step', async () => {
    const lifecycle = new Lifecycle({ logger: silent, graceMs: 1_000 });
    const order: string[] = [];
    lifecycle.onShutdown('connections', 'c', () => void order.push('connections'));
    lifecycle.onShutdown('work', 'b', () => Promise.reject(new Error('no')));
    lifecycle.onShutdown('work', 'b2', () => void order.push('work'));
    lifecycle.onShutdown('intake', 'a', () => void order.push('intake'));
    await Promise.all([lifecycle.shutdown('one'), lifecycle.shutdown('two')]);
    expect(order).toEqual(['intake', 'work', 'connections']);
  });

  it('goes on when a step is still busy at the end of the grace time', async () => {
    const lifecycle = new Lifecycle({ logger: silent, graceMs: 20 });
    let closed = false;
    lifecycle.onShutdown('work', 'stuck', () => new Promise<void>(() => undefined));
    lifecycle.onShutdown('connections', 'close', () => void (closed = true));
    await lifecycle.shutdown('test');
    expect(closed).toBe(true);
  });
});

describe('a service process', () => {
  const program = `
    import { bootstrap, defineConfig, setting } from '${new URL('./index.js', import.meta.url).href}';
    import { z } from '${import.meta.resolve('zod')}';
    const definition = defineConfig({ service: 'orchard', settings: {
      fail: setting('ORCHARD_FAIL', z.enum(['yes', 'no']).default('no'), { description: 'Whether the start fails.' }) } });
    await bootstrap(definition, async (kit) => {
      if (kit.config.fail === 'yes') throw new Error('as asked');
      kit.lifecycle.onShutdown('work', 'last words', () => console.log('finished in order'));
    });`;

  async function run(
    env: NodeJS.ProcessEnv,
    stop: NodeJS.Signals | 'disconnect',
  ): Promise<{ code: number | null; output: string; live?: number }> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, ESPALIER_MANAGEMENT_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += String(chunk)));
    child.stderr?.on('data', (chunk) => (output += String(chunk)));
    let live: number | undefined;
    child.on('message', (message: { managementPort: number }) => {
      void fetch(`http://127.0.0.1:${message.managementPort}/readyz`).then((response) => {
        live = response.status;
        if (stop === 'disconnect') child.disconnect();
        else child.kill(stop);
      });
    });
    // 'close' never comes once the parent has disconnected the channel.
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code, output, ...(live !== undefined && { live }) };
  }

  it.each(['SIGTERM', 'disconnect'] as const)(
    'starts, answers /readyz and stops in order on %s',
    async (stop) => {
      const { code, output, live } = await run({}, stop);
      expect(live).toBe(200);
      expect(output).toContain('finished in order');
      expect(code).toBe(0);
    },
  );

  it('exits with 78 and a readable list where the configuration is wrong', async () => {
    const { code, output } = await run({ ORCHARD_FAIL: 'perhaps', ESPALIER_MANAGEMENT_PORT: 'x' }, 'SIGTERM');
    expect(code).toBe(78);
    expect(output).toMatch(/ORCHARD_FAIL: "perhaps"[^]*ESPALIER_MANAGEMENT_PORT: "x"/);
  });

  it('exits with 1 where the start fails, saying why', async () => {
    const { code, output } = await run({ ORCHARD_FAIL: 'yes' }, 'SIGTERM');
    expect(code).toBe(1);
    expect(output).toContain('as asked');
  });
});
