import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProfileStore } from './profile.store.js';
import { connectionSettings, readFingerprint, serverUrl } from './settings.js';

const URL_A = 'https://a.example:8760';
const PIN = 'ab'.repeat(32);

describe('profiles', () => {
  let folder = '';
  let env: Record<string, string> = {};
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
    env = { XDG_CONFIG_HOME: folder };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const store = (): ProfileStore => new ProfileStore(env);

  it('are kept where only their owner can read them', () => {
    store().put('work', { url: URL_A, token: 'esp_a' });
    expect(statSync(store().path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'espalier')).mode & 0o777).toBe(0o700);
    expect(store().get('work')).toEqual({ url: URL_A, token: 'esp_a' });
    expect(store().current).toBe('work');
  });

  it('are not used where others could read them', () => {
    store().put('work', { url: URL_A, token: 'esp_a' });
    chmodSync(store().path, 0o640);
    expect(() => store().get('work')).toThrow(/can be read by others/);
  });

  it('that are broken are named, and not overwritten', () => {
    store().put('work', { url: URL_A });
    writeFileSync(store().path, '{"current":"work","profiles":{"work":{}}}');
    expect(() => store().put('more', { url: URL_A })).toThrow(/cannot be read/);
    expect(readFileSync(store().path, 'utf8')).toContain('"work":{}');
  });

  it('forget a token, and nothing else', () => {
    store().put('work', { url: URL_A, token: 'esp_a', fingerprint: PIN });
    store().forgetSignIn('work');
    expect(store().get('work')).toEqual({ url: URL_A, fingerprint: PIN });
  });

  it('keep a way to sign in without a token for their own server, and only where no token is named', () => {
    const certificate = { certificateFile: '/a.pem', keyFile: '/a.key' };
    for (const way of [{ kerberos: {} }, { kerberos: { spn: 'HTTP@a' } }, { certificate }]) {
      store().put('work', { url: URL_A, ...way });
      expect(store().get('work')).toEqual({ url: URL_A, ...way });
      expect(connectionSettings(env, {})).toEqual({ profileName: 'work', url: URL_A, ...way });
      expect(connectionSettings(env, { url: 'https://b.example' })).not.toMatchObject(way);
      const token = { token: 'esp_env', profileName: 'work', url: URL_A };
      expect(connectionSettings({ ...env, ESPALIER_TOKEN: 'esp_env' }, {})).toEqual(token);
      store().forgetSignIn('work');
      expect(store().get('work')).toEqual({ url: URL_A });
    }
  });

  it('are overruled by the environment, and that by flags', () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'esp_flag\n');
    store().put('work', { url: URL_A, token: 'esp_a', caFile: '/a.pem' });
    expect(connectionSettings(env, {})).toEqual({
      profileName: 'work',
      url: URL_A,
      token: 'esp_a',
      caFile: '/a.pem',
    });
    const more = { ...env, ESPALIER_TOKEN: 'esp_env', ESPALIER_CA_FILE: '/env.pem' };
    expect(connectionSettings(more, {})).toMatchObject({ token: 'esp_env', caFile: '/env.pem' });
    expect(connectionSettings(more, { tokenFile, fingerprint: PIN })).toEqual({
      profileName: 'work',
      url: URL_A,
      token: 'esp_flag',
      fingerprint: PIN,
    });
  });

  it('give their token and trust to their own server only', () => {
    store().put('work', { url: URL_A, token: 'esp_a', fingerprint: PIN });
    const other = { profileName: 'work', url: 'https://evil.example:8760' };
    expect(connectionSettings(env, { url: other.url })).toEqual(other);
    expect(connectionSettings({ ...env, ESPALIER_URL: other.url }, {})).toEqual(other);
    expect(connectionSettings(env, { url: `${URL_A}/` })).toMatchObject({ token: 'esp_a' });
  });

  it('that do not exist, and a server that nobody named, are said to be so', () => {
    expect(() => connectionSettings(env, {})).toThrow(/No server is known yet/);
    expect(() => connectionSettings(env, { profile: 'nobody' })).toThrow(/no profile nobody/);
  });
});

describe('the address of a server', () => {
  it.each([
    ['a.example:8760', URL_A],
    ['https://A.example:8760/api/v1/', URL_A],
    ['https://[::1]:8760', 'https://[::1]:8760'],
  ])('%s is %s', (written, url) => {
    expect(serverUrl(written)).toBe(url);
  });

  it.each(['http://a.example:8760', 'ftp://a', 'https://', 'https://me:secret@a.example'])(
    'is not %s',
    (written) => {
      expect(() => serverUrl(written)).toThrow(expect.objectContaining({ exitCode: 2 }));
    },
  );

  it('may be pinned by a fingerprint as openssl or a browser writes it', () => {
    const spelled = (PIN.toUpperCase().match(/../g) ?? []).join(':');
    expect([spelled, `SHA256:${PIN}`, PIN].map(readFingerprint)).toEqual([PIN, PIN, PIN]);
    expect(() => readFingerprint('ab:cd')).toThrow(/64 hexadecimal digits/);
  });
});
