import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../console/site.client.js';
import type { DeviceSim } from '../main-job/device-sim.process.js';
import { CommandLine } from './cli.fixture.js';
import { TestSuite } from './suite.fixture.js';

interface Items<T> {
  readonly items: readonly T[];
}

const ANNA = 'CORP\\anna';

/** What an admin of a site does: people, policies, variables, windows, links; with the real services behind it. */
describe('the command line of an admin', () => {
  let suite: TestSuite;
  let sim: DeviceSim;
  let cli: CommandLine;

  beforeAll(async () => {
    suite = await TestSuite.start({ overrides: { 'config-proxy': { ESPALIER_APPROVALS: 'off' } } });
    const { consoleUrl, pki, adminToken } = suite.suite;
    cli = new CommandLine({
      XDG_CONFIG_HOME: join(suite.folder, 'home'),
      TZ: 'Europe/Berlin',
      ESPALIER_URL: consoleUrl,
      ESPALIER_CA_FILE: pki.ca.certificate,
      ESPALIER_TOKEN: adminToken,
    });
    await cli.says('collections', 'create', 'Lab', '--limiting', 'All Macs');
    await cli.says('collections', 'create', 'Pilot', '--limiting', 'All Macs');
    sim = suite.sim('devices', () => undefined);
  });
  afterAll(async () => {
    await sim?.stop();
    await suite?.stop();
  });

  /** Each command line that is wrong, with what it ends with and says. */
  async function refuses(
    cases: readonly (readonly [args: readonly string[], code: number, words: string | RegExp])[],
  ): Promise<void> {
    for (const [args, code, words] of cases) {
      const ended = await cli.run(args);
      expect([args, ended.code, ended.stderr]).toEqual([args, code, expect.stringMatching(words)]);
      expect(ended.stdout).toBe('');
    }
  }

  it('lets people in, with roles for the site or for collections, and out again', async () => {
    expect(await cli.says('roles', 'list')).toMatch(/helpdesk +Helpdesk/i);
    expect(await cli.says('roles', 'show', 'HELPDESK')).toContain('devices:read');
    await cli.says('administrators', 'create', ANNA, '--display-name', 'Anna Example');
    const assign = ['administrators', 'assign', ANNA, 'helpdesk'];
    await cli.says(...assign, '--collection', 'Lab');
    expect(await cli.says(...assign, '-c', 'Pilot')).toMatch(/Roles +helpdesk in \S+ and \S+\n/);
    const unassign = ['administrators', 'unassign', ANNA, 'helpdesk'];
    expect(await cli.says(...unassign, '--collection', 'Lab')).toMatch(/Roles +helpdesk in \S+\n/);
    expect(await cli.says(...assign)).toMatch(/Roles +helpdesk\n/);
    expect(await cli.says('administrators', 'disable', ANNA)).toMatch(/Enabled +no/);
    expect(await cli.says('administrators', 'list', '--filter', 'isEnabled eq false')).toContain('anna');
    expect(await cli.says('administrators', 'enable', ANNA)).toMatch(
      /Full name +Anna Example[^]*Enabled +yes/,
    );
    const identity = 'kerberos:anna@CORP.EXAMPLE';
    expect(await cli.says('administrators', 'add-identity', ANNA, identity)).toContain(identity);
    expect(await cli.says('administrators', 'show', ANNA)).toContain(identity);
    expect(await cli.says('administrators', 'remove-identity', ANNA, identity)).not.toContain(identity);
    await refuses([
      [[...assign.slice(0, 3), 'hero'], 3, 'no role hero'],
      [[...assign, '--collection', 'Nowhere'], 3, 'no collection Nowhere'],
      [[...unassign, '--collection', 'Lab'], 5, 'whole site'],
      [['administrators', 'unassign', ANNA, 'auditor'], 3, 'does not have the role'],
      [['administrators', 'add-identity', ANNA, 'anna'], 2, 'must be oidc:'],
      [['administrators', 'remove-identity', ANNA, identity], 3, 'does not sign in as'],
      [['administrators', 'create', ANNA], 5, /name/i],
      [['administrators', 'show', 'nobody'], 3, 'no administrator nobody'],
      [['administrators', 'delete', ANNA], 2, '--yes'],
    ]);
    await cli.says(...unassign);
    await cli.says('administrators', 'delete', ANNA, '--yes');
    expect(await cli.run(['administrators', 'show', ANNA])).toMatchObject({ code: 3 });
  });

  it('says what needs a second person; what is not named stays', async () => {
    const { items } = await cli.json<Items<{ kind: string; expiryHours: number }>>('policies', 'list');
    const before = items.find(({ kind }) => kind === 'large-deployment');
    const after = await cli.json(
      'policies',
      'set',
      'large-deployment',
      '--above',
      '1000',
      '--reason',
      'more of them',
    );
    expect(after).toMatchObject({ threshold: 1_000, expiryHours: before?.expiryHours });
    expect(await cli.says('policies', 'list')).toMatch(/large-deployment +above 1000 devices/);
    await refuses([
      [['policies', 'set', 'large-deployment'], 2, 'Say what to change'],
      [['policies', 'set', 'erase', '--required', '--not-required'], 2, 'exclude each other'],
      [['policies', 'set', 'everything', '--required'], 3, 'There are: erase'],
      [['policies', 'set', 'erase', '--hourly-cap', 'many'], 2, 'whole number, or none'],
    ]);
  });

  it('hands a link out under which a device enrols, and says who uses it', async () => {
    const { stdout, stderr } = await cli.run(['links', 'create', '--uses', '1', '--expires-in', '2h']);
    expect(stderr).toContain('It is for one device');
    await sim.enroll(stdout.trim(), 1, ['--platform', 'mac']);
    sim.run();
    const device = await until('the Mac is known', async () => {
      const { items } = await cli.json<Items<{ name: string; serialNumber: string }>>('devices', 'list');
      return items[0];
    });
    await cli.says('users', 'create', 'anna', '--full-name', 'Anna Example', '--mail', 'anna@example.com');
    await cli.says('users', 'assign', 'anna', device.serialNumber, '--primary');
    expect(await cli.says('users', 'show', 'anna')).toMatch(/Anna Example[^]*Devices[^]* yes +admin/);
    await cli.says('users', 'unassign', 'anna', device.serialNumber);
    expect(await cli.says('users', 'show', 'anna')).not.toContain('Devices');
    await cli.says('users', 'delete', 'anna', '--yes');
    await refuses([
      [['links', 'create', '--expires-in', 'soon'], 2, '30m, 8h or 7d'],
      [['links', 'create', '--expires-in', '100d'], 2, 'expiresInSeconds'],
      [['users', 'assign', 'anna', device.serialNumber], 3, 'no user anna'],
    ]);

    const of = ['--device', device.serialNumber];
    await cli.says('variables', 'set', 'Room=7', 'Note=a=b', ...of);
    const masked = await cli.run(['variables', 'set', 'Wifi', '--masked', ...of], 'open sesame\n');
    expect([masked.code, masked.stdout]).toEqual([0, expect.stringMatching(/Wifi +\(masked\)/)]);
    expect(await cli.says('variables', 'set', 'ROOM=8', ...of)).toMatch(/Note +a=b\n[^]*ROOM +8/);
    expect(await cli.json('variables', 'unset', 'room', ...of)).toMatchObject({
      variables: [
        { name: 'Note', value: 'a=b', isMasked: false },
        { name: 'Wifi', value: null, isMasked: true },
      ],
    });
    await refuses([
      [['variables', 'list'], 2, '--device or --collection'],
      [['variables', 'list', ...of, '--collection', 'Lab'], 2, '--device or --collection'],
      [['variables', 'set', 'Room', ...of], 2, 'name=value'],
      [['variables', 'set', '7=x', ...of], 2, 'letters'],
      [['variables', 'set', 'Wifi=secret', '--masked', ...of], 2, 'without its value'],
      [['variables', 'unset', 'Room', ...of], 3, 'no variable Room'],
    ]);
  });

  it('lists links without what opens them, and revokes one: the door gives nothing more for it', async () => {
    const link = await cli.json<{ id: string; url: string }>('links', 'create', '--uses', '2');
    const { pathname } = new URL(link.url);
    expect(await suite.device('GET', pathname)).toMatchObject({ status: 200 });
    const secret = pathname.split('/').at(-1) ?? '';
    const listed = await cli.says('links', 'list', '--filter', "state eq 'usable'");
    expect(listed).toMatch(new RegExp(`${link.id} +usable +1 of 2`));
    expect(await cli.says('links', 'list', '--json')).not.toContain(secret);
    await refuses([
      [['links', 'revoke', link.id], 2, '--yes'],
      [['links', 'revoke', link.id.replace(/^.{8}/, '00000000'), '--yes'], 3, 'no such enrolment link'],
      [['links', 'list', '--filter', "url eq 'x'"], 2, 'url'],
    ]);
    await cli.says('links', 'revoke', link.id, '--yes');
    const { status, body } = await suite.device('GET', pathname);
    expect([status, body.toString()]).toEqual([410, expect.stringContaining('ESP_MDM_LINK_REVOKED')]);
    expect(await cli.says('links', 'list')).toMatch(new RegExp(`${link.id} +revoked +1 of 2`));
    const late = suite.sim('latecomers', () => undefined);
    await expect(late.enroll(link.url, 1, ['--platform', 'mac'])).rejects.toThrow('could not enrol');
  });

  it('asks queries and installs applications; a Mac without a client says so at once', async () => {
    const { items } = await cli.json<Items<{ name: string; serialNumber: string }>>('devices', 'list');
    const serial = items[0]?.serialNumber ?? '';
    const of = ['--device', serial];
    const refused = /requirements-not-met +1/;
    const asked = await cli.run(['pivot', 'OS | project Caption', ...of, '--wait']);
    expect([asked.code, asked.stdout]).toEqual([1, expect.stringMatching(refused)]);
    await until('the Mac is in the collection of all Macs', async () => {
      const members = await cli.says('collections', 'members', 'All Macs');
      return members.includes(items[0]?.name ?? serial) ? members : undefined;
    });
    const everybody = await cli.run(['pivot', 'OS', '--collection', 'All Macs', '--wait']);
    expect([everybody.code, everybody.stdout]).toEqual([1, expect.stringMatching(refused)]);
    const { id } = await cli.json<{ id: number }>('pivot', 'OS', ...of);
    expect(await cli.json('pivot', '--operation', String(id))).toMatchObject({ id, answers: [] });
    const file = join(suite.folder, 'Editor.pkg');
    writeFileSync(file, 'a package');
    await cli.says('applications', 'create', 'Editor', '--file', file, '--bundle', 'com.example.editor');
    const installed = await cli.run(['applications', 'install', 'Editor', ...of, '--wait', '--yes']);
    expect([installed.code, installed.stdout]).toEqual([
      1,
      expect.stringMatching(/Install Editor[^]*requirements-not-met +1/),
    ]);
    await refuses([
      [['pivot', 'OS', '--device', 'nobody'], 3, 'no device nobody'],
      [['pivot', 'OS', '--collection', 'Nowhere'], 3, 'no collection Nowhere'],
      [['pivot', '--operation', '2147483647'], 3, 'no such'],
      [['applications', 'install', 'Nothing', ...of], 3, 'no application Nothing'],
      [['applications', 'install', 'Editor', ...of], 2, '--yes'],
    ]);
  });

  it('keeps work inside maintenance windows', async () => {
    const add = ['windows', 'add', 'Lab'];
    const at = ['--start', '2026-12-05T22:00', '--duration', '4h'];
    await cli.says(...add, 'Nights', ...at, '--daily', '--every', '2', '--local-time');
    await cli.says(...add, 'Saturdays', ...at, '--weekly', 'sat');
    await cli.says(...add, 'Patchday', ...at, '--monthly', 'second tuesday', '--updates');
    const made = await cli.json(...add, 'Month end', ...at, '--monthly', 'last');
    expect(made).toMatchObject({
      startAt: Date.parse('2026-12-05T21:00:00Z'),
      durationMinutes: 240,
      recurrence: { kind: 'monthly-by-date', every: 1, day: 0 },
    });
    const text = await cli.says('windows', 'list', 'Lab');
    expect(text).toMatch(/Nights +2026-12-05 22:00 there +4h +each 2 days/);
    expect(text).toMatch(/Saturdays +2026-12-05 22:00 +4h +each week on saturday/);
    expect(text).toMatch(/Patchday .*each month on the second tuesday +updates/);
    await refuses([
      [[...add, 'X', '--duration', '4h'], 2, '--start'],
      [[...add, 'X', '--start', 'soon', '--duration', '4h'], 2, '--start is no time'],
      [[...add, 'X', ...at, '--weekly', 'someday'], 2, 'no weekday'],
      [[...add, 'X', ...at, '--monthly', '32'], 2, 'no day of a month'],
      [[...add, 'X', ...at, '--daily', '--weekly', 'monday'], 2, 'one of'],
      [[...add, 'X', '--start', '+1d', '--duration', '3d'], 2, 'durationMinutes'],
      [['windows', 'remove', 'Lab', 'Never'], 3, 'no maintenance window Never'],
      [['windows', 'remove', 'Lab', 'Nights'], 2, '--yes'],
    ]);
    await cli.says('windows', 'remove', 'Lab', 'Nights', '--yes');
    expect(await cli.says('windows', 'list', 'Lab')).not.toContain('Nights');
  });
});
