import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { PushListener, type ReceivedPush } from '@espalier/sim-apple';

const TOPIC = 'com.apple.mgmt.External.1d2c3b4a-0f1e-4d2c-9b3a-4c5d6e7f8091';

interface Started {
  readonly apns: string;
  readonly devices: string;
  readonly admin: string;
  readonly managementPort: number;
}

/** Reads the process's JSON log until it has said where it listens and that it has started. */
async function started(output: AsyncIterable<string>): Promise<Started> {
  let text = '';
  let urls: Partial<Started> = {};
  for await (const chunk of output) {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const entry = JSON.parse(line) as Started & { msg: string };
      if (entry.msg === 'Apple simulator listens') urls = entry;
      if (entry.msg === 'started') return { ...urls, managementPort: entry.managementPort } as Started;
    }
  }
  throw new Error('the process ended before it started');
}

async function json<T>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as T;
}

describe('the apple-sim process', () => {
  it('starts from its environment, carries a push to a device, shows figures, and stops on SIGTERM', async () => {
    const port = '0';
    const child = spawn(process.execPath, [fileURLToPath(new URL('main.js', import.meta.url))], {
      env: {
        ESPALIER_APPLE_SIM_APNS_PORT: port,
        ESPALIER_APPLE_SIM_DEVICE_PORT: port,
        ESPALIER_APPLE_SIM_ADMIN_PORT: port,
        ESPALIER_MANAGEMENT_PORT: port,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const urls = await started(child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false }));
    child.stdout.resume();

    const ca = await (await fetch(`${urls.admin}/ca.pem`)).text();
    const pair = await json<{ certificate: string; key: string }>(`${urls.admin}/push-certificates`, {
      topic: TOPIC,
    });
    const { token } = await json<{ token: string }>(`${urls.devices}/devices/tokens`, { topic: TOPIC });
    const { promise: arrived, resolve: onPush } = Promise.withResolvers<ReceivedPush>();
    const device = new PushListener({ deviceUrl: urls.devices, onPush }, [token]);
    await device.ready();
    const session = connect(urls.apns, { ca, cert: pair.certificate, key: pair.key });
    session.request({ ':method': 'POST', ':path': `/3/device/${token}` }).end('{"mdm":"magic"}');
    expect(await arrived).toMatchObject({ token, mdm: 'magic' });

    const metrics = await (await fetch(`http://127.0.0.1:${urls.managementPort}/metrics`)).text();
    expect(metrics).toMatch(/apple_sim_apns_answers_total\{status="200".*delivery="delivered".*\} 1/);
    expect(metrics).toMatch(/apple_sim_apns_waiting\S* 1/);
    session.close();
    device.close();
    child.kill('SIGTERM');
    expect((await exited)[0]).toBe(0);
  });
});
