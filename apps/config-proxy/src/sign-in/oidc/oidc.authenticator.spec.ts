import { createHmac, createPublicKey } from 'node:crypto';
import { base64url } from 'jose';
import { Door, type DoorAnswer } from '../door.fixture.js';
import { SignInPlace } from '../sign-in.fixture.js';
import { IssuerClient } from './issuer.client.js';
import { issuerKey, TestIssuer, type IssuerKey } from './issuer.fixture.js';
import { IssuerKeys } from './issuer-keys.js';
import { OidcAuthenticator } from './oidc.authenticator.js';

const MINUTE = 60_000;
const seconds = (): number => Math.floor(Date.now() / 1_000);
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('access tokens of an OpenID Connect issuer', () => {
  const place = new SignInPlace();
  let issuer: TestIssuer;
  let door: Door;
  let rsa: IssuerKey;
  let stranger: IssuerKey;
  /** Milliseconds that the clock of the keys is ahead. */
  let ahead = 0;
  const failures: (number | undefined)[] = [];

  beforeAll(async () => {
    const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
    const keys = await Promise.all(algorithms.map((alg) => issuerKey(`key-${alg}`, alg)));
    rsa = keys[0] as IssuerKey;
    stranger = await issuerKey('key-RS256', 'RS256');
    issuer = await new TestIssuer(place, keys).start();
    const client = new IssuerClient({ issuer: issuer.url, caFile: place.caFile, timeoutMs: 2_000 });
    door = await new Door(place, [
      new OidcAuthenticator({
        issuer: issuer.url,
        audiences: ['api://espalier', 'espalier'],
        algorithms,
        requiredClaim: undefined,
        keys: new IssuerKeys({
          fetchKeys: () => client.fetchKeys(),
          onFailure: (_error, age) => failures.push(age),
          elapsedMs: () => performance.now() + ahead,
        }),
        now: () => new Date(),
      }),
    ]).start();
  });
  afterAll(async () => {
    await door.stop();
    await issuer.stop();
    place.remove();
  });

  const send = async (token: string | Promise<string>): Promise<DoorAnswer> => door.get(bearer(await token));
  const refused = (code: string, status = 401) => ({ status, json: { code, mend: expect.any(String) } });

  it('sign in, whichever of the four algorithms they are signed with', async () => {
    for (const key of issuer.keys)
      expect(await send(issuer.token({}, {}, key))).toMatchObject({
        status: 200,
        json: { method: 'oidc', identity: `oidc:${issuer.url}#user-1`, expiresAt: expect.any(Number) },
      });
  });

  it('show a name that plays no part in the identity', async () => {
    const identity = `oidc:${issuer.url}#user-1`;
    const named = (claims: Record<string, unknown>) => send(issuer.token(claims));
    expect((await named({ preferred_username: 'alice', email: 'a@x' })).json).toMatchObject({
      identity,
      name: 'alice',
    });
    expect((await named({ email: 'a@x\r\n' })).json).toMatchObject({ identity, name: 'a@x' });
    expect((await named({ preferred_username: 7 })).json).toMatchObject({ identity, name: 'user-1' });
  });

  it('are told from other things that stand in the header', async () => {
    for (const headers of [{}, bearer(`esp_${'a'.repeat(43)}`), { authorization: 'Negotiate YII=' }])
      expect((await door.get(headers)).status).toBe(204);
  });

  it('are taken as RFC 9068 and older issuers type them', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'JWT', undefined])
      expect((await send(issuer.token({}, { typ }))).status).toBe(200);
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', ''])
      expect(await send(issuer.token({}, { typ }))).toMatchObject(refused('ESP_SIGN_IN_TOKEN_TYPE'));
  });

  const attacks: readonly (readonly [title: string, code: string, token: () => string | Promise<string>])[] =
    [
      [
        'a signature by another key of the same name',
        'ESP_SIGN_IN_TOKEN_SIGNATURE',
        () => issuer.token({}, {}, stranger),
      ],
      [
        'a payload that was changed',
        'ESP_SIGN_IN_TOKEN_SIGNATURE',
        async () => {
          const [header, , signature] = (await issuer.token()).split('.');
          const [, other] = (await issuer.token({ sub: 'admin' }, {}, stranger)).split('.');
          return `${header}.${other}.${signature}`;
        },
      ],
      ['no signature (alg none)', 'ESP_SIGN_IN_TOKEN_ALGORITHM', () => unsigned('none')],
      ['no signature (alg None)', 'ESP_SIGN_IN_TOKEN_ALGORITHM', () => unsigned('None')],
      [
        'no signature under an algorithm that is allowed',
        'ESP_SIGN_IN_TOKEN_SIGNATURE',
        () => unsigned('RS256'),
      ],
      [
        'HS256 with the public key as its secret (PEM)',
        'ESP_SIGN_IN_TOKEN_ALGORITHM',
        () => hmac(publicKey().export({ type: 'spki', format: 'pem' }).toString()),
      ],
      [
        'HS256 with the public key as its secret (DER)',
        'ESP_SIGN_IN_TOKEN_ALGORITHM',
        () => hmac(publicKey().export({ type: 'spki', format: 'der' })),
      ],
      [
        'key confusion: an algorithm that is allowed, with a key for another',
        'ESP_SIGN_IN_TOKEN_KEY_MISMATCH',
        () => issuer.token({}, { kid: 'key-ES256' }),
      ],
      [
        'key confusion: PS256 with the key for RS256',
        'ESP_SIGN_IN_TOKEN_KEY_MISMATCH',
        () => issuer.token({}, { kid: 'key-RS256' }, issuer.keys[1]),
      ],
      ['an unknown key', 'ESP_SIGN_IN_TOKEN_KEY_UNKNOWN', () => issuer.token({}, { kid: 'nobody' })],
      ['another issuer', 'ESP_SIGN_IN_TOKEN_ISSUER', () => issuer.token({ iss: 'https://evil.example' })],
      [
        'an issuer that differs in one character',
        'ESP_SIGN_IN_TOKEN_ISSUER',
        () => issuer.token({ iss: `${issuer.url}/` }),
      ],
      ['no issuer', 'ESP_SIGN_IN_TOKEN_ISSUER', () => issuer.token({ iss: undefined })],
      ['another audience', 'ESP_SIGN_IN_TOKEN_AUDIENCE', () => issuer.token({ aud: ['api://other'] })],
      ['no audience', 'ESP_SIGN_IN_TOKEN_AUDIENCE', () => issuer.token({ aud: undefined })],
      ['expired', 'ESP_SIGN_IN_TOKEN_EXPIRED', () => issuer.token({ exp: seconds() - 62 })],
      ['not yet valid', 'ESP_SIGN_IN_TOKEN_NOT_YET_VALID', () => issuer.token({ nbf: seconds() + 70 })],
      ['no expiry', 'ESP_SIGN_IN_TOKEN_EXPIRY_MISSING', () => issuer.token({ exp: undefined })],
      ['an expiry that is no number', 'ESP_SIGN_IN_TOKEN_CLAIM', () => issuer.token({ exp: 'never' })],
      ['no subject', 'ESP_SIGN_IN_TOKEN_SUBJECT_MISSING', () => issuer.token({ sub: undefined })],
      ['an empty subject', 'ESP_SIGN_IN_TOKEN_SUBJECT_MISSING', () => issuer.token({ sub: '' })],
      ['a subject that is no text', 'ESP_SIGN_IN_TOKEN_SUBJECT_MISSING', () => issuer.token({ sub: 7 })],
      [
        'a subject with a line break',
        'ESP_SIGN_IN_TOKEN_SUBJECT_MISSING',
        () => issuer.token({ sub: 'a\nb' }),
      ],
      ['bound to a key (DPoP)', 'ESP_SIGN_IN_TOKEN_BOUND', () => issuer.token({ cnf: { jkt: 'x' } })],
      ['a huge token', 'ESP_SIGN_IN_TOKEN_TOO_LARGE', () => issuer.token({ groups: 'x'.repeat(8_000) })],
      ['not a JWS at all', 'ESP_SIGN_IN_TOKEN_MALFORMED', () => 'a.b'],
      ['five parts (encrypted)', 'ESP_SIGN_IN_TOKEN_MALFORMED', () => 'a.b.c.d.e'],
      ['a header that is no JSON', 'ESP_SIGN_IN_TOKEN_MALFORMED', () => 'AAAA.BBBB.CCCC'],
      [
        'an extension that must be understood (crit)',
        'ESP_SIGN_IN_TOKEN_MALFORMED',
        () => replaceHeader({ crit: ['new-rule'], 'new-rule': 1 }),
      ],
    ];
  it.each(attacks)('are refused: %s', async (_title, code, token) => {
    expect(await send(token())).toMatchObject(refused(code));
  });

  it('may be a minute off, for clocks differ', async () => {
    expect((await send(issuer.token({ exp: seconds() - 50, nbf: seconds() + 50 }))).status).toBe(200);
  });

  it('cannot make us fetch an address of their own choice', async () => {
    const asked = issuer.asked.length;
    const header = { jku: `${issuer.url}/evil`, x5u: `${issuer.url}/evil`, jwk: stranger.publicJwk };
    expect(await send(issuer.token({}, header, stranger))).toMatchObject(
      refused('ESP_SIGN_IN_TOKEN_SIGNATURE'),
    );
    expect(await send(issuer.token({ iss: `${issuer.url}/evil` }))).toMatchObject(
      refused('ESP_SIGN_IN_TOKEN_ISSUER'),
    );
    expect(issuer.asked.slice(asked)).toEqual([]);
  });

  it('with unknown keys make us ask the issuer once in 30 seconds, not each time', async () => {
    ahead += MINUTE;
    const asked = issuer.asked.length;
    await Promise.all(Array.from({ length: 20 }, (_, n) => send(issuer.token({}, { kid: `guess-${n}` }))));
    expect(issuer.asked.slice(asked)).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it('are good under a new key at once, and no more under one that was withdrawn', async () => {
    ahead += MINUTE;
    const fresh = await issuerKey('key-new', 'ES256');
    issuer.published = [fresh, ...issuer.keys.slice(1)];
    expect((await send(issuer.token({}, {}, fresh))).status).toBe(200);
    expect(await send(issuer.token())).toMatchObject(refused('ESP_SIGN_IN_TOKEN_KEY_UNKNOWN'));
    issuer.published = issuer.keys;
    ahead += MINUTE;
    expect((await send(issuer.token())).status).toBe(200);
  });

  it('are no more good under a withdrawn key, though nobody has signed in for hours', async () => {
    issuer.published = issuer.keys.slice(1);
    ahead += 3 * 60 * MINUTE;
    expect(await send(issuer.token())).toMatchObject(refused('ESP_SIGN_IN_TOKEN_KEY_UNKNOWN'));
    issuer.published = issuer.keys;
    ahead += MINUTE;
    expect((await send(issuer.token())).status).toBe(200);
  });

  it('stay good for a day while the issuer is away, then are answered with "try again"', async () => {
    const { port } = new URL(issuer.url);
    const good = issuer.token();
    await issuer.stop();
    ahead += 20 * MINUTE;
    expect((await send(good)).status).toBe(200);
    expect(await send(issuer.token({}, { kid: 'newer' }))).toMatchObject({
      ...refused('ESP_SIGN_IN_ISSUER_UNREACHABLE', 503),
      json: { retryable: true },
    });
    ahead += 24 * 60 * MINUTE;
    expect(await send(good)).toMatchObject(refused('ESP_SIGN_IN_ISSUER_UNREACHABLE', 503));
    expect(failures.length).toBeGreaterThan(1);

    const back = await new TestIssuer(place, issuer.keys).start(Number(port));
    ahead += MINUTE;
    expect((await send(good)).status).toBe(200);
    await back.stop();
  });

  const publicKey = () => createPublicKey({ key: rsa.publicJwk, format: 'jwk' });
  const claims = () => ({ iss: issuer.url, aud: 'espalier', sub: 'admin', exp: seconds() + 300 });
  const part = (value: object): string => base64url.encode(JSON.stringify(value));
  const unsigned = (alg: string): string => `${part({ alg, kid: rsa.kid })}.${part(claims())}.`;
  const hmac = (secret: string | Buffer): string => {
    const signed = `${part({ alg: 'HS256', kid: rsa.kid })}.${part(claims())}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
  const replaceHeader = async (header: object): Promise<string> =>
    (await issuer.token()).replace(/^[^.]+/, part({ alg: 'RS256', kid: rsa.kid, ...header }));
});
