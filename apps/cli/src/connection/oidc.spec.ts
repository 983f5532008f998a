import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testCertificate } from '@espalier/testing';
import { runCli, type Ended } from '../cli-process.fixture.js';
import { answer, ScriptedServer, type Script } from './scripted-server.fixture.js';

/** An issuer that speaks RFC 8628 and RFC 6749, and gives each refresh token once. */
class Issuer {
  name = '';
  /** What the person has not done yet: polls until they have. */
  pending = 1;
  lifeSeconds = 3_600;
  refusal: string | undefined;
  readonly grants: string[] = [];
  #issued = 0;
  #refresh = '';

  readonly script: Script = ({ url, body }, response) => {
    if (url === '/.well-known/openid-configuration')
      return answer(response, 200, {
        issuer: this.name,
        device_authorization_endpoint: `${this.name}/device`,
        token_endpoint: `${this.name}/token`,
      });
    const fields = new URLSearchParams(body);
    if (url === '/device')
      return answer(response, 200, {
        device_code: 'device-secret',
        user_code: 'WXYZ-1234',
        verification_uri: 'https://login.example/device',
        expires_in: 60,
        interval: 0,
      });
    this.grants.push(fields.get('grant_type') ?? '');
    if (this.refusal !== undefined) return answer(response, 400, { error: this.refusal });
    if (fields.get('grant_type') === 'refresh_token') {
      if (fields.get('refresh_token') !== this.#refresh)
        return answer(response, 400, { error: 'invalid_grant' });
    } else {
      if (fields.get('device_code') !== 'device-secret')
        return answer(response, 400, { error: 'invalid_grant' });
      this.pending -= 1;
      if (this.pending >= 0) return answer(response, 400, { error: 'authorization_pending' });
    }
    this.#issued += 1;
    this.#refresh = `refresh-${this.#issued}`;
    return answer(response, 200, {
      access_token: `access-${this.#issued}`,
      refresh_token: this.#refresh,
      expires_in: this.lifeSeconds,
    });
  };
}

describe('sign-in by device code', () => {
  const authority = testCertificate('Spec CA', { authority: true });
  const identity = testCertificate('server', { issuer: authority, names: ['localhost'] });
  const folder = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.certificate);
  const bearers: (string | undefined)[] = [];
  let issuer: Issuer;
  let issuing: ScriptedServer;
  let door: ScriptedServer;

  const run = (...args: readonly string[]): Promise<Ended> => runCli(args, { XDG_CONFIG_HOME: folder });
  const login = (): Promise<Ended> =>
    run(
      'login',
      '--url',
      door.url,
      '--ca-file',
      caFile,
      '--oidc-issuer',
      issuer.name,
      '--oidc-client',
      'cli',
      '--oidc-ca-file',
      caFile,
    );

  beforeEach(async () => {
    issuer = new Issuer();
    issuing = await ScriptedServer.start(identity, issuer.script);
    issuer.name = issuing.url;
    bearers.length = 0;
    door = await ScriptedServer.start(identity, ({ headers }, response) => {
      bearers.push(headers.authorization);
      answer(response, 200, {
        type: 'person',
        id: '1',
        name: 'anna',
        scopes: [],
        expiresAt: null,
        items: [],
      });
    });
  });
  afterEach(() => {
    issuing.stop();
    door.stop();
    rmSync(join(folder, 'espalier'), { recursive: true, force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows the code, waits for the person, and keeps what it got', async () => {
    const ended = await login();
    expect(ended).toMatchObject({ code: 0, stdout: `You are signed in to ${door.url} as anna.\n` });
    expect(ended.stderr).toContain(
      'Open https://login.example/device in a browser, on any machine, and enter the code WXYZ-1234',
    );
    expect(ended.stdout + ended.stderr).not.toMatch(/access-|refresh-|device-secret/);
    expect(issuer.grants).toHaveLength(2);
    expect(await run('whoami')).toMatchObject({ code: 0 });
    expect(bearers).toEqual(['Bearer access-1', 'Bearer access-1']);
  });

  it('renews itself before it ends, once for all requests of a command', async () => {
    issuer.lifeSeconds = 30;
    await login();
    issuer.lifeSeconds = 3_600;
    bearers.length = 0;
    // It asks several things at the same time.
    expect(await run('deploy', 'a', 'b')).toMatchObject({ code: 3 });
    expect(bearers.length).toBeGreaterThan(3);
    expect(new Set(bearers)).toEqual(new Set(['Bearer access-2']));
    expect(await run('whoami')).toMatchObject({ code: 0 });
    expect(bearers.at(-1)).toBe('Bearer access-2');
    expect(issuer.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(1);
  });

  it('says that one must sign in again where the issuer no longer wants one', async () => {
    issuer.lifeSeconds = 30;
    await login();
    issuer.refusal = 'invalid_grant';
    bearers.length = 0;
    expect(await run('whoami')).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/invalid_grant[^]*espalier login/),
    });
    expect(bearers).toEqual([]);
  });

  it('ends with 4 where the person refuses, or the issuer is not who it should be', async () => {
    issuer.refusal = 'access_denied';
    expect(await login()).toMatchObject({ code: 4, stderr: expect.stringContaining('access_denied') });
    issuer.refusal = undefined;
    const { name } = issuer;
    issuer.name = 'https://another.example';
    const ended = await run(
      'login',
      '--url',
      door.url,
      '--ca-file',
      caFile,
      '--oidc-issuer',
      name,
      '--oidc-client',
      'c',
      '--oidc-ca-file',
      caFile,
    );
    expect(ended).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('calls itself https://another.example'),
    });
    expect(bearers).toEqual([]);
  });

  it('is forgotten by logout, with what would renew it', async () => {
    await login();
    expect(await run('logout')).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'espalier', 'config.json'), 'utf8')).not.toMatch(/access-|refresh-/);
    expect(await run('devices', 'list')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('espalier login'),
    });
  });
});
