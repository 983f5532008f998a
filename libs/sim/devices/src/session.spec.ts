import { cpSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommand, buildDeviceError, encodeCommand } from '@espalier/mdm-protocol';
import { recordEvents, SimBench, type SeenRequest } from './testing/index.js';
import type { DeviceEvent, DeviceFleet, FleetOptions, SimulatedDevice } from './index.js';

const query = { RequestType: 'DeviceInformation', Queries: ['UDID'] };
const isReport = ({ path, body }: SeenRequest): boolean =>
  path === '/connect' && body.includes('CommandUUID');

describe('sessions', () => {
  let bench: SimBench;
  beforeAll(async () => {
    bench = await SimBench.start();
  });
  afterEach(() => bench.reset());
  afterAll(() => bench.close());

  async function enroll(options: Partial<FleetOptions> = {}): Promise<[DeviceFleet, SimulatedDevice]> {
    const fleet = await bench.fleet(options);
    const { enrolled, failed } = await fleet.enroll({
      count: 1,
      platform: 'mac',
      profile: { bytes: bench.server.profile({ checkOutWhenRemoved: true }) },
    });
    if (failed[0] !== undefined) throw failed[0].error;
    return [fleet, enrolled[0]!];
  }

  function enqueue({ identity }: SimulatedDevice, command = query): string {
    return bench.server.channel.enqueue(identity.udid, command);
  }

  function resultsOf({ identity }: SimulatedDevice): string[] {
    return bench.server.channel.results
      .filter(({ udid }) => udid === identity.udid)
      .map(({ commandUuid, status }) => `${commandUuid} ${status}`);
  }

  function kinds(events: readonly DeviceEvent[]): string[] {
    return events.map(({ kind }) => kind);
  }

  it('asks for commands on a push, and does them all in their order', async () => {
    const [fleet, device] = await enroll();
    const events = recordEvents(fleet);
    const commands = [enqueue(device), enqueue(device), enqueue(device)];
    const idle = fleet.events.next('idle');
    expect(await bench.server.push(device.identity.udid)).toBe(200);
    expect((await idle).commands).toBe(3);
    expect(resultsOf(device)).toEqual(commands.map((uuid) => `${uuid} Acknowledged`));
    expect(kinds(events)).toEqual([
      'pushed',
      'command',
      'result',
      'command',
      'result',
      'command',
      'result',
      'idle',
    ]);
    expect(device.journal().map(({ commandUuid, execution }) => [commandUuid, execution])).toEqual(
      commands.map((uuid, index) => [uuid, index + 1]),
    );
  });

  it('passes over a push with another magic', async () => {
    const [fleet, device] = await enroll();
    const warning = fleet.events.next('warning');
    const idles = bench.server.channel.idles;
    await bench.server.push(device.identity.udid, 'another');
    expect((await warning).code).toBe('ESP_SIM_PUSH_IGNORED');
    expect(bench.server.channel.idles).toBe(idles);
  });

  it('does one more session for a push during one', async () => {
    const [fleet, device] = await enroll();
    const idles: DeviceEvent[] = [];
    fleet.events.on('idle', (event) => idles.push(event));
    const ends = await Promise.all([device.connect(), device.connect(), device.connect()]);
    expect(ends).toEqual(['idle', 'idle', 'idle']);
    // The first connect() began a session; the two others ask for one after it.
    expect(idles.length).toBe(2);
  });

  it('puts a command off with NotNow, does the others, and asks again by itself', async () => {
    const [fleet, device] = await enroll({ faults: { notNowRecheckMs: 10 } });
    fleet.faults.inject({ fault: 'not-now', requestType: 'ProfileList' });
    const first = enqueue(device, { ...query, RequestType: 'ProfileList' });
    const second = enqueue(device);
    const done = fleet.events.next(
      'result',
      ({ commandUuid, status }) => commandUuid === first && status === 'Acknowledged',
    );
    await device.connect();
    expect(resultsOf(device)).toEqual([`${first} NotNow`, `${second} Acknowledged`]);
    await done;
    expect(resultsOf(device).slice(2)).toEqual([`${first} Acknowledged`]);
  });

  it('ends the session where the server answers NotNow with what was just put off', async () => {
    const [fleet, device] = await enroll();
    const events = recordEvents(fleet);
    fleet.faults.inject({ fault: 'not-now' });
    enqueue(device);
    // A server that takes NotNow for an Idle.
    const { queue } = bench.server.channel.of(device.identity.udid);
    bench.server.interfere = (request) =>
      isReport(request) && queue[0] !== undefined
        ? { status: 200, body: encodeCommand(queue[0]) }
        : undefined;
    expect(await device.connect()).toBe('failed');
    expect(events.at(-1)).toMatchObject({ kind: 'error', code: 'ESP_SIM_NOT_NOW_IGNORED' });
  });

  it.each([
    ['error', 'Error'],
    ['command-format-error', 'CommandFormatError'],
    ['garbage', 'garbage'],
  ] as const)('can be made to answer with %s, properly signed', async (fault, status) => {
    const [fleet, device] = await enroll();
    fleet.faults.inject({ fault, serial: device.identity.serial });
    const [first, second] = [enqueue(device), enqueue(device)];
    await device.connect();
    expect(resultsOf(device)).toEqual([`${first} ${status}`, `${second} Acknowledged`]);
  });

  it('can be made to cut a result short on its way; the server gets it once, whole', async () => {
    const [fleet, device] = await enroll();
    const events = recordEvents(fleet);
    fleet.faults.inject({ fault: 'cut' });
    const command = enqueue(device);
    await device.connect();
    expect(kinds(events)).toEqual(['command', 'retry', 'result', 'idle']);
    expect(resultsOf(device)).toEqual([`${command} Acknowledged`]);
  });

  it('does a command once, however often the answer to its result is lost, cut short or unreadable', async () => {
    const [, device] = await enroll();
    const command = enqueue(device);
    let faults = 0;
    bench.server.interfere = (request) => {
      if (!isReport(request)) return undefined;
      faults += 1;
      if (faults === 1) return { cut: 'before' };
      if (faults === 2) return { cut: 'middle' };
      if (faults === 3) return { status: 200, body: '<plist><dict><key>Command' };
      return faults === 4 ? { status: 500 } : undefined;
    };
    expect(await device.connect()).toBe('idle');
    expect(device.journal().length).toBe(1);
    const sent = bench.server.requests
      .filter(isReport)
      .map(({ body, headers }) => `${String(headers['mdm-signature'])} ${body.toString()}`);
    expect([sent.length, new Set(sent).size]).toEqual([5, 1]);
    expect(new Set(resultsOf(device))).toEqual(new Set([`${command} Acknowledged`]));
  });

  it('sends the very same result after a restart, and does the command once', async () => {
    const stateFolder = bench.newFolder();
    const [fleet, device] = await enroll({ stateFolder });
    const command = enqueue(device);
    bench.server.interfere = (request) => (isReport(request) ? { cut: 'before' } : undefined);
    const retried = fleet.events.next('retry');
    const session = device.connect();
    await retried;
    await bench.closeFleet(fleet);
    expect(await session).toBe('stopped');
    bench.server.interfere = undefined;
    const later = await bench.fleet({ stateFolder });
    const events = recordEvents(later);
    await later.resume();
    expect(kinds(events)).toEqual(['result', 'idle']);
    expect(resultsOf(device)).toEqual([`${command} Acknowledged`]);
    expect(new Set(bench.server.requests.filter(isReport).map(({ body }) => body.toString())).size).toBe(1);
    expect(
      later.devices
        .get(device.identity.serial)
        ?.journal()
        .map(({ commandUuid }) => commandUuid),
    ).toEqual([command]);
  });

  it('does not do a command again whose result the server has, and says so loudly', async () => {
    const [fleet, device] = await enroll();
    const command = enqueue(device);
    await device.connect();
    const error = fleet.events.next('error');
    bench.server.channel.enqueue(device.identity.udid, query, command);
    await device.connect();
    expect((await error).code).toBe('ESP_SIM_COMMAND_REPEATED');
    expect(device.journal().length).toBe(1);
    expect(resultsOf(device)).toEqual([`${command} Acknowledged`, `${command} Acknowledged`]);
  });

  it.each([
    ['401', { status: 401 }, 'unauthorized'],
    ['403 unrecognized', { status: 403, ...unrecognized() }, 'unrecognized'],
  ] as const)('is not managed any more after %s, and says so loudly', async (_name, answer, reason) => {
    const [fleet, device] = await enroll();
    const events = recordEvents(fleet);
    bench.server.interfere = () => answer;
    expect(await device.connect()).toBe('removed');
    expect(events).toMatchObject([
      { kind: 'error', code: 'ESP_SIM_UNENROLLED' },
      { kind: 'removed', reason },
    ]);
    expect(device.phase).toBe('removed');
    bench.server.interfere = undefined;
    expect(await bench.server.push(device.identity.udid)).toBe(410);
    await expect(device.connect()).rejects.toMatchObject({ code: 'ESP_SIM_PHASE' });
  });

  it('stays managed and does not try for ever where another 4xx comes; drops a result refused three times', async () => {
    const [fleet, device] = await enroll();
    const events = recordEvents(fleet);
    enqueue(device);
    bench.server.interfere = (request) => (isReport(request) ? { status: 403, body: 'no' } : undefined);
    for (let session = 0; session < 3; session += 1) expect(await device.connect()).toBe('failed');
    expect(bench.server.requests.filter(isReport).length).toBe(3);
    expect(kinds(events).filter((kind) => kind === 'error').length).toBe(3);
    expect(device.state.pending).toBeUndefined();
    expect(device.phase).toBe('enrolled');
  });

  it('leaves at once where the user removes the profile, also while the server is away', async () => {
    const [fleet, device] = await enroll();
    const retried = fleet.events.next('retry');
    bench.server.interfere = () => ({ cut: 'before' });
    const session = device.connect();
    await retried;
    await device.checkOut();
    expect(await session).toBe('stopped');
    expect(device.state).toMatchObject({ phase: 'removed', removedBecause: 'checked-out' });
  });

  it('is erased also where it is restarted between the answer of the server and the erasing', async () => {
    const stateFolder = bench.newFolder();
    const [fleet, device] = await enroll({ stateFolder });
    bench.server.channel.enqueue(
      device.identity.udid,
      buildCommand('EraseDevice', { platform: 'macOS', pin: '123456' }),
    );
    const { promise: erased, resolve } = Promise.withResolvers<void>();
    fleet.events.on('result', () => {
      // What a kill at this very moment leaves on disk.
      cpSync(stateFolder, `${stateFolder}-killed`, { recursive: true });
      resolve();
    });
    await device.connect();
    await erased;
    await bench.closeFleet(fleet);
    rmSync(join(`${stateFolder}-killed`, 'fleet.lock'));
    const later = await bench.fleet({ stateFolder: `${stateFolder}-killed` });
    await later.resume();
    expect(later.status()).toMatchObject([{ phase: 'removed', removedBecause: 'erased', executions: 1 }]);
  });

  it('gets a new token where Apple does not know the old one, and tells the server', async () => {
    const stateFolder = bench.newFolder();
    const [fleet, device] = await enroll({ stateFolder });
    const { udid, serial } = device.identity;
    await bench.closeFleet(fleet);
    bench.apple.apns.unregister(device.state.pushToken!);
    const later = await bench.fleet({ stateFolder });
    const updated = later.events.next('token-updated');
    await later.resume();
    await updated;
    expect(bench.server.channel.of(udid).tokenUpdates).toBe(2);
    expect(later.devices.get(serial)?.state.pushToken).not.toBe(device.state.pushToken);
    const command = enqueue(device);
    const done = later.events.next('result', ({ commandUuid }) => commandUuid === command);
    await bench.server.push(udid);
    await done;
  });

  it('keeps what is secret readable by its owner only', async () => {
    const stateFolder = bench.newFolder();
    const [, device] = await enroll({ stateFolder });
    const folder = join(stateFolder, 'devices', device.identity.serial);
    const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
    expect(files.sort()).toEqual([
      'enrollment.mobileconfig',
      'identity.key.pem',
      'identity.pem',
      'state.json',
    ]);
    expect(files.map((name) => statSync(join(folder, name)).mode & 0o077)).toEqual([0, 0, 0, 0]);
    expect(readFileSync(join(folder, 'identity.key.pem'), 'utf8')).toContain('PRIVATE KEY');
  });
});

function unrecognized(): { headers: { 'content-type': string }; body: Buffer } {
  const { contentType, body } = buildDeviceError({ code: 'com.apple.unrecognized.device' });
  return { headers: { 'content-type': contentType }, body };
}
