import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KerberosRealm, missingKerberosParts, testCertificate } from '@espalier/testing';
import { CommandLine, mainOfCli } from './cli.fixture.js';
import { TestSuite } from './suite.fixture.js';

const missing = missingKerberosParts(mainOfCli);
const describeHere = missing.length === 0 ? describe : describe.skip;
const title = missing.length === 0 ? '' : ` (skipped, for there is no ${missing.join(', ')})`;

/** As whoever has these tickets; specs run with an environment of their own. */
const texts = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

describeHere(`signing in to a real server without a token${title}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-sign-in-'));
  const authority = testCertificate('script authority', { authority: true });
  let realm: KerberosRealm;
  let suite: TestSuite;
  let admin: CommandLine;

  beforeAll(async () => {
    realm = await new KerberosRealm(folder).start();
    const keytab = realm.addService('HTTP/localhost', 'http.keytab');
    writeFileSync(join(folder, 'authority.pem'), authority.certificate);
    suite = await TestSuite.start({
      overrides: {
        'config-proxy': {
          ESPALIER_KERBEROS_KEYTAB_FILE: keytab,
          ESPALIER_CLIENT_CA_FILE: join(folder, 'authority.pem'),
          KRB5RCACHEDIR: folder,
        },
      },
    });
    admin = commandLine('admin', { ESPALIER_TOKEN: suite.suite.adminToken });
    await admin.says('administrators', 'create', 'ESPALIER\\alice');
    await admin.says('administrators', 'assign', 'ESPALIER\\alice', 'read-only-analyst');
  });
  afterAll(async () => {
    await suite?.stop();
    await realm?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function commandLine(home: string, env: Readonly<Record<string, string>>): CommandLine {
    return new CommandLine({
      ESPALIER_URL: suite.suite.consoleUrl,
      ESPALIER_CA_FILE: suite.suite.pki.ca.certificate,
      ...env,
      XDG_CONFIG_HOME: join(folder, home),
    });
  }

  it('says what to do where there is no ticket, or nobody knows whose it is', async () => {
    const nobody = await commandLine('nobody', texts(realm.env)).run(['login', '--kerberos']);
    expect(nobody).toMatchObject({ code: 4, stderr: expect.stringMatching(/no Kerberos ticket[^]*kinit/) });
    const stranger = commandLine('stranger', texts(realm.addUser('mallory')));
    expect(await stranger.run(['login', '--kerberos'])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/kerberos:mallory@ESPALIER\.TEST[^]*administrators add-identity/),
    });
    expect(await stranger.run(['devices', 'list'])).toMatchObject({ code: 4 });
  });

  it('by Kerberos: each request carries a ticket of this person, and nothing is kept', async () => {
    const alice = commandLine('alice', texts(realm.addUser('alice')));
    await admin.says('administrators', 'add-identity', 'ESPALIER\\alice', 'kerberos:alice@ESPALIER.TEST');
    expect(await alice.says('login', '--kerberos')).toContain('ESPALIER\\alice');
    expect(await alice.says('devices', 'list', '--json')).toBe('{"items":[\n]}\n');
    expect(await alice.json('whoami')).toMatchObject({
      method: 'kerberos',
      administrator: { name: 'ESPALIER\\alice' },
    });
    const { profiles } = JSON.parse(
      readFileSync(join(folder, 'alice', 'espalier', 'config.json'), 'utf8'),
    ) as { profiles: Record<string, object> };
    expect(profiles['default']).toEqual({
      url: suite.suite.consoleUrl,
      caFile: suite.suite.pki.ca.certificate,
      kerberos: {},
    });
    // Concurrent requests, each with a token of its own: the server takes one once.
    expect(await alice.json('doctor')).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ check: 'token', state: 'ok' })]),
    });
    expect(await alice.run(['administrators', 'list'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('administrators:admin'),
    });
  });

  it('ends with 4 where the ticket has expired, and goes on after kinit', async () => {
    const env = realm.signIn('alice', '-l', '1s');
    const alice = commandLine('alice', texts(env));
    await realm.untilExpired(env);
    expect(await alice.run(['devices', 'list'])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/ticket has expired[^]*kinit/),
    });
    realm.signIn('alice');
    expect(await alice.run(['devices', 'list'])).toMatchObject({ code: 0 });
  });

  it('takes a service principal that is named, and says where there is no such service', async () => {
    const alice = commandLine('alice', texts(realm.signIn('alice')));
    expect(await alice.run(['login', '--kerberos', '--spn', 'HTTP/elsewhere'])).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/no service HTTP@elsewhere[^]*--spn/),
    });
    expect(await alice.run(['login', '--kerberos', '--spn', 'nonsense'])).toMatchObject({ code: 2 });
    expect(await alice.run(['login', '--spn', 'HTTP@localhost'])).toMatchObject({ code: 2 });
    // By an address that the certificate has too, but no service principal.
    const { port } = new URL(suite.suite.consoleUrl);
    const byAddress = ['--url', `https://127.0.0.1:${port}`, '--profile', 'address'];
    expect(await alice.run(['login', '--kerberos', ...byAddress])).toMatchObject({ code: 4 });
    await alice.says('login', '--kerberos', '--spn', 'HTTP/localhost', ...byAddress);
    expect(await alice.says('devices', 'list', '--json', '--profile', 'address', ...byAddress)).toContain(
      'items',
    );
    expect(await alice.says('profiles', 'list')).toMatch(/address +\S+ +kerberos/);
    await alice.says('logout', '--profile', 'address');
    expect(await alice.run(['devices', 'list', ...byAddress])).toMatchObject({ code: 4 });
  });

  it('says how to get Kerberos where it was not built', async () => {
    const hooks = join(folder, 'without-kerberos.mjs');
    writeFileSync(
      hooks,
      `import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'kerberos') throw new Error('not installed');
    return next(specifier, context);
  },
});
`,
    );
    const alice = commandLine('alice', {
      ...texts(realm.signIn('alice')),
      NODE_OPTIONS: `--import ${hooks}`,
    });
    expect(await alice.run(['devices', 'list', '--profile', 'default'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/without Kerberos[^]*libkrb5-dev/),
    });
  });

  it('by certificate, of which only the paths are kept', async () => {
    const script = testCertificate('nightly', { issuer: authority });
    const [certificate, key] = [join(folder, 'nightly.pem'), join(folder, 'nightly.key')];
    writeFileSync(certificate, script.certificate);
    writeFileSync(key, script.key, { mode: 0o600 });
    const spki = new X509Certificate(script.certificate).publicKey.export({ type: 'spki', format: 'der' });
    const identity = `certificate:${createHash('sha256').update(spki).digest('hex')}`;
    const nightly = commandLine('nightly', {});
    const login = ['login', '--certificate', certificate, '--key', key];
    expect(await nightly.run(login)).toMatchObject({ code: 4, stderr: expect.stringContaining(identity) });
    await admin.says('administrators', 'add-identity', 'ESPALIER\\alice', identity);
    await nightly.says(...login);
    expect(await nightly.json('whoami')).toMatchObject({ method: 'certificate' });
    expect(readFileSync(join(folder, 'nightly', 'espalier', 'config.json'), 'utf8')).not.toContain('BEGIN');

    const other = join(folder, 'other.key');
    writeFileSync(other, testCertificate('other').key, { mode: 0o600 });
    for (const [args, words] of [
      [['--certificate', certificate, '--key', other], 'is not the one of the certificate'],
      [['--certificate', certificate], 'cannot be used'],
      [['--certificate', join(folder, 'absent.pem')], 'cannot be read'],
      [['--key', key], '--certificate'],
      [['--certificate', certificate, '--kerberos'], 'one of'],
    ] as const)
      expect(await nightly.run(['login', ...args])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(words),
      });
    await admin.says('administrators', 'remove-identity', 'ESPALIER\\alice', identity);
    expect(await nightly.run(['devices', 'list'])).toMatchObject({ code: 4 });
  });
});
