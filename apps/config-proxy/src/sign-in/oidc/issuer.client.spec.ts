import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SignInPlace } from '../sign-in.fixture.js';
import { IssuerClient } from './issuer.client.js';

type Handler = (request: IncomingMessage, answer: ServerResponse) => void;

describe('IssuerClient', () => {
  const place = new SignInPlace();
  let handler: Handler = () => {};
  const server = createServer(
    { cert: readFileSync(place.certFile), key: readFileSync(place.keyFile) },
    (request, answer) => handler(request, answer),
  );
  let issuer = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    place.remove();
  });

  const fetchKeys = (options = {}) =>
    new IssuerClient({ issuer, caFile: place.caFile, timeoutMs: 1_000, ...options }).fetchKeys();
  const discovery = (document: object, keys = '{"keys":[]}'): Handler => {
    return ({ url }, answer) =>
      void answer.end(url?.includes('.well-known') ? JSON.stringify({ issuer, ...document }) : keys);
  };

  it('reads the keys that the discovery document points to', async () => {
    handler = discovery({ jwks_uri: `${issuer}/k` }, '{"keys":[{"kty":"RSA","kid":"1","n":"AQ"}]}');
    expect(await fetchKeys()).toEqual({ keys: [{ kty: 'RSA', kid: '1', n: 'AQ' }] });
  });

  it('trusts the authorities that it was told, and no public ones beside them', async () => {
    handler = discovery({ jwks_uri: `${issuer}/k` });
    await expect(fetchKeys({ caFile: undefined })).rejects.toThrow(/certificate/);
  });

  it.each<[string, () => Handler, RegExp]>([
    [
      'of another issuer',
      () => discovery({ issuer: 'https://evil.example', jwks_uri: issuer }),
      /is of https:..evil/,
    ],
    ['that points to plain HTTP', () => discovery({ jwks_uri: 'http://localhost/k' }), /jwks_uri/],
    ['that points to a file', () => discovery({ jwks_uri: 'file:///etc/passwd' }), /jwks_uri/],
    ['that is no JSON', () => (_request, answer) => void answer.end('<html>'), /JSON/],
    [
      'that is a redirect',
      () => (_request, answer) => void answer.writeHead(302, { location: `${issuer}/elsewhere` }).end(),
      /answered 302/,
    ],
    [
      'that never ends',
      () => (_request, answer) => {
        const chunk = Buffer.alloc(64 * 1024, ' ');
        const more = (): void => {
          while (!answer.destroyed && answer.write(chunk));
        };
        answer.on('drain', more);
        more();
      },
      /more than 524288 bytes/,
    ],
    ['that never comes', () => () => {}, /timeout|aborted/i],
  ])('refuses a discovery document %s', async (_title, make, words) => {
    handler = make();
    await expect(fetchKeys()).rejects.toThrow(words);
  });

  it('refuses key sets that are none', async () => {
    for (const keys of [
      '{}',
      '{"keys":{}}',
      '{"keys":[1]}',
      `{"keys":[${'{"kty":"RSA"},'.repeat(100)}{"kty":"RSA"}]}`,
    ]) {
      handler = discovery({ jwks_uri: `${issuer}/k` }, keys);
      await expect(fetchKeys()).rejects.toThrow(/keys/);
    }
  });
});
