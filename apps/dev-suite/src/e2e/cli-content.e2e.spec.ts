import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FaultRelay } from '@espalier/testing';
import { CommandLine } from './cli.fixture.js';
import { TestSuite } from './suite.fixture.js';

const MIB = 1_024 * 1_024;

interface Shown {
  readonly id: string;
  readonly sha256: string;
}

/** Files, applications and packages, over a connection that breaks; with the real services behind it. */
describe('the command line of who looks after software', () => {
  let suite: TestSuite;
  let relay: FaultRelay;
  let cli: CommandLine;
  let broken: CommandLine;

  beforeAll(async () => {
    suite = await TestSuite.start();
    const { consoleUrl, pki, adminToken } = suite.suite;
    relay = await FaultRelay.start({ host: '127.0.0.1', port: Number(new URL(consoleUrl).port) });
    const env = {
      XDG_CONFIG_HOME: join(suite.folder, 'home'),
      ESPALIER_CA_FILE: pki.ca.certificate,
      ESPALIER_TOKEN: adminToken,
    };
    cli = new CommandLine({ ...env, ESPALIER_URL: consoleUrl });
    broken = new CommandLine({ ...env, ESPALIER_URL: `https://localhost:${relay.port}` });
  });
  afterAll(async () => {
    await relay?.close();
    await suite?.stop();
  });

  function file(name: string, bytes: number): { readonly path: string; readonly sha256: string } {
    const content = randomBytes(bytes);
    const path = join(suite.folder, name);
    writeFileSync(path, content);
    return { path, sha256: createHash('sha256').update(content).digest('hex') };
  }

  async function refuses(
    cases: readonly (readonly [args: readonly string[], code: number, words: string])[],
  ): Promise<void> {
    for (const [args, code, words] of cases) {
      const ended = await cli.run(args);
      expect([args, ended.code, ended.stderr]).toEqual([args, code, expect.stringContaining(words)]);
      expect(ended.stdout).toBe('');
    }
  }

  it('goes on with an upload and a download where the connection broke', async () => {
    const { path, sha256 } = file('big.pkg', 24 * MIB);
    const cut = relay.cutAfter(9 * MIB, 'toTarget', 'rst');
    const { code, stdout, stderr } = await broken.run(['content', 'upload', path, '--json']);
    await cut;
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ sha256, size: 24 * MIB })]);
    expect(stderr).toMatch(/Going on in/);

    const copy = join(suite.folder, 'copy.pkg');
    const cutAgain = relay.cutAfter(9 * MIB, 'fromTarget', 'rst');
    const download = await broken.run(['content', 'download', 'big.pkg', '--output', copy]);
    await cutAgain;
    expect([download.code, download.stderr]).toEqual([0, expect.stringContaining('Going on in')]);
    expect(readFileSync(copy).equals(readFileSync(path))).toBe(true);
    expect(await cli.run(['content', 'download', 'big.pkg', '--output', copy])).toMatchObject({ code: 2 });
  });

  it('goes on when it is run again after it was interrupted', async () => {
    const { path, sha256 } = file('later.pkg', 16 * MIB);
    // Nobody answers any more, so that it is interrupted before it goes on by itself.
    const cut = relay.cutAfter(6 * MIB, 'toTarget', 'rst').then(() => relay.freeze(true));
    const uploading = broken.start('content', 'upload', path);
    await cut;
    await uploading.stop();
    relay.freeze(false);
    relay.cut('rst');
    const again = await broken.run(['content', 'upload', path, '--json']);
    expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/Going on after \d{6,} bytes/)]);
    expect(JSON.parse(again.stdout)).toMatchObject({ sha256 });
    // What the store has is not sent once more.
    const once = await cli.json<Shown>('content', 'upload', path, '--name', 'another name');
    expect(once.sha256).toBe(sha256);
  });

  it('makes an application of a file, and a new revision of it', async () => {
    const { path, sha256 } = file('Firefox.pkg', 1_000);
    const create = ['applications', 'create', 'Firefox', '--file', path];
    await refuses([
      [create, 2, '--bundle, --receipt or --path'],
      [['applications', 'create', 'Firefox', '--bundle', 'org.mozilla.firefox'], 2, '--file or --content'],
      [[...create, '--content', 'x', '--bundle', 'a.b'], 2, 'one of --file and --content'],
      [[...create, '--bundle', 'a.b', '--path', '/x'], 2, 'one of'],
      [[...create, '--minimum-version', '1', '--path', '/x'], 2, '--bundle or --receipt'],
      [
        ['applications', 'create', 'F', '--file', `${path}.absent`, '--bundle', 'a.b', '--installer', 'pkg'],
        2,
        'no file',
      ],
      [
        ['applications', 'create', 'F', '--content', 'absent', '--bundle', 'a.b', '--installer', 'pkg'],
        3,
        'no file absent',
      ],
      [['applications', 'show', 'Firefox'], 3, 'espalier applications list'],
      [['applications', 'set', 'Firefox'], 2, 'Say what to change'],
    ]);
    const bundle = ['--bundle', 'org.mozilla.firefox', '--minimum-version', '128', '--publisher', 'Mozilla'];
    expect(await cli.says(...create, ...bundle, '--software-version', '128')).toMatch(
      /Publisher +Mozilla\nVersion +128\n[^]*org\.mozilla\.firefox from 128/,
    );
    const next = file('Firefox-129.pkg', 1_100);
    expect(
      await cli.says('applications', 'set', 'Firefox', '--file', next.path, '--software-version', '129'),
    ).toMatch(/Publisher +Mozilla\nVersion +129\n[^]*Revision +2[^]*org\.mozilla\.firefox from 128/);
    const copy = join(suite.folder, 'f.pkg');
    await cli.says('applications', 'download', 'Firefox', '--output', copy);
    expect(createHash('sha256').update(readFileSync(copy)).digest('hex')).toBe(next.sha256);
    expect(sha256).not.toBe(next.sha256);
    expect(await cli.says('applications', 'list')).toMatch(/Firefox +Mozilla +129/);
    await refuses([
      [['content', 'delete', 'Firefox.pkg', '--yes'], 5, 'Firefox'],
      [['applications', 'delete', 'Firefox'], 2, '--yes'],
    ]);
    await cli.says('applications', 'delete', 'Firefox', '--yes');
    await cli.says('content', 'delete', 'Firefox.pkg', '--yes');
    expect(await cli.run(['content', 'show', 'Firefox.pkg'])).toMatchObject({ code: 3 });
  });

  it('makes a package with programs, of flags or of a whole definition', async () => {
    const { path } = file('vpn.zip', 500);
    const program = ['--program', 'Install=./install.sh --quiet', '--run-as', 'user'];
    expect(await cli.says('packages', 'create', 'VPN', '--file', path, ...program)).toMatch(
      /Install +\.\/install\.sh --quiet +user/,
    );
    expect(await cli.says('packages', 'set', 'VPN', '--maximum-minutes', '10', '--note', 'quicker')).toMatch(
      /Note +quicker[^]*Install +\.\/install\.sh --quiet +user +- +10/,
    );
    const { latest } = await cli.json<{ latest: { definition: object } }>('packages', 'show', 'VPN');
    const definition = join(suite.folder, 'vpn.json');
    writeFileSync(definition, JSON.stringify({ ...latest.definition, language: 'German' }));
    await cli.says('packages', 'create', 'VPN (German)', '--definition', definition);
    expect(await cli.json('packages', 'show', 'VPN (German)')).toMatchObject({
      latest: { definition: { language: 'German', programs: [{ maximumMinutes: 10 }] } },
    });
    writeFileSync(definition, '{"programs": 7}');
    await refuses([
      [['packages', 'create', 'X'], 2, '--program'],
      [['packages', 'create', 'X', '--program', 'Install'], 2, 'name=value'],
      [['packages', 'create', 'X', '--definition', definition], 2, 'programs'],
      [['packages', 'create', 'X', '--definition', path], 2, 'is no JSON'],
      [['packages', 'create', 'X', '--definition', definition, '--publisher', 'me'], 2, 'stands in its file'],
      [['content', 'upload', suite.folder], 2, 'is no file'],
    ]);
    await cli.says('packages', 'delete', 'VPN', '--yes');
  });
});
