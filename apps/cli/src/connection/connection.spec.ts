import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testCertificate, type TestIdentity } from '@espalier/testing';
import { runCli, type Ended } from '../cli-process.fixture.js';
import { answer, ScriptedServer, type Script, type Seen } from './scripted-server.fixture.js';

const me: Script = (_, response) =>
  answer(response, 200, {
    type: 'api-token',
    id: '1',
    name: 'spec',
    scopes: ['devices:read'],
    expiresAt: null,
  });

/** TLS is real; what the server answers is what each spec is about. The real server is in dev-suite's cli.e2e.spec. */
describe('the connection', () => {
  const authority = testCertificate('Spec CA', { authority: true });
  const folder = mkdtempSync(join(tmpdir(), 'espalier-cli-'));
  const caFile = join(folder, 'ca.pem');
  const otherFile = join(folder, 'other.pem');
  const servers: ScriptedServer[] = [];
  const plain = createHttpServer();
  let seen: Seen[] = [];
  let script: Script = me;
  let url = '';
  writeFileSync(caFile, authority.certificate);
  writeFileSync(otherFile, testCertificate('Other CA', { authority: true }).certificate);

  async function serve(identity: TestIdentity): Promise<string> {
    const server = await ScriptedServer.start(identity, (one, response) => {
      seen.push(one);
      script(one, response);
    });
    servers.push(server);
    return server.url;
  }
  const issued = (names: readonly string[], notAfter?: Date): TestIdentity =>
    testCertificate('server', { issuer: authority, names, ...(notAfter !== undefined && { notAfter }) });
  const pinOf = ({ der }: TestIdentity): string => createHash('sha256').update(der).digest('hex');
  const run = (args: readonly string[], env: Record<string, string> = {}, stdin?: string): Promise<Ended> =>
    runCli(args, { XDG_CONFIG_HOME: folder, ...env }, stdin);
  const signedIn = (): Record<string, string> => ({
    ESPALIER_URL: url,
    ESPALIER_CA_FILE: caFile,
    ESPALIER_TOKEN: 'esp_x',
  });

  beforeAll(async () => {
    url = await serve(issued(['localhost']));
  });
  beforeEach(() => {
    seen = [];
    script = me;
  });
  afterAll(async () => {
    for (const server of servers) server.stop();
    plain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that cannot be made says why, and what to do', async () => {
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    const gone = createHttpServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const closed = (gone.address() as AddressInfo).port;
    gone.close();
    const expired = await serve(issued(['localhost'], new Date(Date.now() - 60_000)));
    const misnamed = await serve(issued(['elsewhere.example']));
    for (const [at, says] of [
      ['https://no-such-name.invalid:8760', /The name no-such-name\.invalid is not known/],
      [`https://localhost:${closed}`, /Nothing listens at localhost:\d+[^]*8760/],
      [`https://localhost:${port}`, /does not speak TLS/],
      [expired, /certificate of localhost:\d+ has expired/],
      [misnamed, /is not for localhost[^]*elsewhere\.example/],
    ] as const) {
      const { code, stderr, stdout } = await run(['whoami'], { ...signedIn(), ESPALIER_URL: at });
      expect([at, code, stdout, stderr]).toEqual([at, 6, '', expect.stringMatching(says)]);
    }
    expect(seen).toEqual([]);
  });

  it('is not made to whom nobody trusts; the certificate can be pinned, and no other is taken then', async () => {
    const identity = issued(['somewhere.else']);
    const at = await serve(identity);
    const env = { ESPALIER_URL: at, ESPALIER_TOKEN: 'esp_x' };
    const untrusted = await run(['whoami'], env);
    expect(untrusted).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/not trusted[^]*"Spec CA"[^]*--ca-file[^]*--fingerprint/),
    });
    const other = await run(['whoami', '--ca-file', otherFile], env);
    expect(other).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`"Spec CA", which is not the one in ${otherFile}`),
    });
    const [, shown = ''] = /--fingerprint ([0-9A-F:]+)/.exec(untrusted.stderr) ?? [];
    expect(shown.replaceAll(':', '').toLowerCase()).toBe(pinOf(identity));
    expect(seen).toEqual([]);
    expect(await run(['whoami', '--fingerprint', shown], env)).toMatchObject({ code: 0 });
    const mismatch = await run(['whoami', '--fingerprint', shown], { ...env, ESPALIER_URL: url });
    expect(mismatch).toMatchObject({
      code: 6,
      stderr: expect.stringMatching(/another certificate than the pinned one/),
    });
    const old = issued(['localhost'], new Date(Date.now() - 60_000));
    const expired = await run(['whoami', '--fingerprint', pinOf(old)], {
      ...env,
      ESPALIER_URL: await serve(old),
    });
    expect(expired).toMatchObject({ code: 6, stderr: expect.stringMatching(/has expired/) });
    expect(seen).toHaveLength(1);
  });

  it('is kept by login once the token is good, and forgotten by logout', async () => {
    script = (_, response) =>
      answer(response, 401, {
        code: 'ESP_AUTH_TOKEN_INVALID',
        status: 401,
        title: 'Not known.',
        mend: 'Ask for one.',
      });
    const refused = await run(['login', '--url', url, '--ca-file', caFile], {}, 'esp_wrong\n');
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/Not known\.[^]*Ask for one\.[^]*espalier login/),
    });
    expect(await run(['whoami'])).toMatchObject({ code: 2 });
    script = me;
    const kept = await run(['login', '--url', url, '--ca-file', caFile], {}, 'esp_right\n');
    expect(kept).toMatchObject({ code: 0, stdout: `You are signed in to ${url} as spec.\n` });
    expect(kept.stdout + kept.stderr).not.toContain('esp_right');
    expect(await run(['whoami', '--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"name": "spec"'),
    });
    expect(seen.at(-1)?.headers.authorization).toBe('Bearer esp_right');
    expect(await run(['logout'])).toMatchObject({ code: 0 });
    script = (_, response) => answer(response, 401, { title: 'The request carries no API token.' });
    expect(await run(['whoami'])).toMatchObject({ code: 4 });
    expect(seen.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('gives each answer its exit code, and names the scope that is missing', async () => {
    for (const [status, code] of [
      [400, 2],
      [403, 4],
      [404, 3],
      [409, 5],
      [412, 5],
      [500, 1],
      [302, 1],
    ] as const) {
      script = (_, response) =>
        answer(
          response,
          status,
          { code: 'ESP_AUTH_SCOPE_MISSING', title: 'It lacks a scope.', detail: 'Needed: devices:read.' },
          { location: 'https://evil.example/' },
        );
      const ended = await run(['api', 'GET', 'whoami'], signedIn());
      expect([status, ended.code]).toEqual([status, code]);
      if (status === 403) expect(ended.stderr).toMatch(/Needed: devices:read\.[^]*espalier whoami/);
    }
    expect(seen).toHaveLength(7);
  });

  it('tries again where the server is busy, as long as it says, with the same key', async () => {
    script = (_, response) => {
      if (seen.length < 3)
        answer(response, seen.length === 1 ? 503 : 429, { title: 'Busy.' }, { 'retry-after': '1' });
      else answer(response, 201, { id: 'ESP00014', name: 'x', hints: [], status: 'ready' });
    };
    const began = performance.now();
    const ended = await run(['collections', 'create', 'x'], signedIn());
    expect(ended).toMatchObject({
      code: 0,
      stdout: 'x is ESP00014.\n',
      stderr: expect.stringMatching(/Trying again in 1\.\d s/),
    });
    expect(performance.now() - began).toBeGreaterThan(2_000);
    const keys = seen.map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size, keys[0]]).toEqual([
      3,
      1,
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('does not wait longer than people do, nor ask twice for what would be made twice', async () => {
    script = (_, response) => answer(response, 429, { title: 'Too many.' }, { 'retry-after': '600' });
    expect(await run(['whoami'], signedIn())).toMatchObject({ code: 6 });
    script = (_, response) => answer(response, 503, { title: 'Away.' });
    expect(await run(['tokens', 'create', 'x', '-s', 'devices:read'], signedIn())).toMatchObject({ code: 6 });
    expect(seen).toHaveLength(2);
  });

  it('asks again where a connection breaks before the answer', async () => {
    script = (one, response) => {
      if (seen.length === 1) response.destroy();
      else me(one, response);
    };
    expect(await run(['whoami'], signedIn())).toMatchObject({ code: 0 });
    expect(seen).toHaveLength(2);
  });

  it('says that something waits for a second person, and how they approve it', async () => {
    const id = '0f2a6c1e-1f3a-4a52-9a5e-6f1f5f0f7a10';
    const approval = { id, state: 'needs-approval', summary: 'Erase mac-1.', expiresAt: 0 };
    script = (_, response) => answer(response, 202, approval, { location: `/api/v1/approvals/${id}` });
    const ended = await run(
      ['api', 'POST', 'commands', '-d', '{}', '--reason', 'lost – häßlich'],
      signedIn(),
    );
    expect(ended).toMatchObject({
      code: 7,
      stdout: '',
      stderr: expect.stringContaining(`espalier approve ${id}`),
    });
    const header = seen[0]?.headers['approval-reason'] as string;
    expect(Buffer.from(header, 'latin1').toString('utf8')).toBe('lost – häßlich');
    const json = await run(['api', 'POST', 'commands', '-d', '{}', '--json'], signedIn());
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { exitCode: 7, approval } });
  });

  it('goes on after the last event where the stream of events breaks', async () => {
    const event = (id: number): string =>
      `id: ${id}\nevent: command.completed\ndata: ${JSON.stringify({ type: 'command.completed', messageId: String(id), publishedAt: 0, payload: { n: id } })}\n\n`;
    script = ({ headers }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const after = Number(headers['last-event-id']);
      // What nobody asked about moves the stream on, too.
      response.write(`: hello\n\n${event(after + 1)}id: ${after + 3}\n: heartbeat\n\n`);
      // The next event breaks off in the middle, so it comes again.
      if (seen.length === 1) response.write(event(after + 4).slice(0, 30), () => response.destroy());
      else response.write(event(after + 4));
    };
    const ended = await run(['events', 'follow', '--after', '6', '--count', '3', '--json'], signedIn());
    expect(ended.code).toBe(0);
    expect(
      ended.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual(['7', '10', '13']);
    expect(seen.map(({ headers }) => headers['last-event-id'])).toEqual(['6', '9']);
    expect(ended.stderr).toMatch(/Going on after the last event/);
  });

  it('shows a long list page by page as one document', async () => {
    script = ({ url: at }, response) => {
      const cursor = Number(new URL(at, url).searchParams.get('cursor') ?? 0);
      const items = [{ resourceId: cursor }, { resourceId: cursor + 1 }];
      answer(response, 200, { items, ...(cursor < 4 && { nextCursor: String(cursor + 2) }) });
    };
    const all = await run(['devices', 'list', '--all', '--json'], signedIn());
    expect(JSON.parse(all.stdout)).toEqual({
      items: [0, 1, 2, 3, 4, 5].map((resourceId) => ({ resourceId })),
    });
    const some = await run(['devices', 'list', '--limit', '2', '--json'], signedIn());
    expect(JSON.parse(some.stdout)).toEqual({
      items: [{ resourceId: 0 }, { resourceId: 1 }],
      nextCursor: '2',
    });
    expect(some.stderr).toMatch(/There is more/);
  });

  it('refuses a name that is ambiguous, and lists who is meant; an id is always clear', async () => {
    const device = (resourceId: number, state = 'active') => ({
      resourceId,
      name: 'mac',
      serialNumber: 'S',
      state,
    });
    let items = [device(16_777_219), device(16_777_220)];
    script = ({ method }, response) => answer(response, 200, method === 'GET' ? { items } : { scheduled: 1 });
    const ambiguous = await run(['devices', 'evaluate', 'mac'], signedIn());
    expect(ambiguous).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/several devices[^]*16777219[^]*16777220/),
    });
    expect(await run(['devices', 'evaluate', '16777220'], signedIn())).toMatchObject({ code: 0 });
    expect(seen.at(-1)?.url).toBe('/api/v1/devices/16777220/evaluate');
    items = [device(16_777_219, 'obsolete'), device(16_777_220)];
    expect(await run(['devices', 'evaluate', 'mac'], signedIn())).toMatchObject({ code: 0 });
    expect(seen.at(-1)?.url).toBe('/api/v1/devices/16777220/evaluate');
    items = [];
    expect(await run(['devices', 'evaluate', "o'mac"], signedIn())).toMatchObject({ code: 3 });
    expect(new URL(seen.at(-1)?.url ?? '', url).searchParams.get('filter')).toContain("name eq 'o''mac'");
  });
});
