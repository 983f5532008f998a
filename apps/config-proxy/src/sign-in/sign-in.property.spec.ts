import { isEspalierError } from '@espalier/contracts';
import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/authenticator.js';
import { KerberosAuthenticator } from './kerberos/kerberos.authenticator.js';
import { looksLikeNtlm, readNegotiate } from './kerberos/negotiate-token.js';
import { IssuerKeys } from './oidc/issuer-keys.js';
import { OidcAuthenticator } from './oidc/oidc.authenticator.js';
import { RefusedSchemes } from './refused-schemes.authenticator.js';

const keys = new IssuerKeys({ fetchKeys: () => Promise.resolve({ keys: [] }), onFailure: () => {} });
const authenticators: readonly Authenticator[] = [
  new OidcAuthenticator({
    issuer: 'https://login.example.com',
    audiences: ['espalier'],
    algorithms: ['RS256', 'ES256'],
    keys,
    now: () => new Date(),
  }),
  new KerberosAuthenticator({ gss: undefined, services: [] }),
  new RefusedSchemes(),
];

/** What every header may end in: nobody signed in, or an error with a code. */
async function outcomes(authorization: string): Promise<readonly unknown[]> {
  const request = { headers: { authorization }, host: 'localhost' } as FastifyRequest;
  return Promise.all(
    authenticators.map((authenticator) =>
      authenticator.authenticate(request).catch((error: unknown) => {
        if (isEspalierError(error) && error.code.startsWith('ESP_SIGN_IN_')) return undefined;
        throw error;
      }),
    ),
  );
}

const part = fc.oneof(
  fc.json().map((text) => Buffer.from(text).toString('base64url')),
  fc
    .record(
      {
        alg: fc.constantFrom('RS256', 'ES256', 'none', 'HS256'),
        kid: fc.jsonValue(),
        typ: fc.jsonValue(),
        crit: fc.jsonValue(),
        b64: fc.boolean(),
      },
      { requiredKeys: ['alg'] },
    )
    .map((header) => Buffer.from(JSON.stringify(header)).toString('base64url')),
  fc.string(),
);
const header = fc.oneof(
  fc.string(),
  fc
    .tuple(fc.constantFrom('Bearer', 'bearer', 'Negotiate', 'NTLM', 'Basic'), fc.string())
    .map((words) => words.join(' ')),
  fc.array(part, { minLength: 2, maxLength: 5 }).map((parts) => `Bearer ${parts.join('.')}`),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => `Negotiate ${Buffer.from(bytes).toString('base64')}`),
);

describe('any Authorization header', () => {
  it('signs nobody in who proved nothing, and ends in an error with a code or in none', async () => {
    await fc.assert(
      fc.asyncProperty(header, async (authorization) => {
        expect(await outcomes(authorization)).toEqual([undefined, undefined, undefined]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('with Negotiate gives GSSAPI the very bytes that were sent, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        const token = Buffer.from(bytes).toString('base64');
        expect(readNegotiate(`Negotiate ${token}`)).toBe(token);
        expect(looksLikeNtlm(Buffer.concat([Buffer.from('NTLMSSP\0'), bytes]))).toBe(true);
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(readNegotiate(`Negotiate ${text}`) ?? '').toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
      }),
      { numRuns: 200 },
    );
  });
});
