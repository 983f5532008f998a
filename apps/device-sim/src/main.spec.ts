import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimBench, type SeenRequest } from '@espalier/sim-devices';
import { RunningCommand } from './command.fixture.js';

const isReport = ({ path, body }: SeenRequest): boolean =>
  path === '/connect' && body.includes('CommandUUID');

describe('device-sim', () => {
  let bench: SimBench;
  let ca: string;
  const running: RunningCommand[] = [];
  beforeAll(async () => {
    bench = await SimBench.start();
    ca = join(bench.folder, 'ca.pem');
    writeFileSync(ca, bench.server.ca);
  });
  afterEach(async () => {
    for (const command of running.splice(0)) await command.end('SIGKILL');
    await bench.reset();
  });
  afterAll(() => bench.close());

  function start(name: string, state: string, ...more: readonly string[]): RunningCommand {
    const where =
      name === 'status' || name === 'tell'
        ? []
        : ['--apple', bench.apple.deviceUrl, '--ca', ca, '--key-pool', bench.keyFile];
    const command = new RunningCommand([name, '--state', state, ...where, ...more]);
    running.push(command);
    return command;
  }

  /** A .mobileconfig without payloads. */
  function profile(identifier: string): Buffer {
    const keys = { PayloadType: 'Configuration', PayloadIdentifier: identifier, PayloadUUID: identifier };
    const texts = Object.entries(keys).map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
    return Buffer.from(
      `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>${texts.join('')}` +
        '<key>PayloadVersion</key><integer>1</integer><key>PayloadContent</key><array/></dict></plist>',
    );
  }

  const url = (): string => `${bench.server.url}/enroll`;

  it('enrols devices, keeps them online, checks them out; each with exit code 0', async () => {
    const state = bench.newFolder();
    const enroll = start('enroll', state, '--url', url(), '--count', '3', '--platform', 'mixed', '--json');
    expect(await enroll.end()).toBe(0);
    expect(enroll.lines.filter(({ kind }) => kind === 'enrolled').length).toBe(3);
    expect(enroll.lines.at(-1)).toEqual({ kind: 'summary', enrolled: 3, failed: [] });

    const run = start('run', state, '--json');
    await run.line('idle');
    const udid = String(
      (enroll.lines.find(({ kind }) => kind === 'enrolled') as { device?: { udid?: string } }).device?.udid,
    );
    const commandUuid = bench.server.channel.enqueue(udid, { RequestType: 'SecurityInfo' });
    await bench.server.push(udid);
    expect(await run.line('result')).toMatchObject({ commandUuid, status: 'Acknowledged' });
    const status = start('status', state);
    expect(await status.end()).toBe(0);
    expect(status.text.match(/enrolled/g)?.length).toBe(3);
    expect(await run.end('SIGTERM')).toBe(0);

    const checkout = start('checkout', state);
    expect(await checkout.end()).toBe(0);
    expect(checkout.text).toContain('3 devices are not managed.');
    expect([...bench.server.channel.enrollments.values()].map(({ checkedOut }) => checkedOut)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is told on standard input and by tell what people do, answers each, and outlives the end of its input', async () => {
    const state = bench.newFolder();
    const run = start('enroll', state, '--url', url(), '--platform', 'mac', '--stay', '--json');
    const { device } = (await run.line('enrolled')) as unknown as {
      device: { udid: string; serial: string };
    };
    await run.line('online');
    const { serial, udid } = device;
    expect(await run.tell({ id: 'a', do: 'rename', serial, name: '42' })).toEqual({
      kind: 'control',
      id: 'a',
      do: 'rename',
      ok: true,
      result: { serial },
    });
    expect(await run.tell({ id: 'b', do: 'rename', serial: 'NONE', name: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'ESP_SIM_DEVICE_MISSING' },
    });
    run.hangUp();
    const tell = start(
      'tell',
      state,
      'update-os',
      `serial=${serial}`,
      'version=26.1',
      'build=25B78',
      '--json',
    );
    expect(await tell.end()).toBe(0);
    expect(tell.lines).toMatchObject([{ kind: 'control', ok: true, result: { osVersion: '26.1' } }]);
    const wrong = start('tell', state, 'dance', 'serial=*');
    expect([await wrong.end(), wrong.text]).toEqual([1, expect.stringMatching(/ESP_SIM_CONTROL_INVALID/)]);
    const gone = start('tell', state, 'checkout', `serial=${serial}`);
    expect(await gone.end()).toBe(0);
    expect(await run.line('removed')).toMatchObject({ reason: 'checked-out', device: { name: '42', udid } });
    expect(await run.end('SIGTERM')).toBe(0);
    const late = start('tell', state, 'checkout', `serial=${serial}`);
    expect([await late.end(), late.errors]).toEqual([2, expect.stringMatching(/No device-sim runs/)]);
  });

  it('runs users who resist and profiles that fail, as the command line says', async () => {
    const state = bench.newFolder();
    const faults = ['--resist', 'com.example.resisted', '--fail-profile', 'com.example.fails*'];
    const run = start('enroll', state, '--url', url(), '--platform', 'mac', '--stay', '--json', ...faults);
    const { device } = (await run.line('enrolled')) as unknown as { device: { udid: string } };
    await run.line('online');
    for (const identifier of ['com.example.resisted', 'com.example.fails.one']) {
      const Payload = profile(identifier);
      bench.server.channel.enqueue(device.udid, { RequestType: 'InstallProfile', Payload });
    }
    await bench.server.push(device.udid);
    expect(await run.line('profile-removed')).toMatchObject({
      identifier: 'com.example.resisted',
      by: 'user',
    });
    expect(run.lines.filter(({ kind }) => kind === 'result').map(({ status }) => status)).toEqual([
      'Acknowledged',
      'Error',
    ]);
  });

  it('ends with 1 where a device was refused, and says why', async () => {
    const profile = join(bench.folder, 'used.mobileconfig');
    writeFileSync(profile, bench.server.profile());
    const command = start('enroll', bench.newFolder(), '--profile', profile, '--count', '2', '--json');
    expect(await command.end()).toBe(1);
    expect(command.lines.at(-1)).toMatchObject({
      kind: 'summary',
      enrolled: 1,
      failed: [{ code: 'ESP_SIM_SCEP_REFUSED' }],
    });
  });

  it('sends the very same result after kill -9 between doing a command and reporting it, and did it once', async () => {
    const state = bench.newFolder();
    const enroll = start(
      'enroll',
      state,
      '--url',
      url(),
      '--platform',
      'mac',
      '--stay',
      '--answer-delay-ms',
      '600000',
      '--json',
    );
    const { device } = (await enroll.line('enrolled')) as unknown as { device: { udid: string } };
    await enroll.line('online');
    const commandUuid = bench.server.channel.enqueue(device.udid, {
      RequestType: 'DeviceInformation',
      Queries: ['BatteryLevel'],
    });
    await bench.server.push(device.udid);
    await enroll.line('command');
    expect(await enroll.end('SIGKILL')).toBeNull();
    expect(bench.server.requests.some(isReport)).toBe(false);

    // A second kill, after the report was sent and before the server has answered.
    const reported = Promise.withResolvers<void>();
    bench.server.interfere = (request) => {
      if (!isReport(request)) return undefined;
      reported.resolve();
      return { cut: 'before' };
    };
    const second = start('run', state, '--json');
    await reported.promise;
    await second.end('SIGKILL');

    bench.server.interfere = undefined;
    const third = start('run', state, '--json');
    expect(await third.line('result')).toMatchObject({ commandUuid });
    expect(await third.end('SIGTERM')).toBe(0);
    const reports = bench.server.requests.filter(isReport).map(({ body }) => body.toString());
    expect(reports.length).toBeGreaterThanOrEqual(2);
    expect(new Set(reports).size).toBe(1);
    expect([...second.lines, ...third.lines].filter(({ kind }) => kind === 'command')).toEqual([]);
    expect(bench.server.channel.of(device.udid).queue).toEqual([]);
    const status = start('status', state, '--json');
    await status.end();
    expect(status.lines).toMatchObject([{ phase: 'enrolled', executions: 1 }]);
  });

  it('ends with 1 where it is stopped before all devices are managed, and goes on with run', async () => {
    const state = bench.newFolder();
    bench.server.interfere = ({ path }) =>
      path === '/checkin' ? { status: 503, headers: { 'retry-after': '600' } } : undefined;
    const enroll = start('enroll', state, '--url', url(), '--json');
    await enroll.line('retry');
    expect(await enroll.end('SIGINT')).toBe(1);
    bench.server.interfere = undefined;
    const run = start('run', state, '--json');
    await run.line('enrolled');
    expect(await run.end('SIGTERM')).toBe(0);
  });

  it.each([
    [[], /Usage/, 2],
    [['--help'], /Exit codes/, 0],
    [['dance'], /There is no command dance/, 2],
    [['enroll', '--apple', 'http://localhost:1'], /Give either --url or --profile/, 2],
    [['enroll', '--apple', 'http://localhost:1', '--profile', '/does/not/exist'], /--profile: ENOENT/, 2],
    [['run', '--apple', 'ftp://x'], /--apple must be an http or https URL/, 2],
    [['run', '--apple', 'http://localhost:1', '--not-now', '2'], /--not-now must be from 0 to 1/, 2],
    [['run', '--apple', 'http://localhost:1', '--user', 'Anna B'], /--user must be a short name/, 2],
    [['tell'], /tell needs to know what/, 2],
    [['tell', 'status', 'serial'], /not of the form key=value/, 2],
    [['run', 'now', '--apple', 'http://localhost:1'], /Unexpected argument 'now'/, 2],
    [['run', '--apple', 'http://localhost:1', '--dry'], /Unknown option '--dry'/, 2],
  ] as const)('%j is answered with %s and exit code %d', async (args, text, code) => {
    const command = new RunningCommand(args);
    running.push(command);
    expect(await command.end()).toBe(code);
    expect(command.text + command.errors).toMatch(text);
  });
});
