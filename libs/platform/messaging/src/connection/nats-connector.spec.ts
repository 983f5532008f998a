import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startNatsServer, testCertificate, type NatsServer, type TestIdentity } from '@espalier/testing';

import { renderNatsConfig } from '../permissions/nats-config.js';
import { natsPermissions } from '../permissions/nats-permissions.js';
import { generateNkey } from '../permissions/nkey.js';
import { Clients, mdm } from '../spec/bus.fixture.js';

describe('TLS towards nats-server', () => {
  const authority = testCertificate('Test authority', { authority: true });
  const nkey = generateNkey();
  const folder = mkdtempSync(join(tmpdir(), 'espalier-nats-tls-'));
  const issue = (name: string): TestIdentity =>
    testCertificate(name, { issuer: authority, names: ['localhost'] });
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  let server: NatsServer;
  let clients: Clients;
  beforeAll(async () => {
    const identity = issue('nats');
    server = await startNatsServer({
      config: ({ host, port, monitorPort, storeDir }) =>
        renderNatsConfig({
          listen: `${host}:${port}`,
          storeDir,
          monitor: `${host}:${monitorPort}`,
          users: [{ service: 'mdm', nkeyPublic: nkey.publicKey, permissions: natsPermissions(mdm) }],
          tls: {
            certFile: file('cert.pem', identity.certificate),
            keyFile: file('key.pem', identity.key),
            caFile: file('ca.pem', authority.certificate),
          },
        }),
    });
    // The client library checks the certificate against a host name only, not against an address.
    clients = new Clients(`nats://localhost:${server.port}`);
  });
  afterEach(() => clients.closeAll());
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('joins with a certificate of the authority, and only then', async () => {
    const client = issue('mdm');
    const own = { cert: client.certificate, key: client.key };
    const nkeySeed = nkey.seed;
    await clients.ready(mdm, { nkeySeed, tls: { ca: authority.certificate, ...own } });
    const withoutCertificate = clients.connect(mdm, { nkeySeed, tls: { ca: authority.certificate } });
    const stranger = testCertificate('Another authority', { authority: true });
    const trustsAnother = clients.connect(mdm, { nkeySeed, tls: { ca: stranger.certificate, ...own } });
    const withoutTls = clients.connect(mdm, { nkeySeed });
    const refused = { code: 'ESP_MESSAGING_UNAVAILABLE' };
    await Promise.all(
      [withoutCertificate, trustsAnother, withoutTls].map((messaging) =>
        expect(messaging.whenReady(1_000)).rejects.toMatchObject(refused),
      ),
    );
  });
});
