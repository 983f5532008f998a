import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceFleet } from '@espalier/sim-devices';
import { TestSuite } from './suite.fixture.js';

/** A full run at the loudest level: no log, and no database in clear, holds a secret. */
describe('secrets', () => {
  let site: TestSuite;
  let fleet: DeviceFleet;
  beforeAll(async () => {
    site = await TestSuite.start({ logLevel: 'trace' });
    fleet = DeviceFleet.open({
      stateFolder: join(site.folder, 'fleet'),
      appleUrl: site.suite.appleUrl,
      ca: readFileSync(site.suite.pki.ca.certificate, 'utf8'),
    });
  });
  afterAll(async () => {
    await fleet?.close();
    await site?.stop();
  });

  /** Secrets by name, planted or made during the run. */
  async function useSecrets(): Promise<Map<string, string>> {
    const secrets = new Map<string, string>();
    const api = site.client();
    secrets.set('admin token', site.suite.adminToken);
    const made = await api.call<{ secret: string }>('POST', '/api/v1/tokens', {
      name: 'canary',
      scopes: ['devices:read'],
    });
    secrets.set('API token', made.secret);
    await site.client(made.secret).enrollments();
    await expect(site.client('esp_wrong-token-canary').enrollments()).rejects.toThrow('401');
    secrets.set('refused token', 'esp_wrong-token-canary');
    secrets.set('SCEP challenge', await site.freshChallenge());

    const { url } = await api.createEnrollmentLink(1, false);
    secrets.set('enrolment link', url.slice(url.lastIndexOf('/') + 1));
    const { enrolled, failed } = await fleet.enroll({ profile: { url }, count: 1, platform: 'mac' });
    expect(failed).toEqual([]);
    const state = enrolled[0]?.state;
    secrets.set('push magic', state?.pushMagic ?? '');
    secrets.set('device token', state?.pushToken ?? '');

    const [device] = await api.enrollments();
    const lock = { requestType: 'DeviceLock', arguments: { PIN: '483920', Message: 'canary message' } };
    const { commands } = await api.submit([device?.id ?? ''], lock, randomUUID());
    const id = commands[0]?.id ?? '';
    while ((await api.command(id)).command.state !== 'acknowledged');
    secrets.set('PIN', '483920');

    secrets.set('NATS seed', readFileSync(site.suite.state.file('nats', 'mdm.seed'), 'utf8').trim());
    const keyring = JSON.parse(readFileSync(site.suite.state.file('pki', 'keyring.json'), 'utf8')) as {
      keys: { key: string }[];
    };
    secrets.set('keyring', keyring.keys[0]?.key ?? '');
    for (const name of readdirSync(site.suite.state.file('pki')).filter((file) => file.endsWith('.key')))
      secrets.set(name, readFileSync(site.suite.state.file('pki', name), 'utf8').split('\n')[1] ?? '');
    return secrets;
  }

  it('stand in no log and in no table in clear', async () => {
    const secrets = await useSecrets();
    expect([...secrets].filter(([, secret]) => secret.length < 6)).toEqual([]);
    const logs = site.logs();
    expect(logs).toContain('"service":"mdm"');
    expect([...secrets].filter(([, secret]) => logs.includes(secret)).map(([name]) => name)).toEqual([]);
    for (const service of ['mdm', 'config-proxy'] as const) {
      const tables = site.query<{ name: string }>(
        service,
        "SELECT name FROM sqlite_master WHERE type = 'table'",
      );
      for (const { name } of tables) {
        const rows = JSON.stringify(site.query(service, `SELECT * FROM "${name}"`));
        expect(
          [...secrets]
            .filter(([, secret]) => rows.includes(secret))
            .map(([secret]) => `${secret} in ${name}`),
        ).toEqual([]);
      }
    }
  });
});
