import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type TLSSocket } from 'node:tls';
import { testCertificate, type TestIdentity } from '@espalier/testing';
import { Edge, SITE, until } from './edge.fixture.js';

const run = promisify(execFile);

async function save(edge: Edge, name: string, identity: TestIdentity): Promise<[string, string]> {
  const files: [string, string] = [
    join(edge.files.folder, `${name}.crt`),
    join(edge.files.folder, `${name}.key`),
  ];
  await writeFile(files[0], identity.certificate);
  await writeFile(files[1], identity.key);
  return files;
}

/** What `openssl s_client` prints when it dials the link port and sends some bytes. */
async function opensslDial(
  edge: Edge,
  identity: [string, string] | undefined,
  more: string[] = [],
): Promise<string> {
  const credentials = identity === undefined ? [] : ['-cert', identity[0], '-key', identity[1]];
  const target = ['-connect', `127.0.0.1:${edge.proxy.linkPort}`, '-servername', 'link', '-alpn', 'rh2'];
  const child = spawn('openssl', ['s_client', ...target, ...credentials, ...more]);
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  child.stdin.on('error', () => undefined);
  child.stdin.write('hello\n');
  await once(child, 'close');
  return output;
}

describe('the link port, against those who may not have a link', () => {
  let edge: Edge;
  const expired = testCertificate('mdm', { notAfter: new Date(Date.now() - 3_600_000) });

  beforeAll(async () => {
    edge = await Edge.start({ timings: { helloMs: 300, pingIntervalMs: 10_000, pingTimeoutMs: 5_000 } });
    await edge.files.writePeers([
      {
        service: 'mdm',
        site: SITE,
        pins: [
          { certificate: edge.files.ids.mdm.certificate },
          { certificate: expired.certificate, status: 'next' },
        ],
        prefixes: ['/mdm/'],
      },
      {
        service: 'config-proxy',
        site: SITE,
        pins: [{ certificate: edge.files.ids.configProxy.certificate }],
        prefixes: ['/ibcm/'],
      },
    ]);
    await edge.proxy.reload();
  });
  afterEach(() => {
    if (edge.proxy.registry.links.size > 0) throw new Error('a link came up');
  });
  afterAll(() => edge.stop());

  const mismatches = (reason: string): Promise<number> => edge.metric('pin_mismatch_total', { reason });

  it('openssl without a certificate: refused in TLS, counted', async () => {
    const before = await mismatches('no_certificate');
    expect(await opensslDial(edge, undefined)).toContain('certificate required');
    expect(await mismatches('no_certificate')).toBe(before + 1);
  });

  it('openssl with a certificate that nobody pinned: counted', async () => {
    const before = await mismatches('wrong_certificate');
    await opensslDial(edge, await save(edge, 'stranger', edge.files.ids.stranger));
    await until(async () => (await mismatches('wrong_certificate')) > before);
    expect(await mismatches('wrong_certificate')).toBe(before + 1);
  });

  it('openssl with the pinned name and another key: counted', async () => {
    const before = await mismatches('wrong_certificate');
    await opensslDial(edge, await save(edge, 'impostor', testCertificate('mdm')));
    await until(async () => (await mismatches('wrong_certificate')) > before);
    expect(await mismatches('wrong_certificate')).toBe(before + 1);
  });

  it('openssl with a pinned certificate that is expired: counted', async () => {
    const before = await mismatches('expired');
    await opensslDial(edge, await save(edge, 'expired', expired));
    await until(async () => (await mismatches('expired')) > before);
    expect(await mismatches('expired')).toBe(before + 1);
  });

  it('openssl with a pinned certificate but no rh2, or TLS 1.2: counted', async () => {
    const mdm = await save(edge, 'mdm', edge.files.ids.mdm);
    const failures = (): Promise<number> => edge.metric('link_handshake_failures_total');
    const before = await failures();
    await opensslDial(edge, mdm, ['-alpn', 'h2']);
    await opensslDial(edge, mdm, ['-tls1_2']);
    await until(async () => (await failures()) >= before + 2);
    expect(await failures()).toBe(before + 2);
  });

  it('openssl with the right certificate that talks nonsense: no link, no crash', async () => {
    const ended = (): Promise<number> => edge.metric('link_reconnects_total', { peer_service: 'mdm' });
    const before = await ended();
    await opensslDial(edge, await save(edge, 'mdm', edge.files.ids.mdm));
    await until(async () => (await ended()) > before);
    expect(await ended()).toBe(before + 1);
  });

  it('curl with every certificate: never an answer', async () => {
    const files = await Promise.all([
      save(edge, 'mdm', edge.files.ids.mdm),
      save(edge, 'stranger', edge.files.ids.stranger),
      save(edge, 'expired', expired),
    ]);
    for (const credentials of [[], ...files.map(([cert, key]) => ['--cert', cert, '--key', key])]) {
      const { linkPort } = edge.proxy;
      const url = `https://link:${linkPort}/.link/v1/hello`;
      const resolve = ['--resolve', `link:${linkPort}:127.0.0.1`];
      await expect(run('curl', ['-sSk', '--max-time', '5', ...resolve, ...credentials, url])).rejects.toThrow(
        /curl/,
      );
    }
  });

  it('another service with its own pin: 403 for the hello, counted', async () => {
    const before = await mismatches('other_service');
    const link = edge.inside({ identity: edge.files.ids.configProxy });
    await until(() => link.state().targets[0]?.lastError !== undefined);
    expect(link.state().targets[0]?.lastError).toContain('this pin is not for mdm but for config-proxy');
    // The dialler may hear of the refusal before the edge has counted it.
    await until(async () => (await mismatches('other_service')) > before);
    await link.close();
  });

  it.each([
    ['routes outside its prefixes', { service: 'config-proxy', routes: undefined }, 'may not serve /mdm/'],
    ['another site', { site: 'S02' }, 'not for the site S02'],
  ] as const)('%s: refused with the reason', async (_what, options, reason) => {
    const { site, service } = { site: SITE, service: 'mdm' as const, ...options };
    const identity = service === 'mdm' ? edge.files.ids.mdm : edge.files.ids.configProxy;
    const link = edge.inside({ identity, site, service });
    await until(() => link.state().targets[0]?.lastError !== undefined);
    expect(link.state().targets[0]?.lastError).toContain(reason);
    await link.close();
  });

  it('the inside refuses an edge that shows another certificate, or one that is revoked, without a crash', async () => {
    const { stranger, dmz } = edge.files.ids;
    const live = { certificate: stranger.certificate, status: 'active' } as const;
    for (const peerPins of [[live], [live, { certificate: dmz.certificate, status: 'revoked' }]] as const) {
      const link = edge.inside({ peerPins });
      await until(() => link.state().targets[0]?.lastError !== undefined);
      expect(link.state().targets[0]?.lastError).toContain('wrong_certificate');
      await link.close();
    }
  });

  it('a TLS session cannot be resumed, which would skip the check of the certificate', async () => {
    const { mdm, dmz } = edge.files.ids;
    const dial = (session?: Buffer): TLSSocket =>
      connect({
        port: edge.proxy.linkPort,
        host: '127.0.0.1',
        servername: 'link',
        cert: mdm.certificate,
        key: mdm.key,
        ca: dmz.certificate,
        checkServerIdentity: () => undefined,
        ALPNProtocols: ['rh2'],
        ...(session !== undefined && { session }),
      }).on('error', () => undefined);
    let session: Buffer | undefined;
    const first = dial().on('session', (given: Buffer) => (session = given));
    first.resume();
    await once(first, 'close');
    // Where no session was given, there is nothing to resume, either.
    const second = dial(session);
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
    await until(() => second.closed);
  });
});

describe('pins that change while links are up', () => {
  it('a second pin lets the new key in beside the old one; revoking the old one closes its links', async () => {
    const edge = await Edge.start();
    try {
      const next = testCertificate('mdm');
      const { mdm } = edge.files.ids;
      const peers = (old: 'active' | 'revoked'): unknown => [
        {
          service: 'mdm',
          site: SITE,
          pins: [
            { certificate: mdm.certificate, status: old },
            { certificate: next.certificate, status: old === 'active' ? 'next' : 'active' },
          ],
          prefixes: ['/mdm/'],
        },
      ];
      edge.inside({ replica: 'old' });
      await edge.up();
      await edge.files.writePeers(peers('active'));
      await edge.proxy.reload();
      expect(edge.proxy.registry.links.size).toBe(1);
      edge.inside({ replica: 'new', identity: next });
      await edge.up(2);
      await edge.files.writePeers(peers('revoked'));
      await edge.proxy.reload();
      await edge.up(1);
      expect([...edge.proxy.registry.links][0]?.hello.replica).toBe('new');
      expect((await edge.device('/mdm/small')).status).toBe(200);
    } finally {
      await edge.stop();
    }
  });

  it('a peers file that cannot be used changes nothing', async () => {
    const edge = await Edge.start();
    try {
      edge.inside();
      await edge.up();
      for (const peers of [
        [],
        [{ service: 'mdm' }],
        'nonsense',
        [{ service: 'x', site: SITE, pins: [], prefixes: [] }],
      ]) {
        await edge.files.writePeers(peers);
        await expect(edge.proxy.reload()).rejects.toThrow(/peers\.json is not usable/);
      }
      expect((await edge.device('/mdm/small')).status).toBe(200);
    } finally {
      await edge.stop();
    }
  });

  it('a second link of the same name and number is refused while the first lives', async () => {
    const edge = await Edge.start();
    try {
      edge.inside();
      await edge.up();
      const twin = edge.inside();
      await until(() => twin.state().targets[0]?.lastError !== undefined);
      expect(twin.state().targets[0]?.lastError).toContain('there is a link 0 of the replica mdm-0 already');
      expect(edge.proxy.registry.links.size).toBe(1);
    } finally {
      await edge.stop();
    }
  });
});
