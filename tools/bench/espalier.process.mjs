/** The rooms of apps/mdm, as they are, behind a bare HTTP server and, where asked for, behind the real link. */
import { createPrivateKey, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { isEspalierError } from '@espalier/contracts';
import { DmzLink } from '@espalier/dmz-link';
import { createOutbox, openDatabase } from '@espalier/persistence';
import { createKeyring } from '@espalier/secrets';
import { createLogger, createMetrics } from '@espalier/service-kit';
import { decodePem, parseCertificate } from '@espalier/x509';
import { buildRooms } from '../../apps/mdm/dist/mdm.rooms.js';
import { mdmMigrations } from '../../apps/mdm/dist/migrations/index.js';
import { COMMAND_TYPE } from './fleet.mjs';
import { serveParent } from './programs.mjs';

/**
 * @typedef {object} EspalierOrder
 * @property {string} databaseUrl
 * @property {{ certificate: string, key: string }} authority of the devices' identities, PEM
 * @property {string} topic
 * @property {string} site
 * @property {{ port: number, identity: { certificate: string, key: string }, peer: string }} [link] the DMZ to dial
 */

/** @typedef {import('@espalier/dmz-link').DeviceResponse} DeviceResponse */

/** @type {DeviceResponse} */
const NOT_FOUND = { status: 404 };
const VAULT_KEY = { id: 'bench', key: Buffer.alloc(32, 7) };
const never = new AbortController().signal;

/** @type {(() => Promise<void>)[]} */
const stops = [];
/** @type {import('../../apps/mdm/dist/mdm.rooms.js').MdmRooms | undefined} */
let running;

/** @param {EspalierOrder} order */
async function start({ databaseUrl, authority, topic, site, link }) {
  const logger = createLogger({ service: 'mdm', replica: 'bench', level: 'info' });
  const metrics = createMetrics('mdm');
  const db = openDatabase({
    url: databaseUrl,
    schema: 'mdm',
    migrations: mdmMigrations,
    logger,
    metrics,
  });
  await db.ready();
  await db.migrate();
  const [caCertificate] = decodePem(authority.certificate, 'CERTIFICATE');
  if (caCertificate === undefined) throw new Error('the authority has no certificate');
  const key = createPrivateKey(authority.key);
  const rooms = buildRooms({
    db,
    outbox: createOutbox(db),
    // Events are written, as part of the transaction, and not relayed: there is no nats-server here.
    relay: { nudge: () => undefined },
    apns: { topic, push: () => Promise.reject(new Error('nothing is pushed here')) },
    vault: createKeyring([VAULT_KEY], VAULT_KEY.id),
    scepCa: { certificate: parseCertificate(caCertificate.der), key },
    profileSigner: { certificate: caCertificate.der, key },
    trustedCertificates: [],
    settings: {
      organization: 'Bench',
      site,
      deviceUrl: 'https://127.0.0.1',
      signMessage: true,
      identityDays: 365,
      challengeSeconds: 3_600,
      pushRetrySeconds: [60],
      retentionDays: 90,
      inventoryHours: 0,
    },
    logger,
    metrics,
  });
  running = rooms;
  if (link !== undefined) {
    const dmzLink = new DmzLink({
      targets: [{ host: '127.0.0.1', port: link.port }],
      identity: link.identity,
      peerPins: [{ certificate: link.peer, status: 'active' }],
      service: 'mdm',
      site,
      replica: 'mdm-0',
      routes: rooms.routes,
      logger,
      metrics,
    });
    dmzLink.start();
    stops.push(() => dmzLink.close());
  }
  const server = serve(rooms.routes);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => server.close().closeAllConnections());
  stops.push(() => rooms.lastSeen.stop());
  stops.push(() => rooms.retention.stop());
  stops.push(() => db.close());
  return { port: /** @type {import('node:net').AddressInfo} */ (server.address()).port };
}

/** @param {readonly import('@espalier/dmz-link').DeviceRoute[]} routes */
function serve(routes) {
  const byPath = new Map(routes.map((route) => [route.prefix, route]));
  return createServer((request, response) => {
    const path = request.url ?? '/';
    const route = byPath.get(path);
    const answer =
      route === undefined ? Promise.resolve(NOT_FOUND) : route.handle(deviceRequest(request, path));
    void answer.catch(refusal).then(({ status, headers, body }) => {
      // The routes of check-ins answer with bytes or with nothing.
      const bytes = /** @type {Buffer | string} */ (body ?? '');
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(bytes) });
      response.end(bytes);
    });
  });
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {string} path
 * @returns {import('@espalier/dmz-link').DeviceRequest}
 */
function deviceRequest(request, path) {
  return {
    method: request.method ?? '',
    path,
    query: new URLSearchParams(),
    headers: /** @type {Record<string, string>} */ (request.headers),
    clientCertificate: undefined,
    clientVerify: 'none',
    remoteAddress: '127.0.0.1',
    requestId: '',
    body: () => {
      const { promise, resolve, reject } = Promise.withResolvers();
      /** @type {Buffer[]} */
      const chunks = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
      request.on('error', reject);
      return promise;
    },
    stream: request,
    signal: never,
  };
}

/** @returns {DeviceResponse} */
function refusal(/** @type {unknown} */ error) {
  if (isEspalierError(error)) return { status: error.status, body: JSON.stringify(error.toBody()) };
  return { status: 500, body: error instanceof Error ? String(error.stack) : String(error) };
}

async function submit(/** @type {string} */ udid) {
  const submitted = await running?.rpc.commands.submit({
    requestId: randomUUID(),
    enrollmentIds: [udid],
    command: { requestType: COMMAND_TYPE, arguments: {}, raw: false },
    priority: 0,
    push: false,
    onInactive: 'refuse',
    createdBy: 'bench',
  });
  return { uuid: submitted?.commands[0]?.id };
}

serveParent(
  async (question) => {
    if (question.start !== undefined) return start(question.start);
    if (question.submit !== undefined) return submit(question.submit);
    await running?.lastSeen.flush();
    return {};
  },
  async () => {
    for (const stop of stops) await stop();
  },
);
