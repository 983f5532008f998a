import { encodeProfile } from '@espalier/config-profile';
import {
  buildCommand,
  parseCommandReport,
  type CommandReport,
  type MdmCommand,
} from '@espalier/mdm-protocol';
import { isPlistDict, type PlistDict } from '@espalier/plist';
import { recordEvents, SimBench } from './testing/index.js';
import {
  controlFleet,
  readControlMessage,
  type DeviceFleet,
  type DevicePlatform,
  type FleetOptions,
  type SimulatedDevice,
} from './index.js';

describe('what people do at devices', () => {
  let bench: SimBench;
  beforeAll(async () => {
    bench = await SimBench.start();
  });
  afterEach(() => bench.reset());
  afterAll(() => bench.close());

  async function enroll(
    options: Partial<FleetOptions> = {},
    platform: DevicePlatform = 'mac',
  ): Promise<[DeviceFleet, SimulatedDevice]> {
    const fleet = await bench.fleet(options);
    const { enrolled, failed } = await fleet.enroll({
      count: 1,
      platform,
      profile: { bytes: bench.server.profile({ checkOutWhenRemoved: true }) },
    });
    if (failed[0] !== undefined) throw failed[0].error;
    return [fleet, enrolled[0]!];
  }

  function profile(identifier: string, more: Readonly<Record<string, unknown>> = {}): Buffer {
    return encodeProfile({
      PayloadType: 'Configuration',
      PayloadVersion: 1,
      PayloadIdentifier: identifier,
      PayloadUUID: `${identifier}-uuid`,
      PayloadDisplayName: 'A profile',
      PayloadContent: [],
      ...more,
    });
  }

  async function ask(device: SimulatedDevice, command: MdmCommand, user?: string): Promise<CommandReport> {
    const { udid } = device.identity;
    const id = user === undefined ? udid : `${udid}:${device.users[0]?.user?.id ?? ''}`;
    const commandUuid = bench.server.channel.enqueue(id, command);
    await device.connect(user);
    const received = bench.server.channel.results.filter((result) => result.commandUuid === commandUuid);
    expect(received.map((result) => result.udid)).toEqual([id]);
    return parseCommandReport(received[0]!.body);
  }

  async function listed(device: SimulatedDevice, more: object = {}, user?: string): Promise<unknown[]> {
    const { result } = await ask(device, { RequestType: 'ProfileList', ...more }, user);
    const list = result['ProfileList'];
    if (!Array.isArray(list)) throw new Error('no ProfileList');
    return list.filter(isPlistDict).map((one: PlistDict) => one['PayloadIdentifier']);
  }

  const install = (device: SimulatedDevice, payload: Buffer): Promise<CommandReport> =>
    ask(device, buildCommand('InstallProfile', { payload }));
  const chainOf = ({ errorChain }: CommandReport): unknown[] =>
    errorChain.map(({ domain, code }) => `${domain} ${code}`);

  it('a removed profile is gone, the server sees it when it asks; a locked one goes by force only', async () => {
    const [fleet, device] = await enroll();
    await install(device, profile('com.example.open'));
    await install(device, profile('com.example.locked', { PayloadRemovalDisallowed: true }));
    const events = recordEvents(fleet);
    await device.removeProfile('com.example.open');
    expect(events).toMatchObject([{ kind: 'profile-removed', identifier: 'com.example.open', by: 'user' }]);
    await expect(device.removeProfile('com.example.open')).rejects.toMatchObject({
      code: 'ESP_SIM_PROFILE_MISSING',
    });
    await expect(device.removeProfile('com.example.locked')).rejects.toMatchObject({
      code: 'ESP_SIM_PROFILE_LOCKED',
    });
    expect(await listed(device, { ManagedOnly: true })).toEqual(['com.example.locked']);
    await device.removeProfile('com.example.locked', { force: true });
    expect(await listed(device, { ManagedOnly: true })).toEqual([]);
    // The enrolment profile: the device leaves.
    await device.removeProfile('com.example.strict');
    expect([device.phase, bench.server.channel.of(device.identity.udid).checkedOut]).toEqual([
      'removed',
      true,
    ]);
  });

  it('a profile that a person installed is not managed: listed, replaced by the server, not removed by it', async () => {
    const [fleet, device] = await enroll();
    const control = (message: object): Promise<unknown> =>
      controlFleet(fleet, readControlMessage({ serial: device.identity.serial, ...message }));
    const own = profile('com.example.own').toString('base64');
    await control({ do: 'install-profile', profile: own });
    expect(await listed(device)).toEqual(['com.example.strict', 'com.example.own']);
    expect(await listed(device, { ManagedOnly: true })).toEqual([]);
    const removal = buildCommand('RemoveProfile', { identifier: 'com.example.own' });
    expect(chainOf(await ask(device, removal))).toEqual(['MCMDMErrorDomain 12013']);
    await install(device, profile('com.example.own', { PayloadUUID: 'NEW' }));
    expect(await listed(device, { ManagedOnly: true })).toEqual(['com.example.own']);
    await expect(control({ do: 'install-profile', profile: own })).rejects.toMatchObject({
      code: 'ESP_SIM_PROFILE_REFUSED',
    });
    await expect(control({ do: 'install-profile', profile: 'AAAA' })).rejects.toMatchObject({
      code: 'ESP_SIM_PROFILE_REFUSED',
    });
  });

  it('a user who resists removes a profile after each installation, until the fault is taken away', async () => {
    const [fleet, device] = await enroll({ faults: { resistProfiles: ['com.example.*.unwanted'] } });
    const events = recordEvents(fleet);
    for (let round = 0; round < 2; round += 1)
      expect((await install(device, profile('com.example.x.unwanted'))).status).toBe('Acknowledged');
    await install(device, profile('com.example.wanted'));
    const told = events.flatMap((event) =>
      event.kind === 'profile-installed' || event.kind === 'profile-removed'
        ? [`${event.kind} ${event.identifier} ${event.by}`]
        : [],
    );
    expect(told).toEqual([
      'profile-installed com.example.x.unwanted server',
      'profile-removed com.example.x.unwanted user',
      'profile-installed com.example.x.unwanted server',
      'profile-removed com.example.x.unwanted user',
      'profile-installed com.example.wanted server',
    ]);
    await controlFleet(fleet, readControlMessage({ do: 'set-faults', faults: { resistProfiles: [] } }));
    await install(device, profile('com.example.x.unwanted'));
    expect(await listed(device, { ManagedOnly: true })).toEqual([
      'com.example.wanted',
      'com.example.x.unwanted',
    ]);
  });

  it.each([
    ['mac', ['ConfigProfilePluginDomain -319']],
    [
      'iphone',
      ['MCInstallationErrorDomain 4001', 'MCInstallationErrorDomain 4001', 'MCProfileErrorDomain 1009'],
    ],
  ] as const)(
    'a profile that fails on a %s is an Error with a chain as devices give it',
    async (platform, chain) => {
      const [, device] = await enroll({ faults: { failProfiles: ['com.example.bad*'] } }, platform);
      const report = await install(device, profile('com.example.bad.wifi'));
      expect([report.status, chainOf(report)]).toEqual(['Error', chain]);
      expect((await install(device, profile('com.example.good'))).status).toBe('Acknowledged');
      expect(device.state.profiles.map(({ identifier }) => identifier)).toEqual(['com.example.good']);
    },
  );

  it('a Mac refuses a profile that has a PayloadIdentifier twice; an iPad does not mind', async () => {
    const payload = (uuid: string) => ({
      PayloadType: 'com.apple.dock',
      PayloadVersion: 1,
      PayloadIdentifier: 'same',
      PayloadUUID: uuid,
    });
    const twice = profile('com.example.twice', { PayloadContent: [payload('A'), payload('B')] });
    const [, mac] = await enroll();
    expect(chainOf(await install(mac, twice))).toEqual(['ConfigProfilePluginDomain -107']);
    const [, ipad] = await enroll({}, 'ipad');
    expect((await install(ipad, twice)).status).toBe('Acknowledged');
  });

  it('tells a new name, OS, fact and application from then on, and after a restart', async () => {
    const stateFolder = bench.newFolder();
    const [fleet, device] = await enroll({ stateFolder });
    const { serial } = device.identity;
    const control = (message: object): Promise<unknown> =>
      controlFleet(fleet, readControlMessage({ serial, ...message }));
    await control({ do: 'rename', name: 'Anna’s Mac' });
    await control({ do: 'update-os', version: '26.1', build: '25B78' });
    expect(await control({ do: 'update-os' })).toEqual({ serial, osVersion: '26.2' });
    expect(await control({ do: 'update-os' })).toEqual({ serial, osVersion: '26.3' });
    await control({ do: 'set-fact', fact: 'fileVault', value: true });
    await control({ do: 'install-application', identifier: 'com.example.draw', version: '2.0' });
    await control({ do: 'install-application', identifier: 'com.example.other' });
    expect(await control({ do: 'remove-application', identifier: 'com.example.other' })).toMatchObject({
      removed: true,
    });
    const queries = ['DeviceName', 'LocalHostName', 'OSVersion', 'BuildVersion'];
    const asked = { RequestType: 'DeviceInformation', Queries: queries };
    const expected = {
      DeviceName: 'Anna’s Mac',
      LocalHostName: 'Anna-s-Mac',
      OSVersion: '26.3',
      BuildVersion: '25D60',
    };
    expect((await ask(device, asked)).result['QueryResponses']).toMatchObject(expected);
    expect((await ask(device, { RequestType: 'SecurityInfo' })).result['SecurityInfo']).toMatchObject({
      FDE_Enabled: true,
    });
    const applications = (
      await ask(device, { RequestType: 'InstalledApplicationList', Items: ['Identifier'] })
    ).result['InstalledApplicationList'];
    expect(applications).toContainEqual({ Identifier: 'com.example.draw' });
    expect(applications).not.toContainEqual({ Identifier: 'com.example.other' });
    await bench.closeFleet(fleet);
    const later = await bench.fleet({ stateFolder });
    expect(later.status()).toMatchObject([{ name: 'Anna’s Mac', osVersion: '26.3' }]);
  });

  it('takes no control message that makes no sense, and says what is wrong with it', async () => {
    const [fleet, device] = await enroll();
    const { serial } = device.identity;
    for (const [message, code] of [
      [{ do: 'dance', serial }, 'ESP_SIM_CONTROL_INVALID'],
      [{ do: 'rename', serial }, 'ESP_SIM_CONTROL_INVALID'],
      [{ do: 'rename', serial, name: 'x', extra: 1 }, 'ESP_SIM_CONTROL_INVALID'],
      [{ do: 'set-fact', serial, fact: 'batteryLevel', value: 2 }, 'ESP_SIM_CONTROL_INVALID'],
      [{ do: 'set-fact', serial, fact: 'colour', value: 'red' }, 'ESP_SIM_CONTROL_INVALID'],
      [{ do: 'update-os', serial, version: '27.0' }, 'ESP_SIM_CONTROL_INVALID'],
      [{ do: 'rename', serial: 'NOSUCH', name: 'x' }, 'ESP_SIM_DEVICE_MISSING'],
      [{ do: 'remove-profile', serial, identifier: 'none' }, 'ESP_SIM_PROFILE_MISSING'],
      [{ do: 'set-faults', faults: { error: 0.7, cut: 0.7 } }, 'ESP_SIM_CONTROL_INVALID'],
      ['text', 'ESP_SIM_CONTROL_INVALID'],
    ] as const)
      await expect((async () => controlFleet(fleet, readControlMessage(message)))()).rejects.toMatchObject({
        code,
      });
    expect(device.state.facts).toEqual({});
  });

  it('reaches all devices at once, and leaves those alone that have nothing to do with it', async () => {
    const [fleet, device] = await enroll();
    const { enrolled } = await fleet.enroll({
      count: 1,
      platform: 'ipad',
      profile: { bytes: bench.server.profile() },
    });
    fleet.create(1);
    await install(device, profile('com.example.one'));
    const control = (message: object): Promise<unknown> =>
      controlFleet(fleet, readControlMessage({ serial: '*', ...message }));
    expect(await control({ do: 'remove-profile', identifier: 'com.example.one' })).toEqual({ devices: 1 });
    expect(await control({ do: 'checkout' })).toEqual({ devices: 2 });
    expect(enrolled.map(({ phase }) => phase)).toEqual(['removed']);
  });

  it('devices of a fleet differ in what queries ask for, and each always says the same', async () => {
    const fleet = await bench.fleet();
    const devices = fleet.create(300, 'mixed');
    const values = (read: (device: SimulatedDevice) => unknown): number => new Set(devices.map(read)).size;
    expect(values(({ facts }) => facts.osVersion)).toBeGreaterThanOrEqual(8);
    expect(values(({ facts }) => facts.timeZone)).toBeGreaterThanOrEqual(6);
    expect(values(({ identity }) => identity.model)).toBeGreaterThanOrEqual(12);
    expect(values(({ facts }) => facts.isSupervised)).toBe(2);
    expect(values(({ facts }) => facts.fileVault)).toBe(2);
    expect(values(({ facts }) => facts.availableGb)).toBeGreaterThan(100);
    const lists = devices.map(({ applications }) => applications.map(({ identifier }) => identifier).join());
    expect(new Set(lists).size).toBeGreaterThan(250);
    const [first] = devices;
    expect([first!.facts, first!.applications]).toEqual([first!.facts, first!.applications]);
  });

  it('a Mac is managed also where the server takes no user channels, and tries again when it is started', async () => {
    const stateFolder = bench.newFolder();
    bench.server.interfere = ({ path, body }) =>
      path === '/checkin' && body.includes('UserID') ? { status: 400 } : undefined;
    const [fleet, device] = await enroll({ stateFolder, user: 'anna' });
    expect([device.phase, device.users.map(({ phase }) => phase)]).toEqual(['enrolled', ['new']]);
    expect((await ask(device, { RequestType: 'SecurityInfo' })).status).toBe('Acknowledged');
    await bench.closeFleet(fleet);
    bench.server.interfere = undefined;
    const later = await bench.fleet({ stateFolder, user: 'anna' });
    const enrolled = later.events.next('user-enrolled');
    await later.resume();
    expect((await enrolled).device.user).toBe('anna');
  });

  it('a Mac enrols the channel of its user, with commands, profiles and declarations of its own', async () => {
    const stateFolder = bench.newFolder();
    const [fleet, device] = await enroll({ stateFolder, user: 'anna' });
    const { udid, serial } = device.identity;
    const user = device.users[0]!.user!;
    const id = `${udid}:${user.id}`;
    const { tokenUpdate } = bench.server.channel.of(id);
    expect(tokenUpdate?.enrollment).toEqual({
      udid,
      userId: user.id,
      userShortName: 'anna',
      userLongName: 'Anna',
    });
    expect(tokenUpdate?.token.equals(bench.server.channel.of(udid).tokenUpdate!.token)).toBe(false);

    bench.server.channel.enqueue(
      id,
      buildCommand('InstallProfile', { payload: profile('com.example.user') }),
    );
    const idle = fleet.events.next('idle', ({ device: { user: name } }) => name === 'anna');
    await bench.server.push(id);
    await idle;
    expect(await listed(device, {}, 'anna')).toEqual(['com.example.user']);
    expect(await listed(device)).toEqual(['com.example.strict']);
    expect(chainOf(await ask(device, { RequestType: 'DeviceLock', PIN: '123456' }, 'anna'))).toEqual([
      'MCMDMErrorDomain 12021',
    ]);
    bench.server.channel.declarations.assign(id, [
      { type: 'com.apple.management.properties', identifier: 'p', payload: {} },
    ]);
    await ask(device, { RequestType: 'DeclarativeManagement' }, 'anna');
    expect(bench.server.channel.declarations.status(id, 'management/p')?.valid).toBe('valid');
    expect(bench.server.channel.declarations.reports(udid)).toEqual([]);

    await bench.closeFleet(fleet);
    const later = await bench.fleet({ stateFolder, user: 'anna' });
    await later.resume();
    const again = later.devices.get(serial)!;
    expect(again.users.map(({ user: one, profiles }) => [one?.id, profiles.length])).toEqual([[user.id, 1]]);
    expect(bench.server.channel.of(id).tokenUpdates).toBe(1);
    await again.removeProfile('com.example.user');
    expect(await listed(again, {}, 'anna')).toEqual([]);
    await again.checkOut();
    expect(again.users).toEqual([]);
    expect(await bench.server.push(id)).toBe(410);
    expect(bench.server.complaints).toEqual([]);
  });
});
