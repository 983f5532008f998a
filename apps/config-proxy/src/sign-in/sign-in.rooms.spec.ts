import { createLogger, loadConfig } from '@espalier/service-kit';
import { issuerKey, TestIssuer } from './oidc/issuer.fixture.js';
import { Door } from './door.fixture.js';
import { SignInPlace } from './sign-in.fixture.js';
import { buildSignIn, signInTransport } from './sign-in.rooms.js';
import { signInSettings } from './sign-in.settings.js';

const parts = {
  logger: createLogger({ service: 'config-proxy', replica: 'spec', level: 'silent' }),
  now: () => new Date(),
};
const configOf = (env: Record<string, string>) =>
  loadConfig({ service: 'config-proxy', settings: signInSettings }, env).config;
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

describe('the ways to sign in that are set up', () => {
  const place = new SignInPlace();
  afterAll(() => place.remove());

  it('are none unless told; what callers may try meanwhile is refused with what to do instead', async () => {
    const door = await new Door(place, await buildSignIn(configOf({}), parts)).start();
    const answers = {
      [`Basic ${base64('admin:secret')}`]: 'ESP_SIGN_IN_BASIC',
      [`basic ${base64('admin:secret')}`]: 'ESP_SIGN_IN_BASIC',
      Basic: 'ESP_SIGN_IN_BASIC',
      [`NTLM ${base64('NTLMSSP\0\x01\0\0\0')}`]: 'ESP_SIGN_IN_NTLM',
      [`Negotiate ${base64('NTLMSSP\0\x01\0\0\0')}`]: 'ESP_SIGN_IN_NTLM',
      'Negotiate YIIC': 'ESP_SIGN_IN_NEGOTIATE_OFF',
      'Digest username="a"': 'ESP_SIGN_IN_SCHEME',
      nonsense: 'ESP_SIGN_IN_SCHEME',
    };
    for (const [authorization, code] of Object.entries(answers))
      expect(await door.get({ authorization })).toMatchObject({
        status: 401,
        json: { code, mend: expect.stringMatching(/token|docs\/sign-in/) },
      });
    // API tokens and requests without any are for the gate itself.
    expect((await door.get({ authorization: `Bearer esp_${'a'.repeat(43)}` })).status).toBe(204);
    expect((await door.get()).status).toBe(204);
    await door.stop();
  });

  it('take access tokens by settings alone, with the claim that they must have', async () => {
    const key = await issuerKey('1', 'ES256');
    const issuer = await new TestIssuer(place, [key]).start();
    const config = configOf({
      ESPALIER_OIDC_ISSUER: issuer.url,
      ESPALIER_OIDC_AUDIENCES: 'api://espalier, other',
      ESPALIER_OIDC_REQUIRED_CLAIM: 'roles=espalier',
      ESPALIER_OIDC_ALGORITHMS: 'ES256',
      ESPALIER_OIDC_CA_FILE: place.caFile,
    });
    const door = await new Door(place, await buildSignIn(config, parts)).start();
    const send = async (roles: unknown) =>
      door.get({ authorization: `Bearer ${await issuer.token({ roles })}` });
    for (const good of ['espalier', 'read espalier', ['read', 'espalier']])
      expect((await send(good)).status).toBe(200);
    for (const bad of [undefined, 'espalier2', ['Espalier'], [['espalier']], { espalier: true }, true])
      expect(await send(bad)).toMatchObject({ status: 401, json: { code: 'ESP_SIGN_IN_TOKEN_CLAIM' } });
    await door.stop();
    await issuer.stop();
  });

  it('refuse settings that would let in too many, or nobody', async () => {
    const issuer = { ESPALIER_OIDC_ISSUER: 'https://login.example.com' };
    await expect(buildSignIn(configOf(issuer), parts)).rejects.toThrow(/ESPALIER_OIDC_AUDIENCES/);
    for (const bad of [
      { ESPALIER_OIDC_ISSUER: 'http://login.example.com' },
      { ESPALIER_OIDC_ISSUER: 'https://login.example.com/?a=b' },
      { ...issuer, ESPALIER_OIDC_ALGORITHMS: 'HS256' },
      { ...issuer, ESPALIER_OIDC_ALGORITHMS: 'none' },
      { ...issuer, ESPALIER_OIDC_REQUIRED_CLAIM: 'roles' },
    ])
      expect(() => configOf(bad)).toThrow(/is not valid/);
    const missing = { ESPALIER_KERBEROS_KEYTAB_FILE: `${place.folder}/none.keytab` };
    await expect(buildSignIn(configOf(missing), parts)).rejects.toThrow(/ESPALIER_KERBEROS_KEYTAB_FILE/);
  });

  it('tell the HTTPS port to ask for certificates, and to read long tickets, only where they need it', () => {
    const files = { ESPALIER_CLIENT_CA_FILE: '/ca.pem', ESPALIER_CLIENT_CRL_FILE: '/crl.pem' };
    expect(signInTransport(configOf({}))).toEqual({});
    expect(signInTransport(configOf(files))).toEqual({ clients: { caFile: '/ca.pem', crlFile: '/crl.pem' } });
    expect(signInTransport(configOf({ ESPALIER_KERBEROS_KEYTAB_FILE: '/keytab' }))).toEqual({
      headLimit: 98_304,
    });
    expect(() => signInTransport(configOf({ ESPALIER_CLIENT_CRL_FILE: '/crl.pem' }))).toThrow(
      /CLIENT_CA_FILE/,
    );
  });
});
