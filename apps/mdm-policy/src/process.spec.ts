import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer } from '@espalier/testing';

describe('the process of mdm-policy', () => {
  it('starts from its settings alone, is ready, shows its metrics, and stops on SIGTERM', async () => {
    const server = await startNatsServer();
    const folder = mkdtempSync(join(tmpdir(), 'espalier-policy-'));
    const child = fork(join(import.meta.dirname, 'main.js'), {
      env: {
        ...process.env,
        ESPALIER_DATABASE_URL: `sqlite:${join(folder, 'policy.sqlite')}`,
        ESPALIER_NATS_SERVERS: server.url,
        ESPALIER_MANAGEMENT_PORT: '0',
        ESPALIER_LOG_LEVEL: 'silent',
      },
    });
    const exit = once(child, 'exit');
    const [started] = (await once(child, 'message')) as [{ managementPort: number }];
    const url = `http://127.0.0.1:${started.managementPort}`;
    let ready = await fetch(`${url}/readyz`);
    for (const limit = Date.now() + 10_000; !ready.ok && Date.now() < limit;)
      ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/espalier_policy_due_enrollments\S* 0/);
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    await server.stop();
    rmSync(folder, { recursive: true });
  });
});
