import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceFleet, pooledKeys } from '@espalier/sim-devices';
import { until } from '../console/site.client.js';
import { demoProfile } from '../main-job/demo-profile.js';
import type { SuiteServiceName } from '../suite/suite.options.js';
import { insist, KILL_OVERRIDES, TestSuite } from './suite.fixture.js';

const DEVICES = Number(process.env['ESPALIER_TEST_CHAOS_DEVICES'] ?? 2_000);
const PATIENCE_MS = 300_000;

/** A deployment at size, while every process in its way is killed: it completes by itself, nothing is done twice. */
describe(`a deployment to ${DEVICES} devices, every process killed`, () => {
  let suite: TestSuite;
  let fleet: DeviceFleet;

  beforeAll(async () => {
    suite = await TestSuite.start({ overrides: KILL_OVERRIDES, logLevel: 'info' });
    fleet = DeviceFleet.open({
      stateFolder: join(suite.folder, 'fleet'),
      appleUrl: suite.suite.appleUrl,
      ca: readFileSync(suite.suite.pki.ca.certificate, 'utf8'),
      keys: await pooledKeys(join(suite.folder, 'keys.pem'), 4),
      enrollRetry: { attempts: 30, maxMs: 2_000 },
      runRetry: { maxMs: 2_000 },
    });
    const { url } = await suite.client().createEnrollmentLink(DEVICES);
    const { failed } = await fleet.enroll({ profile: { url }, count: DEVICES, platform: 'mac' });
    if (failed.length > 0)
      throw new Error(`${failed.length} devices did not enrol`, { cause: failed[0]?.error });
  });
  afterAll(async () => {
    await fleet?.close();
    await suite?.stop();
  });

  const kill = (name: SuiteServiceName) => (): void => suite.suite.process(name).kill('SIGKILL');

  it('completes by itself, and each device gets each command once', async () => {
    const site = suite.site();
    const collection = await until('every device is a member', async () => {
      const found = await site.collection('All Macs');
      return found?.memberCount === DEVICES ? found : undefined;
    });
    const thingId = await site.importProfile(demoProfile('io.espalier.chaos', 'Chaos'), 'Chaos');
    const kills: Readonly<Record<number, () => void>> = {
      [Math.floor(DEVICES * 0.05)]: kill('mdm-policy'),
      [Math.floor(DEVICES * 0.3)]: kill('config-proxy'),
      [Math.floor(DEVICES * 0.5)]: kill('mdm'),
      [Math.floor(DEVICES * 0.7)]: kill('nats-server'),
      [Math.floor(DEVICES * 0.9)]: kill('mdm-policy'),
    };
    let installed = 0;
    fleet.events.on('result', (event) => {
      if (event.requestType !== 'InstallProfile') return;
      installed += 1;
      kills[installed]?.();
    });
    const { id } = await insist(() =>
      site.deploy({ thingKind: 'configuration-item', thingId, collectionId: collection.id }),
    );
    await until(
      'every device complies',
      async () => ((await site.summary(id)).counts.success === DEVICES ? true : undefined),
      PATIENCE_MS,
    );
    const queued = suite.query(
      'mdm',
      "SELECT state, COUNT(*) AS n FROM queued_command WHERE request_type = 'InstallProfile' GROUP BY state",
    );
    expect(queued).toEqual([{ state: 'acknowledged', n: DEVICES }]);
    for (const device of fleet.devices.values())
      expect(device.journal().filter(({ requestType }) => requestType === 'InstallProfile')).toHaveLength(1);
    expect(installed).toBe(DEVICES);
  });

  it('gives every device a command to the collection once, with config-proxy and mdm killed meanwhile', async () => {
    const site = suite.site();
    const collection = await site.collection('All Macs');
    let answered = 0;
    fleet.events.on('result', (event) => {
      if (event.requestType !== 'SecurityInfo') return;
      answered += 1;
      if (answered === 1) kill('config-proxy')();
      if (answered === Math.floor(DEVICES * 0.4)) kill('mdm')();
    });
    const { id } = await insist(() => site.commandCollection(collection?.id ?? '', 'SecurityInfo', 'chaos'));
    const job = await insist(() => site.finished(id));
    expect(job).toMatchObject({ state: 'succeeded', done: DEVICES, failed: 0 });
    await until(
      'every device has answered',
      async () => (answered >= DEVICES ? true : undefined),
      PATIENCE_MS,
    );
    for (const device of fleet.devices.values())
      expect(device.journal().filter(({ requestType }) => requestType === 'SecurityInfo')).toHaveLength(1);
  });

  it('takes everything off again when it is deleted, once', async () => {
    const site = suite.site();
    const [deployment] = await site.all<{ id: string }>('/api/v1/deployments');
    await insist(() => site.deleteDeployment(deployment?.id ?? ''));
    await until(
      'nothing is left',
      async () => {
        const [left] = suite.query<{ n: number }>('mdm-policy', 'SELECT COUNT(*) AS n FROM managed_item');
        return left?.n === 0 ? true : undefined;
      },
      PATIENCE_MS,
    );
    for (const device of fleet.devices.values())
      expect(device.journal().filter(({ requestType }) => requestType === 'RemoveProfile')).toHaveLength(1);
  });
});
