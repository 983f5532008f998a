import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

import { startNatsServer } from './nats-server.harness.js';

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('startNatsServer', () => {
  it('runs a real server with JetStream that keeps its port and streams over kill and restart', async () => {
    const server = await startNatsServer();
    try {
      const before = await server.monitor.get<{ config: { store_dir: string } }>('/jsz');
      expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
      await server.kill();
      expect(await accepts(server.port)).toBe(false);
      await server.restart();
      expect(await accepts(server.port)).toBe(true);
      const after = await server.monitor.get<{ config: { store_dir: string } }>('/jsz');
      expect(after.config.store_dir).toBe(before.config.store_dir);
    } finally {
      await server.stop();
    }
    expect(await accepts(server.port)).toBe(false);
  });

  it('reports what the server said when it does not start', async () => {
    await expect(startNatsServer({ config: 'no_such_option: [' })).rejects.toThrow(/did not start/);
  });

  it('leaves no server behind when the test run is killed', async () => {
    const module = JSON.stringify(new URL('./nats-server.harness.js', import.meta.url).href);
    const script = `const { startNatsServer } = await import(${module});
      const server = await startNatsServer(); console.log(server.port); setInterval(() => {}, 1000);`;
    const run = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: run.stdout }), 'line')) as [string];
    const port = Number(line);
    expect(await accepts(port)).toBe(true);
    run.kill('SIGKILL');
    // Nothing tells of the end of another's child; of its sockets, the one it listens on may be closed last.
    while (await accepts(port)) await pause(10);
  });
});
