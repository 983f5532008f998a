import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { readTlsFiles, reloadOnHangup, type ClientTrustFiles } from '@espalier/nest-kit';
import { createLogger, Lifecycle } from '@espalier/service-kit';
import { Door, type DoorAnswer } from '../door.fixture.js';
import { SignInPlace } from '../sign-in.fixture.js';
import { CertificateAuthenticator } from './certificate.authenticator.js';
import { hasOpenssl, OpensslAuthority, type ClientIdentity } from './openssl-authority.fixture.js';

const HOUR = 3_600_000;
const logger = createLogger({ service: 'config-proxy', replica: 'spec', level: 'silent' });
const identityOf = ({ cert }: ClientIdentity): string => {
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return `certificate:${createHash('sha256').update(spki).digest('hex')}`;
};

(hasOpenssl ? describe : describe.skip)('client certificates', () => {
  const place = new SignInPlace();
  const refused = (code: string, status = 401) => ({ status, json: { code, mend: expect.any(String) } });
  let authority: OpensslAuthority;
  let good: ClientIdentity;
  let revoked: ClientIdentity;
  let door: Door;
  let ahead = 0;

  beforeAll(async () => {
    authority = new OpensslAuthority(place.folder, 'trusted');
    good = authority.issue('/CN=deploy-script/O=Example', { usage: 'clientAuth' });
    revoked = authority.issue('/CN=lost', { usage: 'clientAuth' });
    door = await openDoor({ caFile: authority.certFile, crlFile: authority.revoke(revoked) });
  });
  afterAll(async () => {
    await door.stop();
    place.remove();
  });

  const openDoor = (clients: ClientTrustFiles): Promise<Door> =>
    new Door(
      place,
      [new CertificateAuthenticator(() => new Date(Date.now() + ahead))],
      readTlsFiles({ certFile: place.certFile, keyFile: place.keyFile, clients }),
    ).start();
  const send = (
    { cert, key }: ClientIdentity,
    headers: Record<string, string> = {},
    options = {},
  ): Promise<DoorAnswer> => door.get(headers, { cert, key, ...options });

  it('sign in by their key, under the common name', async () => {
    expect(await send(good)).toMatchObject({
      status: 200,
      json: {
        method: 'certificate',
        identity: identityOf(good),
        name: 'deploy-script',
        expiresAt: new X509Certificate(good.cert).validToDate.getTime(),
      },
    });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'])
      expect((await send(good, {}, { maxVersion })).json.identity).toBe(identityOf(good));
  });

  it('keep their identity when they are renewed with the same key', async () => {
    const keyFile = place.write('kept.key', good.key);
    const renewed = authority.issue('/CN=renamed', { usage: 'clientAuth', keyFile });
    expect((await send(renewed)).json).toMatchObject({ identity: identityOf(good), name: 'renamed' });
  });

  it('are asked for, but not demanded', async () => {
    expect((await door.get()).status).toBe(204);
  });

  it('are refused where they are not good, each with its own reason', async () => {
    const usage = 'clientAuth';
    const past = ['20200101000000Z', '20200201000000Z'] as const;
    const future = ['20400101000000Z', '20400201000000Z'] as const;
    const stranger = new OpensslAuthority(place.folder, 'stranger');
    const sameName = new OpensslAuthority(`${place.folder}/stranger`, 'trusted');
    const cases: readonly (readonly [ClientIdentity, string])[] = [
      [stranger.issue('/CN=deploy-script', { usage }), 'ESP_SIGN_IN_CERTIFICATE_UNTRUSTED'],
      [sameName.issue('/CN=deploy-script', { usage }), 'ESP_SIGN_IN_CERTIFICATE_UNTRUSTED'],
      [authority.issue('/CN=old', { usage, dates: past }), 'ESP_SIGN_IN_CERTIFICATE_EXPIRED'],
      [authority.issue('/CN=new', { usage, dates: future }), 'ESP_SIGN_IN_CERTIFICATE_EXPIRED'],
      [authority.issue('/CN=web', { usage: 'serverAuth' }), 'ESP_SIGN_IN_CERTIFICATE_PURPOSE'],
      [revoked, 'ESP_SIGN_IN_CERTIFICATE_REVOKED'],
    ];
    for (const [identity, code] of cases) expect(await send(identity)).toMatchObject(refused(code));
  });

  it('are refused while their revocation list is too old, or not there', async () => {
    const past = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200102000000Z'];
    const other = new OpensslAuthority(place.folder, 'other');
    for (const crlFile of [authority.list('old.pem', ...past), other.list('crl.pem')]) {
      const closed = await openDoor({ caFile: authority.certFile, crlFile });
      expect(await closed.get({}, { cert: good.cert, key: good.key })).toMatchObject(
        refused('ESP_SIGN_IN_CERTIFICATE_UNCHECKED', 503),
      );
      await closed.stop();
    }
  });

  it('are looked at in the handshake only: no header stands for one', async () => {
    const encoded = Buffer.from(new X509Certificate(good.cert).raw).toString('base64');
    for (const name of ['client-cert', 'x-forwarded-client-cert', 'x-ssl-client-cert', 'x-arr-clientcert'])
      expect((await door.get({ [name]: name === 'client-cert' ? `:${encoded}:` : encoded })).status).toBe(
        204,
      );
  });

  it('count for nothing beside an Authorization header', async () => {
    expect((await send(good, { authorization: 'Bearer esp_wrong' })).status).toBe(204);
    expect((await send(revoked, { authorization: 'Bearer esp_wrong' })).status).toBe(204);
  });

  it('are not lent to other web sites by a browser', async () => {
    const cross = refused('ESP_SIGN_IN_CROSS_SITE', 403);
    expect(await send(good, { 'sec-fetch-site': 'cross-site' })).toMatchObject(cross);
    expect(await send(good, { 'sec-fetch-site': 'same-site' })).toMatchObject(cross);
    expect(await send(good, { origin: 'https://evil.example' })).toMatchObject(cross);
    expect(await send(good, { origin: 'null' })).toMatchObject(cross);
    const own = { origin: `https://localhost:${door.port}`, 'sec-fetch-site': 'same-origin' };
    expect((await send(good, own)).status).toBe(200);
  });

  it('hold on an open connection until they expire, and old connections are asked to come again', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, cert: good.cert, key: good.key });
    const again = (): Promise<DoorAnswer> => door.get({}, { agent });
    expect((await again()).headers.connection).toBe('keep-alive');
    ahead += HOUR / 2;
    const old = await again();
    expect([old.status, old.headers.connection]).toEqual([200, 'close']);
    ahead += 48 * HOUR;
    expect(await again()).toMatchObject(refused('ESP_SIGN_IN_CERTIFICATE_EXPIRED'));
    ahead = 0;
    agent.destroy();
  });

  /** One request on a connection of its own. @param session of an earlier connection */
  async function ask(to: Door, identity: Partial<ClientIdentity>, session?: Buffer) {
    const socket = connect({
      host: 'localhost',
      port: to.port,
      ca: place.authority.certificate,
      ...identity,
      ...(session !== undefined && { session }),
    });
    let next: Buffer | undefined;
    socket.on('session', (given: Buffer) => (next = given));
    await once(socket, 'secureConnect');
    const resumed = socket.isSessionReused();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    return { resumed, text, session: next };
  }

  it('sign in on a resumed session as they did on the first', async () => {
    const { session } = await ask(door, good);
    const { resumed, text } = await ask(door, {}, session);
    expect(resumed).toBe(true);
    expect(text).toContain(identityOf(good));
  });

  it('are refused on new connections as soon as they are on the list that SIGHUP reads', async () => {
    const lost = authority.issue('/CN=laptop', { usage: 'clientAuth' });
    const crlFile = authority.list('current.pem');
    const { certFile, keyFile } = place;
    const clients = { caFile: authority.certFile, crlFile };
    const open = await openDoor(clients);
    const lifecycle = new Lifecycle({ logger, graceMs: 1_000 });
    reloadOnHangup(open.server, { certFile, keyFile, clients }, logger, lifecycle);
    const { text, session } = await ask(open, lost);
    expect(text).toContain(identityOf(lost));
    copyFileSync(authority.revoke(lost), crlFile);
    process.emit('SIGHUP', 'SIGHUP');
    expect((await ask(open, lost)).text).toContain('ESP_SIGN_IN_CERTIFICATE_REVOKED');
    const again = await ask(open, lost, session);
    expect(again.resumed).toBe(false);
    expect(again.text).toContain('ESP_SIGN_IN_CERTIFICATE_REVOKED');
    await lifecycle.shutdown('the test is over');
    await open.stop();
  });

  it('cannot be asked for with files that would trust nobody, or everybody', async () => {
    const { certFile, keyFile } = place;
    const caFile = authority.certFile;
    for (const clients of [{ caFile: keyFile }, { caFile, crlFile: caFile }, { caFile: `${caFile}.none` }])
      expect(() => readTlsFiles({ certFile, keyFile, clients })).toThrow(/PEM|ENOENT/);
  });
});
