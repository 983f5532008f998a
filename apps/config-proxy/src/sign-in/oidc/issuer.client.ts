import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';

export interface IssuerClientOptions {
  /** The issuer as tokens name it. Its own documents, and nothing that a caller sends, decide what is fetched. */
  readonly issuer: string;
  /** PEM file of the only authorities to trust; the public ones unless told. */
  readonly caFile?: string | undefined;
  /** For a whole answer, in ms; 5 s unless told. */
  readonly timeoutMs?: number;
}

const MAX_BYTES = 512 * 1024;
const MAX_KEYS = 100;

const discoverySchema = z.object({
  issuer: z.string(),
  jwks_uri: z.url({ protocol: /^https$/ }),
});
const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })).max(MAX_KEYS),
});

/** Reads an OpenID Connect issuer's keys: discovery document (OpenID Connect Discovery 1.0 §4), then its JWK Set. */
export class IssuerClient {
  readonly #options: IssuerClientOptions;
  readonly #agent: Agent;

  constructor(options: IssuerClientOptions) {
    this.#options = options;
    const ca = options.caFile === undefined ? [...rootCertificates] : readFileSync(options.caFile);
    this.#agent = new Agent({ ca, keepAlive: false, minVersion: 'TLSv1.2' });
  }

  /** @throws Error that says what is wrong with the issuer */
  async fetchKeys(): Promise<JSONWebKeySet> {
    const { issuer } = this.#options;
    const discovery = discoverySchema.parse(
      await this.#get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
    );
    // §4.3: without this check one issuer could speak for another.
    if (discovery.issuer !== issuer)
      throw new Error(`the discovery document is of ${discovery.issuer}, not of ${issuer}`);
    return keySetSchema.parse(await this.#get(discovery.jwks_uri)) as JSONWebKeySet;
  }

  /** Follows no redirects: what the configured issuer names is fetched, and nothing else. */
  async #get(url: string): Promise<unknown> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs ?? 5_000);
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        url,
        { agent: this.#agent, signal, headers: { accept: 'application/json' } },
        (answer) => {
          if (answer.statusCode !== 200) {
            answer.destroy();
            reject(new Error(`${url} answered ${answer.statusCode}`));
            return;
          }
          const chunks: Buffer[] = [];
          let size = 0;
          answer.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_BYTES) answer.destroy(new Error(`${url} answered more than ${MAX_BYTES} bytes`));
            else chunks.push(chunk);
          });
          answer.on('error', reject);
          answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
    return JSON.parse(text) as unknown;
  }
}
