import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import {
  KerberosRealm,
  missingKerberosParts,
  startNatsServer,
  testCertificate,
  type NatsServer,
} from '@espalier/testing';
import { ConsolePlace } from '../config-proxy.fixture.js';
import { issuerKey, TestIssuer } from './oidc/issuer.fixture.js';
import { SignInPlace } from './sign-in.fixture.js';

const run = promisify(execFile);
const hasKerberos = missingKerberosParts(import.meta.url).length === 0;

interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  /** The headers of every answer, where the client was asked to come again. */
  readonly heads: string;
}

describe('config-proxy as a process, with every way to sign in', () => {
  const place = new SignInPlace();
  const script = testCertificate('nightly-script', { issuer: place.authority });
  const script2 = testCertificate('somebody', { issuer: place.authority });
  let nats: NatsServer;
  let console: ConsolePlace;
  let issuer: TestIssuer;
  let realm: KerberosRealm | undefined;
  let alice: NodeJS.ProcessEnv = process.env;
  let service: ChildProcess;
  let port = 0;

  beforeAll(async () => {
    [nats, issuer] = await Promise.all([
      startNatsServer(),
      issuerKey('1', 'ES256').then((key) => new TestIssuer(place, [key]).start()),
    ]);
    console = new ConsolePlace(nats.url);
    realm = hasKerberos ? await new KerberosRealm(place.folder).start() : undefined;
    const keytab = realm?.addService('HTTP/localhost', 'http.keytab');
    alice = realm?.addUser('alice') ?? process.env;
    const env = console.env({
      ESPALIER_LOG_LEVEL: 'info',
      ESPALIER_OIDC_ISSUER: issuer.url,
      ESPALIER_OIDC_AUDIENCES: 'api://espalier',
      ESPALIER_OIDC_CA_FILE: place.caFile,
      ESPALIER_CLIENT_CA_FILE: place.caFile,
      ...(keytab !== undefined && { ESPALIER_KERBEROS_KEYTAB_FILE: keytab }),
    });
    const main = new URL('../main.js', import.meta.url).pathname;
    service = spawn(process.execPath, [main], {
      env: { ...env, KRB5RCACHEDIR: place.folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (service.stdout === null) throw new Error('no output');
    for await (const line of createInterface({ input: service.stdout })) {
      const entry = JSON.parse(line) as Record<string, unknown>;
      if (entry['msg'] === 'listening' && entry['server'] === 'console') port = Number(entry['port']);
      if (entry['msg'] === 'started') break;
    }
    service.stdout.resume();
  });
  afterAll(async () => {
    const gone = once(service, 'exit');
    service.kill('SIGTERM');
    await gone;
    await realm?.stop();
    await issuer.stop();
    await nats.stop();
    console.remove();
    place.remove();
  });

  async function curl(path: string, ...more: readonly string[]): Promise<Answer> {
    const fixed = ['-sS', '-i', '--cacert', console.certFile, `https://localhost:${port}${path}`];
    const { stdout } = await run('curl', [...fixed, ...more], { env: alice });
    const at = stdout.lastIndexOf('\r\n\r\n');
    const heads = stdout.slice(0, at);
    return {
      status: Number(/HTTP\/1\.1 (\d+)(?![^]*HTTP\/1\.1)/.exec(heads)?.[1]),
      json: JSON.parse(stdout.slice(at)) as Answer['json'],
      heads,
    };
  }
  const whoami = (...more: readonly string[]): Promise<Answer> => curl('/api/v1/whoami', ...more);
  const asAdmin = (): readonly string[] => ['-H', `Authorization: Bearer ${console.adminToken}`];
  function admin(method: string, path: string, body: object, header: string): Promise<Answer> {
    const content = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
    return curl(path, '-X', method, '-H', header, ...content, ...asAdmin());
  }

  /** A new administrator with these ways to sign in. */
  async function appoint(name: string, ...identities: readonly string[]): Promise<string> {
    const path = '/api/v1/administrators';
    const made = await admin('POST', path, { name }, `Idempotency-Key: ${randomUUID()}`);
    const id = String(made.json['id']);
    const assignments = [{ roleId: 'helpdesk', collectionIds: null }];
    const changes = [
      ['assignments', { assignments }],
      ['identities', { identities }],
    ] as const;
    for (const [part, body] of changes) {
      const { json } = await curl(`${path}/${id}`, ...asAdmin());
      const match = `If-Match: "${String(json['version'])}"`;
      const { status } = await admin('PUT', `${path}/${id}/${part}`, body, match);
      expect(status).toBe(200);
    }
    return id;
  }

  const bearer = async (claims = {}): Promise<readonly string[]> => [
    '-H',
    `Authorization: Bearer ${await issuer.token(claims)}`,
  ];
  const certificateOf = ({ certificate, key, commonName }: typeof script): readonly string[] => [
    '--cert',
    place.write(`${commonName}.pem`, certificate),
    '--key',
    place.write(`${commonName}.key`, key),
  ];
  const keyOf = ({ spki }: typeof script): string => Buffer.from(spki, 'base64').toString('hex');

  it('knows one person by all of theirs, and what they may do', async () => {
    const identities = [
      `oidc:${issuer.url}#alice`,
      `certificate:${keyOf(script)}`,
      'kerberos:alice@ESPALIER.TEST',
    ];
    const id = await appoint('CORP\\alice', ...identities);
    const ways: readonly (readonly [string, readonly string[]])[] = [
      ['oidc', await bearer({ sub: 'alice' })],
      ['certificate', certificateOf(script)],
      // As curl does it, with a ticket at once, and as Windows does it, which asks first what there is.
      ...(hasKerberos
        ? ([
            ['kerberos', ['--negotiate', '-u', ':']],
            ['kerberos', ['--anyauth', '-u', ':']],
          ] as const)
        : []),
    ];
    for (const [method, credentials] of ways)
      expect(await whoami(...credentials)).toMatchObject({
        status: 200,
        json: { method, administrator: { id }, roles: [{ roleId: 'helpdesk' }] },
      });
    const denied = await curl('/api/v1/administrators', ...(await bearer({ sub: 'alice' })));
    expect(denied).toMatchObject({ status: 403, json: { code: 'ESP_AUTH_SCOPE_MISSING' } });
  });

  it('lets nobody in who is proven, but no administrator, and names them', async () => {
    for (const [credentials, identity] of [
      [await bearer({ sub: 'mallory', email: 'alice@example.com' }), `oidc:${issuer.url}#mallory`],
      [certificateOf(script2), `certificate:${keyOf(script2)}`],
    ] as const)
      expect(await whoami(...credentials)).toMatchObject({
        status: 403,
        json: { code: 'ESP_AUTH_NOT_AN_ADMINISTRATOR', detail: expect.stringContaining(identity) },
      });
  });

  it('offers what there is, and says what to do instead of what is not', async () => {
    const nobody = await whoami();
    expect(nobody).toMatchObject({ status: 401, json: { code: 'ESP_AUTH_TOKEN_MISSING' } });
    expect(nobody.heads).toMatch(/^www-authenticate: Bearer realm="espalier"\r$/im);
    expect(/^www-authenticate: Negotiate\r$/im.test(nobody.heads)).toBe(hasKerberos);
    for (const [credentials, code] of [
      [['-u', 'alice:secret'], 'ESP_SIGN_IN_BASIC'],
      [['--ntlm', '-u', 'alice:secret'], 'ESP_SIGN_IN_NTLM'],
      [await bearer({ aud: 'api://other' }), 'ESP_SIGN_IN_TOKEN_AUDIENCE'],
      [await bearer({ exp: 1 }), 'ESP_SIGN_IN_TOKEN_EXPIRED'],
    ] as const)
      expect(await whoami(...credentials)).toMatchObject({ status: 401, json: { code } });
  });
});
