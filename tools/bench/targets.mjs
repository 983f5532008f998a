import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testCertificate } from '@espalier/testing';
import { inRoot } from '../setup/paths.mjs';
import { capture, which } from '../setup/processes.mjs';
import { TOPIC } from './fleet.mjs';
import { freePort, Helper, startProgram } from './programs.mjs';

const SITE = 'BEN';
const START_LIMIT_MS = 20_000;
const NANOMDM = 'github.com/micromdm/nanomdm';
const NANOMDM_VERSION = 'v0.9.0';
const GO_LIMIT_SECONDS = 120;

/**
 * A running server that devices can be let loose on.
 * @typedef {object} Target
 * @property {string} name
 * @property {number} port
 * @property {string} [authority] PEM of its TLS certificate; without it it speaks plain HTTP
 * @property {Readonly<Record<'checkin' | 'connect', string>>} paths
 * @property {number} serverPid
 * @property {number} [edgePid] of the dmz-proxy before it
 * @property {(udid: string) => Promise<{ uuid: string }>} [submit] queues a command
 * @property {() => Promise<void>} settle ends the work that requests have left behind
 * @property {() => Promise<void>} stop
 */

const ESPALIER_PATHS = { checkin: '/mdm/checkin', connect: '/mdm/connect' };

/**
 * @param {string} name
 * @param {Omit<import('./espalier.process.mjs').EspalierOrder, 'topic' | 'site'>} order
 * @param {{ profile?: string | undefined }} options
 * @returns {Promise<Target>}
 */
export async function startEspalier(name, order, { profile }) {
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const server = new Helper('./espalier.process.mjs', { execArgv });
  /** @type {{ port: number }} */
  const { port } = await server.ask({ start: { ...order, topic: TOPIC, site: SITE } });
  return {
    name,
    port,
    paths: ESPALIER_PATHS,
    serverPid: server.pid,
    submit: (udid) => server.ask({ submit: udid }),
    settle: () => server.ask({ settle: true }),
    stop: () => server.stop(),
  };
}

/**
 * The same server with the real dmz-proxy before it: TLS to the device, the pinned link between the two.
 * @param {string} name
 * @param {Omit<import('./espalier.process.mjs').EspalierOrder, 'topic' | 'site' | 'link'>} order
 * @param {{ folder: string, profile?: string | undefined }} options
 * @returns {Promise<Target>}
 */
export async function startBehindEdge(name, order, { folder, profile }) {
  const identities = {
    dmz: testCertificate('dmz'),
    mdm: testCertificate('mdm'),
    device: testCertificate('127.0.0.1', { names: ['127.0.0.1'] }),
  };
  const save = (/** @type {string} */ file, /** @type {string} */ text) => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const peers = [
    { service: 'mdm', site: SITE, pins: [{ certificate: identities.mdm.certificate }], prefixes: ['/mdm/'] },
  ];
  const listening = Promise.withResolvers();
  const edge = await startProgram([process.execPath, inRoot('apps', 'dmz-proxy', 'dist', 'main.js')], {
    env: {
      ...process.env,
      ESPALIER_MANAGEMENT_PORT: '0',
      ESPALIER_REPLICA: 'dmz-0',
      ESPALIER_DMZ_DEVICE_HOST: '127.0.0.1',
      ESPALIER_DMZ_DEVICE_PORT: '0',
      ESPALIER_DMZ_DEVICE_CERTIFICATE_FILE: save('device.crt', identities.device.certificate),
      ESPALIER_DMZ_DEVICE_KEY_FILE: save('device.key', identities.device.key),
      ESPALIER_DMZ_LINK_HOST: '127.0.0.1',
      ESPALIER_DMZ_LINK_PORT: '0',
      ESPALIER_DMZ_LINK_CERTIFICATE_FILE: save('dmz.crt', identities.dmz.certificate),
      ESPALIER_DMZ_LINK_KEY_FILE: save('dmz.key', identities.dmz.key),
      ESPALIER_DMZ_LINK_PEERS_FILE: save('peers.json', JSON.stringify(peers)),
    },
    stderr: 'inherit',
    onLine: (line) => {
      const ports = /"devicePort":(\d+),"linkPort":(\d+)/.exec(line);
      if (ports !== null) listening.resolve({ devicePort: Number(ports[1]), linkPort: Number(ports[2]) });
    },
  });
  try {
    const { devicePort, linkPort } = await within(listening.promise, 'dmz-proxy');
    const link = { port: linkPort, identity: identities.mdm, peer: identities.dmz.certificate };
    const server = await startEspalier(name, { ...order, link }, { profile });
    return {
      ...server,
      port: devicePort,
      authority: identities.device.certificate,
      edgePid: edge.pid,
      stop: async () => {
        await server.stop();
        await edge.stop();
      },
    };
  } catch (error) {
    await edge.stop();
    throw error;
  }
}

/**
 * nanomdm as the machine's Go client builds it.
 * @typedef {object} Nanomdm
 * @property {string} version
 * @property {string} binary
 * @property {string} schemaSql its tables on PostgreSQL
 *
 * @param {string} folder to put the binary into
 * @returns {Promise<Nanomdm | { missing: string }>}
 */
export async function buildNanomdm(folder) {
  if (which('go') === undefined) return { missing: 'there is no Go on PATH to build it with' };
  const options = {
    cwd: folder,
    env: { ...process.env, GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' },
    timeoutSeconds: GO_LIMIT_SECONDS,
  };
  const built = await capture('go', ['install', `${NANOMDM}/cmd/nanomdm@${NANOMDM_VERSION}`], options);
  if (!built.ok) return { missing: `go install did not work: ${built.output.trim().slice(-300)}` };
  const sources = await capture('go', ['mod', 'download', '-json', `${NANOMDM}@${NANOMDM_VERSION}`], options);
  if (!sources.ok) return { missing: `go mod download did not work: ${sources.output.trim().slice(-300)}` };
  /** @type {{ Dir: string }} */
  const { Dir } = JSON.parse(sources.output);
  return {
    version: NANOMDM_VERSION,
    binary: join(folder, 'nanomdm'),
    schemaSql: readFileSync(join(Dir, 'storage', 'pgsql', 'schema.sql'), 'utf8'),
  };
}

/**
 * @param {string} name
 * @param {Nanomdm} nanomdm
 * @param {{ databaseUrl: string, authorityFile: string }} options
 * @returns {Promise<Target>}
 */
export async function startNanomdm(name, { binary }, { databaseUrl, authorityFile }) {
  const port = await freePort();
  const program = await startProgram([
    binary,
    '-listen',
    `127.0.0.1:${port}`,
    '-ca',
    authorityFile,
    '-storage',
    'pgsql',
    '-storage-dsn',
    `${databaseUrl}?sslmode=disable`,
  ]);
  const target = {
    name,
    port,
    paths: { checkin: '/mdm', connect: '/mdm' },
    serverPid: program.pid,
    settle: async () => undefined,
    stop: program.stop,
  };
  try {
    await within(answers(`http://127.0.0.1:${port}/version`), 'nanomdm');
    return target;
  } catch (error) {
    await program.stop();
    throw error;
  }
}

async function answers(/** @type {string} */ url) {
  const end = performance.now() + START_LIMIT_MS;
  while (performance.now() < end) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @returns {Promise<T>}
 */
async function within(promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    const fail = () => reject(new Error(`${what} did not start within ${START_LIMIT_MS / 1_000} s`));
    timer = setTimeout(fail, START_LIMIT_MS);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
