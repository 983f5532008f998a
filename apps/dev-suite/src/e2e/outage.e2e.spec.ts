import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DeviceFleet, pooledKeys } from '@espalier/sim-devices';
import { startPostgres, type PostgresServer } from '@espalier/testing';
import { ConsoleError } from '../console/console.client.js';
import { TestSuite } from './suite.fixture.js';

const PATIENCE_MS = 20_000;

/** A database or nats-server that is down: readiness says so, requests get a clear 503, all comes back by itself. */
describe('an outage', () => {
  let postgres: PostgresServer;
  let site: TestSuite;
  let fleet: DeviceFleet;

  beforeAll(async () => {
    postgres = await startPostgres();
    site = await TestSuite.start({ databaseUrl: postgres.url });
    fleet = DeviceFleet.open({
      stateFolder: join(site.folder, 'fleet'),
      appleUrl: site.suite.appleUrl,
      ca: readFileSync(site.suite.pki.ca.certificate, 'utf8'),
      keys: await pooledKeys(join(site.folder, 'keys.pem'), 1),
      runRetry: { maxMs: 500 },
    });
    const { url } = await site.client().createEnrollmentLink(1);
    await fleet.enroll({ profile: { url }, count: 1 });
  });
  afterAll(async () => {
    await fleet?.close();
    await site?.stop();
    await postgres?.stop();
  });

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline;) {
      if (await holds()) return;
      await pause(50);
    }
    throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
  }
  const ready = async (status: number): Promise<void> => {
    await until(`mdm answers ${status}`, async () => (await site.readiness('mdm')) === status);
    await until(
      `config-proxy answers ${status}`,
      async () => (await site.readiness('configProxy')) === status,
    );
  };
  const refusal = async (): Promise<{ status: number; code: string | undefined }> => {
    try {
      await site.client().enrollments();
    } catch (error) {
      if (error instanceof ConsoleError) return { status: error.status, code: error.body.code };
      throw error;
    }
    return { status: 200, code: undefined };
  };

  async function commandWorks(): Promise<void> {
    const [device] = await site.client().enrollments();
    const { commands } = await site
      .client()
      .submit([device?.id ?? ''], { requestType: 'ProfileList' }, crypto.randomUUID());
    await until(
      'the command is done',
      async () => (await site.client().command(commands[0]?.id ?? '')).command.state === 'acknowledged',
    );
  }

  it('of the database is told, refused with 503, and over by itself', async () => {
    await commandWorks();
    await postgres.kill();
    await ready(503);
    expect((await refusal()).status).toBe(503);
    const device = await site.device('GET', '/mdm/enroll/anything');
    expect(device.status).toBe(503);
    expect(JSON.parse(device.body.toString())).toMatchObject({ code: 'ESP_DATABASE_UNAVAILABLE' });
    expect(device.headers['retry-after']).toBeDefined();
    await postgres.restart();
    await ready(200);
    await commandWorks();
  });

  it('of nats-server is told, refused with 503, and over by itself; devices are served meanwhile', async () => {
    await site.suite.process('nats-server').stop();
    await ready(503);
    expect(await refusal()).toMatchObject({ status: 503 });
    expect((await site.device('GET', '/mdm/enroll/anything')).status).toBe(404);
    await site.suite.process('nats-server').start(PATIENCE_MS);
    await ready(200);
    await commandWorks();
  });
});
