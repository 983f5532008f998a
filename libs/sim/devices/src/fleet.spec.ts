import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimBench } from './testing/index.js';
import { DeviceFleet, readFleetStatus } from './index.js';
import { newDeviceIdentity } from './identity/device-identity.js';

const DEVICES = 200;

describe('fleet', () => {
  let bench: SimBench;
  beforeAll(async () => {
    bench = await SimBench.start();
  });
  afterEach(() => bench.reset());
  afterAll(() => bench.close());

  it(`runs ${DEVICES} devices in one process: each does its command once, on one event stream, and survives a restart`, async () => {
    const stateFolder = bench.newFolder();
    // The lightest way, as for load tests: no TLS identities, connections shared.
    const fleet = await bench.fleet({ stateFolder, identityMode: 'signature', shareConnections: true });
    const { enrolled, failed } = await fleet.enroll({
      count: DEVICES,
      platform: 'mixed',
      profile: () => Promise.resolve(bench.server.profile()),
    });
    expect([enrolled.length, failed]).toEqual([DEVICES, []]);
    expect(bench.apple.apns.status()).toMatchObject({ streams: 1, waiting: DEVICES });
    const { channel } = bench.server;
    const udids = enrolled.map(({ identity }) => identity.udid);
    const wanted = udids.map((udid) => channel.enqueue(udid, { RequestType: 'SecurityInfo' }));
    const done = Promise.withResolvers<void>();
    let idle = 0;
    fleet.events.on('idle', () => (idle += 1) === DEVICES && done.resolve());
    expect(new Set(await Promise.all(udids.map((udid) => bench.server.push(udid))))).toEqual(new Set([200]));
    await done.promise;
    expect(channel.results.map(({ commandUuid }) => commandUuid).sort()).toEqual([...wanted].sort());
    await bench.closeFleet(fleet);
    expect(bench.server.complaints).toEqual([]);
    const later = await bench.fleet({ stateFolder });
    expect(later.status().map(({ phase, executions }) => `${phase} ${executions}`)).toEqual(
      Array.from({ length: DEVICES }, () => 'enrolled 1'),
    );
  }, 120_000);

  it('lets so many devices talk at once as it is told', async () => {
    const fleet = await bench.fleet({ connectionConcurrency: 3 });
    const { enrolled } = await fleet.enroll({
      count: 9,
      profile: () => Promise.resolve(bench.server.profile()),
    });
    let open = 0;
    let most = 0;
    for (const { identity } of enrolled)
      bench.server.channel.enqueue(identity.udid, { RequestType: 'ProfileList' });
    fleet.events.on('command', () => {
      open += 1;
      most = Math.max(most, open);
    });
    fleet.events.on('idle', () => (open -= 1));
    await Promise.all(enrolled.map((device) => device.connect()));
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });

  it('has its state folder for itself as long as its process lives', async () => {
    const stateFolder = bench.newFolder();
    const fleet = await bench.fleet({ stateFolder });
    fleet.create(2, 'iphone');
    // The parent of this process lives, and is another one.
    writeFileSync(join(stateFolder, 'fleet.lock'), String(process.ppid));
    expect(() => DeviceFleet.open({ stateFolder, appleUrl: bench.apple.deviceUrl })).toThrow(
      /Another process/,
    );
    expect(readFleetStatus(stateFolder).map(({ phase }) => phase)).toEqual(['new', 'new']);
  });

  it('says which file of the state it cannot read', async () => {
    const stateFolder = bench.newFolder();
    const fleet = await bench.fleet({ stateFolder });
    const [device] = fleet.create(1);
    await bench.closeFleet(fleet);
    const folder = join(stateFolder, 'devices', device!.identity.serial);
    writeFileSync(join(folder, 'state.json'), '{"version":2}');
    expect(() => readFleetStatus(stateFolder)).toThrow(folder);
    await expect(bench.fleet({ stateFolder })).rejects.toMatchObject({ code: 'ESP_SIM_STATE_INVALID' });
  });

  it('makes up devices that differ in all that tells devices apart', () => {
    const identities = Array.from({ length: 500 }, () => newDeviceIdentity('mixed'));
    for (const key of ['udid', 'serial', 'wifiMac'] as const)
      expect(new Set(identities.map((identity) => identity[key])).size).toBe(500);
    expect(identities.every(({ serial }) => /^ZSM[0-9A-HJ-NP-Z]{7}$/.test(serial))).toBe(true);
    for (const { imei } of identities)
      if (imei !== undefined) expect([imei.length, luhn(imei)]).toEqual([15, 0]);
  });

  it('takes faults only whose chances make sense', async () => {
    await expect(bench.fleet({ faults: { notNow: 0.7, error: 0.5 } })).rejects.toThrow(RangeError);
    await expect(bench.fleet({ faults: { cut: -1 } })).rejects.toThrow(RangeError);
    let drawn = 0;
    const fleet = await bench.fleet({ faults: { notNow: 0.25, error: 0.25 }, random: () => drawn });
    const command = { commandUuid: 'A', requestType: 'X' };
    const faults = [0, 0.24, 0.26, 0.49, 0.51, 0.99].map((value) => {
      drawn = value;
      return fleet.faults.take('S', command);
    });
    expect(faults).toEqual(['not-now', 'not-now', 'error', 'error', undefined, undefined]);
  });
});

function luhn(digits: string): number {
  const sum = digits
    .split('')
    .reverse()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10;
}
