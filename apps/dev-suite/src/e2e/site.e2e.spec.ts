import { encodeProfile, stableUuid } from '@espalier/config-profile';
import { until, type SiteClient, type SiteDevice } from '../console/site.client.js';
import type { DeviceSim, SimEvent } from '../main-job/device-sim.process.js';
import { demoProfile } from '../main-job/demo-profile.js';
import { TestSuite } from './suite.fixture.js';

const DEVICES = 4;
const LOGIN = 'io.espalier.spec.login';
const PASSCODE = 'io.espalier.spec.passcode';

/**
 * The site core over the real wire: what is deployed to a collection comes to every device in it, and goes with it,
 * and anyone can see why.
 */
describe('a baseline deployed to "All Macs"', () => {
  let suite: TestSuite;
  let site: SiteClient;
  let sim: DeviceSim;
  const events: SimEvent[] = [];
  let macs: SiteDevice[] = [];
  let deploymentId = '';
  let ciId = '';

  beforeAll(async () => {
    suite = await TestSuite.start();
    site = suite.site();
    sim = suite.sim('devices', (event) => events.push(event));
    const { url } = await suite.client().createEnrollmentLink(DEVICES);
    await sim.enroll(url, DEVICES, ['--platform', 'mac']);
    sim.run();
  });
  afterAll(async () => {
    await sim?.stop();
    await suite?.stop();
  });

  const results = (requestType: string, serial: string): SimEvent[] =>
    events.filter(
      (event) =>
        event.kind === 'result' && event.requestType === requestType && event.device.serial === serial,
    );
  const mac = (index: number): SiteDevice => {
    const found = macs[index];
    if (found === undefined) throw new Error(`there is no Mac ${index}`);
    return found;
  };
  const serialOf = (device: SiteDevice): string => device.serialNumber ?? '';
  async function verified(device: SiteDevice, after: number): Promise<void> {
    await until(`${device.name} complies`, async () => {
      const devices = await site.deploymentDevices(deploymentId);
      const found = devices.find(({ resourceId }) => resourceId === device.resourceId);
      return found?.status === 'success' && (found.steps.verifiedAt ?? 0) > after ? found : undefined;
    });
  }

  it('fills the collection by itself, with the facts that devices report', async () => {
    macs = await until('all Macs are members', async () => {
      const collection = await site.collection('All Macs');
      return collection?.memberCount === DEVICES ? site.devices() : undefined;
    });
    const collection = await site.collection('All Macs');
    const members = await site.members(collection?.id ?? '');
    expect(new Set(members.map(({ resourceId }) => resourceId))).toEqual(
      new Set(macs.map(({ resourceId }) => resourceId)),
    );
  });

  it('reaches every Mac, and compliance rises to 100 % by what devices report', async () => {
    ciId = await site.importProfile(demoProfile(LOGIN, 'Managed'), 'Login window');
    const declaration = await site.createDeclaration('Passcode', {
      Type: 'com.apple.configuration.passcode.settings',
      Identifier: PASSCODE,
      Payload: { RequirePasscode: true },
    });
    const thingId = await site.createBaseline('Security', [ciId, declaration]);
    const collectionId = (await site.collection('All Macs'))?.id ?? '';
    ({ id: deploymentId } = await site.deploy({ thingKind: 'baseline', thingId, collectionId }));
    const summary = await until('every Mac complies', async () => {
      const now = await site.summary(deploymentId);
      return now.counts.success === DEVICES ? now : undefined;
    });
    expect(summary).toMatchObject({
      compliantPercentage: 100,
      counts: { targeted: DEVICES, error: 0, unknown: 0 },
    });
    for (const device of macs) expect(results('InstallProfile', serialOf(device))).toHaveLength(1);
  });

  it('is explained in one call: every link with its time, and a straight answer', async () => {
    const { explanations } = await site.explain(mac(0).resourceId, deploymentId);
    const [why] = explanations;
    expect(why?.complies).toBe(true);
    expect(why?.chain.map(({ state }) => state)).toEqual(why?.chain.map(() => 'ok'));
    const links = why?.chain.map(({ link }) => link) ?? [];
    for (const link of [
      'resource',
      'enrollment',
      'collection',
      'membership',
      'deployment',
      'policy',
      'verification',
    ])
      expect(links).toContain(link);
  });

  it('is mended where a user removes the profile', async () => {
    const device = mac(1);
    const removedAt = Date.now();
    await sim.tell({ do: 'remove-profile', serial: serialOf(device), identifier: LOGIN });
    await site.evaluate(device.resourceId);
    await verified(device, removedAt);
    expect(results('InstallProfile', serialOf(device))).toHaveLength(2);
    expect(results('InstallProfile', serialOf(mac(0)))).toHaveLength(1);
  });

  it.each([
    ['drop', 2],
    ['deactivate', 3],
  ])(
    'is mended where a declaration is not on a device as it was told (%s), its set being the same',
    async (how, index) => {
      const device = mac(index);
      const serial = serialOf(device);
      const [spoiltAt, before] = [Date.now(), results('DeclarativeManagement', serial).length];
      await sim.tell({ do: `${how}-declaration`, serial, identifier: PASSCODE });
      await verified(device, spoiltAt);
      expect(results('DeclarativeManagement', serial)).toHaveLength(before + 1);
      expect(results('InstallProfile', serial)).toHaveLength(1);
    },
  );

  it('explains by what the device says why a declaration is an error, asked for the configuration item alone', async () => {
    const thingId = await site.createDeclaration('From the future', {
      Type: 'com.apple.configuration.io.espalier.unheard-of',
      Identifier: 'io.espalier.spec.future',
      Payload: {},
    });
    const baseline = await site.createBaseline('Future', [thingId]);
    const collectionId = (await site.collection('All Macs'))?.id ?? '';
    const { id } = await site.deploy({ thingKind: 'baseline', thingId: baseline, collectionId });
    const device = mac(0);
    const { explanations } = await until('the device calls it invalid', async () => {
      const answer = await site.explainThing(device.resourceId, thingId);
      return answer.explanations[0]?.chain.at(-1)?.state === 'failed' ? answer : undefined;
    });
    expect(explanations).toMatchObject([{ deploymentId: id, thingName: 'Future', complies: false }]);
    expect(explanations[0]?.chain.at(-1)).toMatchObject({ link: 'verification', by: 'the device' });
    expect(explanations[0]?.answer).toMatch(/^It failed: .*\(Error\.UnknownDeclarationType\)/);
    await site.deleteDeployment(id);
    await verified(device, 0);
  });

  it('follows the configuration item: a new revision replaces the old one on every Mac', async () => {
    const changedAt = Date.now();
    await site.changeProfile(ciId, demoProfile(LOGIN, 'Managed, and well'));
    for (const device of macs) await verified(device, changedAt);
    expect(results('InstallProfile', serialOf(mac(0)))).toHaveLength(2);
  });

  it('goes where a device leaves the collection, and comes back with it', async () => {
    const device = mac(2);
    const collection = await site.collection('All Macs');
    const out = await site.createCollection('Not these', { directResourceIds: [device.resourceId] });
    await site.addRule(collection?.id ?? '', { kind: 'exclude', collectionId: out.id });
    await until('the profile is taken off', async () => results('RemoveProfile', serialOf(device))[0]);
    expect(results('RemoveProfile', serialOf(device)).map(({ status }) => status)).toEqual(['Acknowledged']);
    const { explanations } = await site.explain(device.resourceId, deploymentId);
    expect(explanations[0]).toMatchObject({ complies: false });
    expect(explanations[0]?.chain.at(-1)).toMatchObject({ link: 'membership', state: 'missing' });
    const backAt = Date.now();
    await site.removeDirectRules(out.id, [device.resourceId]);
    await verified(device, backAt);
  });

  it('gets a command that goes to the whole collection, as a job; one that could do harm is refused', async () => {
    const collectionId = (await site.collection('All Macs'))?.id ?? '';
    const before = macs.map((device) => results('SecurityInfo', serialOf(device)).length);
    const { id } = await site.commandCollection(collectionId, 'SecurityInfo');
    expect(await site.finished(id)).toMatchObject({ state: 'succeeded', done: DEVICES, failed: 0 });
    await until('every Mac has answered', async () => {
      const more = macs.map(
        (device, index) => results('SecurityInfo', serialOf(device)).length - (before[index] ?? 0),
      );
      return more.every((count) => count === 1) ? true : undefined;
    });
    for (const requestType of ['EraseDevice', 'RestartDevice'])
      await expect(site.commandCollection(collectionId, requestType)).rejects.toMatchObject({
        status: 400,
        body: { code: 'ESP_COMMANDS_NOT_FOR_COLLECTIONS' },
      });
    await expect(site.commandCollection('XYZ99999', 'SecurityInfo')).rejects.toMatchObject({ status: 404 });
  });

  it('loses a conflict to a deployment of higher priority, and says so', async () => {
    const rival = await site.importProfile(
      encodeProfile({
        PayloadType: 'Configuration',
        PayloadVersion: 1,
        PayloadIdentifier: LOGIN,
        PayloadUUID: stableUuid('rival'),
        PayloadDisplayName: 'Rival',
        PayloadScope: 'System',
        PayloadContent: [],
      }),
      'Rival',
    );
    const collectionId = (await site.collection('All Macs'))?.id ?? '';
    const { id } = await site.deploy({
      thingKind: 'configuration-item',
      thingId: rival,
      collectionId,
      priority: 2,
    });
    await until('the rival is everywhere', async () =>
      (await site.summary(id)).counts.success === DEVICES ? true : undefined,
    );
    const { explanations } = await until('the loser is told', async () => {
      const answer = await site.explain(mac(0).resourceId, deploymentId);
      return answer.explanations[0]?.complies === false ? answer : undefined;
    });
    expect(explanations[0]?.chain.at(-1)).toMatchObject({ state: 'lost' });
    await site.deleteDeployment(id);
    await until('the baseline is back', async () =>
      (await site.summary(deploymentId)).counts.success === DEVICES ? true : undefined,
    );
  });

  it('goes also where the event that a device left the collection was lost for good', async () => {
    const device = mac(3);
    const removals = results('RemoveProfile', serialOf(device)).length;
    // As after the event was pruned: config-proxy knows, and mdm-policy was never told.
    const left = suite.write(
      'config-proxy',
      'DELETE FROM collection_member WHERE resource_id = ? AND collection_id = ?',
      device.resourceId,
      (await site.collection('All Macs'))?.id ?? '',
    );
    expect(left).toBe(1);
    // It looks for what it missed when it starts, and from time to time.
    suite.suite.process('mdm-policy').kill('SIGKILL');
    await until('the profile is taken off', async () => results('RemoveProfile', serialOf(device))[removals]);
    expect(results('RemoveProfile', serialOf(device)).at(-1)).toMatchObject({ status: 'Acknowledged' });
  });

  it('leaves nothing behind when it is deleted', async () => {
    await site.deleteDeployment(deploymentId);
    await until('every profile is gone', async () => {
      const states = suite.query<{ n: number }>(
        'config-proxy',
        'SELECT COUNT(*) AS n FROM deployment_state WHERE status <> 0',
      );
      return states[0]?.n === 0 ? true : undefined;
    });
    const left = suite.query<{ n: number }>('mdm-policy', 'SELECT COUNT(*) AS n FROM managed_item');
    expect(left).toEqual([{ n: 0 }]);
    for (const device of macs)
      expect(results('RemoveProfile', serialOf(device)).at(-1)).toMatchObject({ status: 'Acknowledged' });
  });

  it('shows what services did in the log of status messages, and no secret', async () => {
    const messages = await site.all<{ messageId: string; text: string }>('/api/v1/status-messages');
    expect(messages.length).toBeGreaterThan(3);
    expect(JSON.stringify(messages)).not.toContain('PayloadContent');
  });
});
