import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import type { SignInPlace } from '../sign-in.fixture.js';

export interface IssuerKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function issuerKey(kid: string, alg: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** An OpenID Connect issuer on loopback: discovery and keys over HTTPS, and whatever token one wants. */
export class TestIssuer {
  readonly asked: string[] = [];
  url = '';
  /** What the discovery document says of the issuer; its own address unless told. */
  claimsToBe: string | undefined;
  published: readonly IssuerKey[];
  readonly #server: Server;

  constructor(
    place: SignInPlace,
    readonly keys: readonly IssuerKey[],
  ) {
    this.published = keys;
    this.#server = createServer(
      { cert: readFileSync(place.certFile), key: readFileSync(place.keyFile) },
      ({ url = '' }, answer) => {
        this.asked.push(url);
        if (url === '/.well-known/openid-configuration')
          answer.end(JSON.stringify({ issuer: this.claimsToBe ?? this.url, jwks_uri: `${this.url}/keys` }));
        else if (url === '/keys')
          answer.end(JSON.stringify({ keys: this.published.map(({ publicJwk }) => publicJwk) }));
        else answer.writeHead(404).end();
      },
    );
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.url = `https://localhost:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A good access token, as far as `claims` and `header` do not make it a bad one. undefined takes a claim away. */
  token(
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = this.keys[0],
  ): Promise<string> {
    if (key === undefined) throw new Error('the issuer has no key');
    const now = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: this.url,
      aud: 'api://espalier',
      sub: 'user-1',
      iat: now,
      exp: now + 300,
      ...claims,
    };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
      .sign(key.privateKey);
  }
}
