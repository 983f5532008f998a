import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allApiScopes } from '@espalier/contracts';
import { until } from '../console/site.client.js';
import { demoProfile } from '../main-job/demo-profile.js';
import type { DeviceSim } from '../main-job/device-sim.process.js';
import { CommandLine } from './cli.fixture.js';
import { TestSuite } from './suite.fixture.js';

interface Items<T> {
  readonly items: readonly T[];
}
interface Named {
  readonly id: string;
  readonly name: string;
}
interface Deployed extends Named {
  readonly counts: { readonly success: number };
}
interface SentCommand {
  readonly id: string;
  readonly requestType: string;
  readonly createdBy: string;
  readonly state: string;
}

/** What a helpdesk person does in a day, with the real services and devices behind it. */
describe('the command line', () => {
  let suite: TestSuite;
  let sim: DeviceSim;
  let cli: CommandLine;
  let device = { resourceId: 0, name: '', serialNumber: '' };

  beforeAll(async () => {
    const overrides = { ESPALIER_APPROVALS: 'required', ESPALIER_APPROVER_REST_HOURS: '0' };
    suite = await TestSuite.start({ overrides: { 'config-proxy': overrides } });
    sim = suite.sim('devices', () => undefined);
    const { url } = await suite.client().createEnrollmentLink(2);
    await sim.enroll(url, 2, ['--platform', 'mac']);
    sim.run();
    cli = new CommandLine({ XDG_CONFIG_HOME: join(suite.folder, 'home') });
  });
  afterAll(async () => {
    await sim?.stop();
    await suite?.stop();
  });

  /** The command line of whoever has that token. */
  function as(token: string): CommandLine {
    const { consoleUrl, pki } = suite.suite;
    return new CommandLine({
      XDG_CONFIG_HOME: join(suite.folder, 'nobody'),
      ESPALIER_TOKEN: token,
      ESPALIER_URL: consoleUrl,
      ESPALIER_CA_FILE: pki.ca.certificate,
    });
  }

  /** A new Full Administrator with a token of their own making: whose tokens somebody else made is no second person. */
  async function hire(name: string): Promise<CommandLine> {
    await cli.says('administrators', 'create', name);
    await cli.says('administrators', 'assign', name, 'full-administrator');
    const create = ['tokens', 'create', name, '--scope', allApiScopes.join(',')];
    const first = await cli.says(...create, '--administrator', name);
    return as((await as(first.trim()).says(...create)).trim());
  }

  /** Asks for what a second person must approve. */
  async function askedBy(person: CommandLine, args: readonly string[]): Promise<string> {
    const { code, stderr } = await person.run([...args, '--json']);
    expect([code, stderr]).toEqual([7, expect.stringContaining('approval')]);
    return (JSON.parse(stderr) as { error: { approval: { id: string } } }).error.approval.id;
  }

  it('signs in once, and knows who one is from then on', async () => {
    const { consoleUrl, adminToken, pki } = suite.suite;
    const { code, stderr } = await cli.run(
      ['login', '--url', consoleUrl, '--ca-file', pki.ca.certificate],
      adminToken,
    );
    expect([code, stderr]).toEqual([0, expect.stringContaining('Kept in')]);
    expect(await cli.says('whoami')).toMatch(/devices:read/);
    const wrong = await cli.run(['login', '--profile', 'other', '--url', consoleUrl], 'esp_wrong');
    expect(wrong).toMatchObject({ code: 6, stderr: expect.stringContaining('not trusted') });
  });

  it('finds devices by what people know of them, and shows everything about one', async () => {
    const { items } = await until('both Macs are known', async () => {
      const found = await cli.json<Items<typeof device>>('devices', 'list', '--platform', 'mac');
      return found.items.length === 2 ? found : undefined;
    });
    device = items[0] ?? device;
    const { resourceId, name, serialNumber } = device;
    expect(await cli.says('devices', 'list', '--search', serialNumber)).toContain(name);
    for (const named of [name, serialNumber, String(resourceId)])
      expect(await cli.json('devices', 'show', named)).toMatchObject({ resourceId, isManaged: true });
    await cli.says('devices', 'set', name, 'AssetTag=A-1', 'Department=Sales');
    await cli.says('devices', 'unset', name, 'Department');
    expect(await cli.says('devices', 'show', name)).toMatch(/Extension data\nAssetTag {2}A-1\n/);
    await until('the inventory has come', async () => {
      const text = await cli.says('devices', 'inventory', name);
      return text.includes(serialNumber) ? text : undefined;
    });
    expect(await cli.run(['devices', 'show', 'nobody'])).toMatchObject({ code: 3 });
    expect(await cli.run(['devices', 'list', '--filter', 'nonsense eq 1'])).toMatchObject({ code: 2 });
    expect(await cli.run(['devices', 'delete', name])).toMatchObject({ code: 2 });
  });

  it('sends a command, waits for the answer and shows it; dangerous ones it does not send unasked', async () => {
    const { commands } = await cli.json<{ commands: readonly SentCommand[] }>(
      'commands',
      'send',
      'DeviceInformation',
      device.name,
      '--wait',
    );
    expect(commands).toMatchObject([{ state: 'acknowledged' }]);
    expect(await cli.says('commands', 'show', commands[0]?.id ?? '')).toContain(device.serialNumber);
    const { items } = await cli.json<Items<SentCommand>>('commands', 'list', device.name);
    expect(items.map(({ id }) => id)).toContain(commands[0]?.id);
    const erase = await cli.run(['commands', 'send', 'EraseDevice', device.name]);
    expect(erase).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    const key = ['--idempotency-key', 'spec-once'];
    const send = ['commands', 'send', 'SecurityInfo', device.name, '--no-push', ...key];
    const [one, again] = [
      await cli.json<{ commandId: string }>(...send),
      await cli.json<{ commandId: string }>(...send),
    ];
    expect(again.commandId).toBe(one.commandId);
  });

  it('gets a profile to devices: collection, import, baseline, deployment, and why it is there', async () => {
    const wql = `select * from SMS_R_System where SerialNumber = '${device.serialNumber}'`;
    expect(await cli.says('collections', 'preview', '--query', wql)).toContain(
      `1 would join\n  ${device.resourceId}`,
    );
    await cli.says('collections', 'create', 'Pilot', '--limiting', 'All Macs', '--query', wql);
    await until('the device is a member', async () => {
      const { items } = await cli.json<Items<{ resourceId: number }>>('collections', 'members', 'Pilot');
      return items[0]?.resourceId === device.resourceId ? true : undefined;
    });
    const file = join(suite.folder, 'login.mobileconfig');
    const profile = demoProfile('io.espalier.spec.cli', 'Managed');
    writeFileSync(file, profile);
    await cli.says('items', 'import', file, '--name', 'Login window');
    await cli.says('items', 'export', 'Login window', '--output', `${file}.out`);
    expect(readFileSync(`${file}.out`).equals(profile)).toBe(true);
    await cli.says('baselines', 'create', 'Security', 'Login window');
    await cli.says('deploy', 'Security', 'Pilot');
    const { id } = await until('the device complies', async () => {
      const deployed = await cli.json<Items<Deployed>>('deployments', 'list', '--collection', 'Pilot');
      const [only] = deployed.items;
      return only?.counts.success === 1 ? only : undefined;
    });
    const why = await cli.says('explain', device.serialNumber, 'Security');
    expect(why).toMatch(/✓ membership[^]*✓ deployment[^]*✓ verification/);
    expect(await cli.says('deployments', 'show', id)).toContain('100 % comply');
    expect(await cli.run(['collections', 'delete', 'Pilot', '--yes'])).toMatchObject({ code: 5 });
    expect(await cli.run(['deployments', 'delete', id])).toMatchObject({ code: 2 });
    await cli.says('deployments', 'delete', id, '--yes');
    await cli.says('collections', 'add', 'Pilot', '--exclude', 'All iPads');
    await cli.says('collections', 'remove', 'Pilot', '--exclude', 'All iPads');
    await cli.says('collections', 'delete', 'Pilot', '--yes');
  });

  it('waits for long work and says how it ended', async () => {
    const { code, stdout } = await cli.run(['collections', 'evaluate', '--wait', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ state: 'succeeded' })]);
    expect(await cli.says('jobs', 'list', '--limit', '5')).toContain('succeeded');
  });

  it('follows events as they happen', async () => {
    const lines = cli.lines('events', 'follow', '--types', 'command.*', '--after', '0', '--json');
    const first = await lines.next();
    expect(JSON.parse(String(first.value))).toMatchObject({ type: expect.stringMatching(/^command\./) });
    await lines.return(undefined);
  });

  it('makes a token that may little, and says what is missing of it', async () => {
    const secret = (await cli.says('tokens', 'create', 'report', '--scope', 'devices:read')).trim();
    const limited = as(secret);
    expect(await limited.says('devices', 'list')).toContain(device.name);
    expect(await limited.run(['collections', 'list'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('collections:read'),
    });
    const { items } = await cli.json<Items<Named>>('tokens', 'list');
    await cli.says('tokens', 'revoke', items.find(({ name }) => name === 'report')?.id ?? '', '--yes');
    expect(await limited.run(['devices', 'list'])).toMatchObject({ code: 4 });
  });

  it('asks a second person before what loses data; the log says who asked, and nobody has changed it', async () => {
    const erase = ['commands', 'send', 'EraseDevice', device.name, '--yes'];
    expect(await cli.run(erase)).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason') });
    const id = await askedBy(cli, [...erase, '--reason', 'lost in the tram – häßlich']);
    expect(await cli.says('approvals', 'show', id)).toMatch(/needs-approval[^]*lost in the tram – häßlich/);
    expect(await cli.says('approvals', 'list', '--view', 'mine')).toContain(id);
    expect(await cli.run(['approve', id, '--yes'])).toMatchObject({ code: 4 });
    await cli.says('approvals', 'cancel', id);
    expect(await cli.run(['approvals', 'watch', id])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('cancelled'),
    });
    expect(await cli.says('commands', 'list', device.name)).not.toContain('EraseDevice');
    const policy = ['policies', 'set', 'large-deployment', '--above', '1000', '--reason', 'more of them'];
    await cli.says('approvals', 'cancel', await askedBy(cli, policy));
    expect(await cli.says('policies', 'list')).not.toContain('above 1000');
    expect(await cli.says('audit', 'list')).toMatch(/approve\S* +refused/i);
    expect(await cli.says('audit', 'verify')).toContain('are as they were written');
    const lines = (await cli.says('audit', 'export')).trim().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) JSON.parse(line);
  });

  it('does it once a second person has said yes: the device is erased, in the name of both', async () => {
    const [anna, bert] = [await hire('anna'), await hire('bert')];
    // Macs with Intel's processors want a PIN, with which they can be opened again.
    const what = ['EraseDevice', device.name, '--argument', 'PIN=482913'];
    const id = await askedBy(anna, ['commands', 'send', ...what, '--yes', '--reason', 'lost in the tram']);
    expect(await anna.run(['approve', id, '--yes'])).toMatchObject({ code: 4 });
    expect(await bert.says('approvals', 'list', '--view', 'waiting')).toContain(id);
    const watched = anna.says('approvals', 'watch', id);
    expect(await bert.says('approve', id, '--yes', '--reason', 'she called me')).toContain('approved');
    expect(await watched).toMatch(/State +completed[^]*Decided by +bert[^]*Because +she called me/);
    const { createdBy } = await until('the device has erased itself', async () => {
      const { items } = await anna.json<Items<SentCommand>>('commands', 'list', device.name);
      return items.find(
        ({ requestType, state }) => requestType === 'EraseDevice' && state === 'acknowledged',
      );
    });
    expect(createdBy).toMatch(/^anna .*, approved by bert$/);
    expect(await cli.says('audit', 'verify')).toContain('are as they were written');
  });

  it('finds nothing wrong with a suite that is well, and what is away with one that is not', async () => {
    const { findings } = await cli.json<{ findings: readonly { check: string; state: string }[] }>('doctor');
    expect(findings.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['connection', 'clock', 'token', 'collections']),
    );
    await suite.suite.process('config-proxy').stop();
    const away = await cli.run(['doctor']);
    expect(away).toMatchObject({ code: 1, stdout: expect.stringMatching(/✗ connection +Nothing listens/) });
  });
});
