import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KerberosRealm, missingKerberosParts, testCertificate } from '@espalier/testing';
import { runCli } from '../cli-process.fixture.js';
import { answer, ScriptedServer, type Seen } from './scripted-server.fixture.js';

const missing = missingKerberosParts(import.meta.url);
const describeHere = missing.length === 0 ? describe : describe.skip;
const title = missing.length === 0 ? '' : ` (skipped, for there is no ${missing.join(', ')})`;

/** What the server is told and must prove. The real one is in dev-suite's cli-sign-in.e2e.spec. */
describeHere(`Kerberos tickets of the command line${title}`, () => {
  const identity = testCertificate('server', { names: ['localhost'] });
  const folder = mkdtempSync(join(tmpdir(), 'espalier-kerberos-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, identity.certificate);
  const seen: Seen[] = [];
  let headers: Record<string, string> = {};
  let realm: KerberosRealm;
  let server: ScriptedServer;
  let env: Record<string, string>;

  beforeAll(async () => {
    realm = await new KerberosRealm(folder).start();
    realm.addService('HTTP/localhost', 'http.keytab');
    server = await ScriptedServer.start(identity, (one, response) => {
      seen.push(one);
      const { method, url } = one;
      answer(
        response,
        200,
        method === 'GET' && url.startsWith('/api/v1/whoami') ? WHOAMI : { items: [] },
        headers,
      );
    });
    env = {
      ...Object.fromEntries(
        Object.entries(realm.addUser('alice')).map(([name, value]) => [name, value ?? '']),
      ),
      XDG_CONFIG_HOME: folder,
    };
    const login = ['login', '--kerberos', '--url', server.url, '--ca-file', caFile];
    const { code, stderr } = await runCli(login, env);
    if (code !== 0) throw new Error(stderr);
  });
  beforeEach(() => {
    seen.length = 0;
    headers = {};
  });
  afterAll(async () => {
    server.stop();
    await realm.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const WHOAMI = { type: 'person', id: 'kerberos:1', name: 'alice', scopes: [], expiresAt: null };

  it('go with every request, each with a new token, and only to the server of the profile', async () => {
    for (const _ of ['once', 'twice']) expect(await runCli(['jobs', 'list'], env)).toMatchObject({ code: 0 });
    const sent = seen.map(({ headers: { authorization = '' } }) => authorization);
    expect(sent).toEqual([expect.stringMatching(/^Negotiate YII/), expect.stringMatching(/^Negotiate YII/)]);
    expect(new Set(sent).size).toBe(2);
    const elsewhere = { ...env, ESPALIER_URL: server.url.replace('localhost', '127.0.0.1') };
    await runCli(['jobs', 'list'], elsewhere);
    const token = await runCli(['jobs', 'list'], { ...env, ESPALIER_TOKEN: 'esp_x' });
    expect([token.code, seen.at(-1)?.headers.authorization]).toEqual([0, 'Bearer esp_x']);
  });

  it('end with 6 where the server proves itself wrongly: what it answered is not believed', async () => {
    for (const proof of ['AAAA', Buffer.from('no token at all').toString('base64')]) {
      headers = { 'www-authenticate': `Negotiate ${proof}` };
      expect(await runCli(['jobs', 'list'], env)).toMatchObject({
        code: 6,
        stdout: '',
        stderr: expect.stringContaining('could not prove that it is HTTP@localhost'),
      });
    }
  });

  it('end with 6 where no server of the realm can be reached', async () => {
    const away = new KerberosRealm(folder, 'away');
    await away.start();
    const bert = away.addUser('bert');
    await away.stop();
    const texts = Object.fromEntries(Object.entries(bert).map(([name, value]) => [name, value ?? '']));
    expect(await runCli(['jobs', 'list'], { ...env, ...texts })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('No server of your Kerberos realm'),
    });
  });
});
