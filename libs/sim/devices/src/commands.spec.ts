import { encodeProfile } from '@espalier/config-profile';
import {
  buildCommand,
  defaultDeviceQueries,
  type CommandReport,
  type ErrorChainItem,
  type MdmCommand,
} from '@espalier/mdm-protocol';
import { isPlistDict, type PlistDict } from '@espalier/plist';
import { SimBench } from './testing/index.js';
import type { DeviceFleet, DevicePlatform, SimulatedDevice } from './index.js';

describe('commands', () => {
  let bench: SimBench;
  let fleet: DeviceFleet;
  const devices = new Map<DevicePlatform, SimulatedDevice>();
  beforeAll(async () => {
    bench = await SimBench.start();
    fleet = await bench.fleet();
    for (const platform of ['mac', 'iphone', 'ipad'] as const) devices.set(platform, await enroll(platform));
  });
  afterAll(() => bench.close());

  async function enroll(platform: DevicePlatform, accessRights = 8191): Promise<SimulatedDevice> {
    const bytes = bench.server.profile({ accessRights });
    const { enrolled } = await fleet.enroll({ count: 1, platform, profile: { bytes } });
    return enrolled[0]!;
  }

  const mac = (): SimulatedDevice => devices.get('mac')!;

  /** Sends one command and gives what came back. */
  async function ask(
    device: SimulatedDevice,
    command: MdmCommand,
  ): Promise<CommandReport & { status: string }> {
    const commandUuid = bench.server.channel.enqueue(device.identity.udid, command);
    await device.connect();
    const received = bench.server.channel.results.filter((result) => result.commandUuid === commandUuid);
    expect(received.length).toBe(1);
    return received[0]!.report!;
  }

  function profile(identifier: string, uuid: string): Buffer {
    return encodeProfile({
      PayloadType: 'Configuration',
      PayloadVersion: 1,
      PayloadIdentifier: identifier,
      PayloadUUID: uuid,
      PayloadDisplayName: 'Wi-Fi',
      PayloadContent: [],
    });
  }

  async function installed(device: SimulatedDevice): Promise<readonly (readonly unknown[])[]> {
    const { result } = await ask(device, { RequestType: 'ProfileList' });
    return dicts(result, 'ProfileList').map((one) => [
      one['PayloadIdentifier'],
      one['PayloadUUID'],
      one['IsManaged'],
    ]);
  }

  it.each(['mac', 'iphone', 'ipad'] as const)(
    'a %s answers every query that servers ask by default',
    async (platform) => {
      const device = devices.get(platform)!;
      const apple = ({ mac: 'macOS', iphone: 'iOS', ipad: 'iPadOS' } as const)[platform];
      const { result, status } = await ask(device, buildCommand('DeviceInformation', { platform: apple }));
      expect(status).toBe('Acknowledged');
      const responses = result['QueryResponses'] as PlistDict;
      expect(defaultDeviceQueries[apple].filter((query) => !(query in responses))).toEqual([]);
      expect(responses).toMatchObject({ UDID: device.identity.udid, SerialNumber: device.identity.serial });
    },
  );

  it('leaves out what it does not know, and refuses to be asked nothing', async () => {
    const queries = ['UDID', 'constructor', 'NoSuchQuery'];
    const { result } = await ask(mac(), { RequestType: 'DeviceInformation', Queries: queries });
    expect(Object.keys(result['QueryResponses'] as PlistDict)).toEqual(['UDID']);
    const nothing = await ask(mac(), { RequestType: 'DeviceInformation' });
    expect(nothing.status).toBe('CommandFormatError');
  });

  it('installs, replaces, lists and removes profiles', async () => {
    const [enrollment, ...none] = await installed(mac());
    expect(enrollment?.[0]).toBe('com.example.strict');
    expect(none).toEqual([]);
    for (const uuid of ['ONE', 'TWO']) {
      const { status } = await ask(
        mac(),
        buildCommand('InstallProfile', { payload: profile('com.example.wifi', uuid) }),
      );
      expect(status).toBe('Acknowledged');
    }
    // A Mac does not say what MDM installed.
    expect((await installed(mac())).slice(1)).toEqual([['com.example.wifi', 'TWO', undefined]]);
    const removal = buildCommand('RemoveProfile', { identifier: 'com.example.wifi' });
    expect((await ask(mac(), removal)).status).toBe('Acknowledged');
    expect((await installed(mac())).length).toBe(1);
    const again = await ask(mac(), removal);
    expect([again.status, ...codes(again)]).toEqual(['Error', 'MCMDMErrorDomain 12013']);
  });

  it('refuses a profile that is malformed, and one that would enrol it a second time', async () => {
    const malformed = await ask(mac(), { RequestType: 'InstallProfile', Payload: Buffer.from('<plist>') });
    expect([malformed.status, ...codes(malformed)]).toEqual([
      'Error',
      'MCMDMErrorDomain 12008',
      'MCInstallationErrorDomain 4000',
      'MCProfileErrorDomain 1000',
    ]);
    const second = await ask(mac(), { RequestType: 'InstallProfile', Payload: bench.server.profile() });
    expect([second.status, ...codes(second)]).toEqual(['Error', 'MCMDMErrorDomain 12001']);
    const without = await ask(mac(), { RequestType: 'InstallProfile', Payload: 'text' });
    expect(without.status).toBe('CommandFormatError');
  });

  it('says that it does not know a request type', async () => {
    for (const RequestType of ['MakeCoffee', 'toString']) {
      const report = await ask(mac(), { RequestType });
      expect([report.status, ...codes(report)]).toEqual(['Error', 'MCMDMErrorDomain 12021']);
    }
  });

  it('does only what the access rights of its profile allow', async () => {
    const limited = await enroll('iphone', 1 + 16);
    const report = await ask(limited, { RequestType: 'EraseDevice' });
    expect([report.status, ...codes(report)]).toEqual(['Error', 'MCMDMErrorDomain 12007']);
    expect((await ask(limited, { RequestType: 'ProfileList' })).status).toBe('Acknowledged');
  });

  it('tells security, applications and certificates', async () => {
    const security = (await ask(mac(), { RequestType: 'SecurityInfo' })).result['SecurityInfo'];
    expect(isPlistDict(security) && security['FDE_Enabled']).toBe(mac().facts.fileVault);
    const identifiers = ['com.apple.Safari', 'com.example.application001', 'com.example.none'];
    const some = await ask(mac(), { RequestType: 'InstalledApplicationList', Identifiers: identifiers });
    expect(dicts(some.result, 'InstalledApplicationList').map(({ Identifier }) => Identifier)).toEqual(
      identifiers.slice(0, 2),
    );
    const certificates = dicts(
      (await ask(mac(), { RequestType: 'CertificateList' })).result,
      'CertificateList',
    );
    expect(certificates.map(({ CommonName, IsIdentity }) => [CommonName, IsIdentity])).toEqual([
      [mac().identity.serial, true],
      [expect.stringMatching(/^Strict MDM root/), false],
    ]);
  });

  it.each(['RestartDevice', 'ShutDownDevice'])('answers %s, and is there again', async (RequestType) => {
    expect((await ask(mac(), { RequestType })).status).toBe('Acknowledged');
    expect((await ask(mac(), { RequestType: 'ProfileList' })).status).toBe('Acknowledged');
  });

  it('locks with a PIN of six digits', async () => {
    const wrong = await ask(mac(), { RequestType: 'DeviceLock', PIN: '12' });
    expect(wrong.status).toBe('CommandFormatError');
    expect(mac().state.locked).toBe(false);
    expect((await ask(mac(), buildCommand('DeviceLock', { platform: 'macOS', pin: '123456' }))).status).toBe(
      'Acknowledged',
    );
    expect(mac().state.locked).toBe(true);
  });

  it('erases itself after it has answered: nothing of the enrolment is left, pushes fail, nobody checks out', async () => {
    const device = await enroll('ipad');
    const { udid } = device.identity;
    const removed = fleet.events.next('removed');
    const command = buildCommand('EraseDevice', { platform: 'iPadOS' });
    const behind = bench.server.channel.enqueue(udid, command);
    bench.server.channel.enqueue(udid, { RequestType: 'ProfileList' });
    expect(await device.connect()).toBe('removed');
    expect((await removed).reason).toBe('erased');
    expect(
      bench.server.channel.results
        .filter((result) => result.udid === udid)
        .map(({ commandUuid }) => commandUuid),
    ).toEqual([behind]);
    expect(bench.server.channel.of(udid).checkedOut).toBe(false);
    expect(device.state).toMatchObject({ phase: 'removed', removedBecause: 'erased', profiles: [] });
    expect(device.state.pushToken).toBeUndefined();
    expect(await bench.server.push(udid)).toBe(410);
  });

  it('leaves management and checks out where the enrolment profile is removed by command', async () => {
    const device = await enroll('mac');
    const { udid } = device.identity;
    bench.server.channel.enqueue(udid, buildCommand('RemoveProfile', { identifier: 'com.example.strict' }));
    expect(await device.connect()).toBe('removed');
    expect(bench.server.channel.of(udid).checkedOut).toBe(true);
    expect(device.state.removedBecause).toBe('profile-removed');
  });

  function codes({ errorChain }: CommandReport): string[] {
    return errorChain.map(({ domain, code }: ErrorChainItem) => `${domain} ${code}`);
  }

  function dicts(result: PlistDict, key: string): PlistDict[] {
    const list = result[key];
    if (!Array.isArray(list)) throw new Error(`${key} is no array`);
    return list.filter(isPlistDict);
  }
});
