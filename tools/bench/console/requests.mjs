import { readFileSync } from 'node:fs';
import { Helper } from '../programs.mjs';

/**
 * @typedef {import('../site/running-site.mjs').RunningSite} RunningSite
 * @typedef {import('../load.process.mjs').LoadResult} LoadResult
 */

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 3;
const ROUNDS = 3;

/** So that no two requests that are under way are the same: what is asked for at the same time is read once for all. */
const VARIANTS = 2 * CONNECTIONS;
const FIVE = 'Name,ResourceId,SerialNumber,OperatingSystemNameandVersion,LastLogonUserName';

/** Pages of the same devices, asked for in two ways; and as scripts ask for them, which select what they show. */
const LISTS = {
  json: (/** @type {number} */ n) =>
    `/api/v1/devices?${query({ filter: `contains(name,'7') and resourceId gt ${n}`, limit: '100' })}`,
  whole: (/** @type {number} */ n) => adminService(n, { $top: '100' }),
  selected: (/** @type {number} */ n) => adminService(n, { $top: '100', $select: FIVE }),
  long: (/** @type {number} */ n) => adminService(n, { $top: '1000' }),
};

const adminService = (/** @type {number} */ n, /** @type {Record<string, string>} */ options) =>
  `/AdminService/wmi/SMS_R_System?${query({ $filter: `contains(Name,'7') and ResourceId gt ${n}`, ...options })}`;

function query(/** @type {Record<string, string>} */ options) {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/**
 * Pages of devices by both APIs, one after the other, as fast as they are answered.
 * @param {RunningSite} site
 * @param {number} seconds
 */
export async function measureRequests(site, seconds) {
  const load = new Helper('load.process.mjs');
  const authority = readFileSync(site.suite.pki.ca.certificate, 'utf8');

  /**
   * @param {keyof typeof LISTS} name
   * @param {number} [variants] how many lists are asked for: 1 is the same for all
   */
  async function measure(name, variants = VARIANTS) {
    const list = LISTS[name];
    const order = {
      port: site.suite.options.ports.console,
      authority,
      connections: CONNECTIONS,
      conversations: Array.from({ length: variants }, (_, n) => [requestFor(list(n), site.suite.adminToken)]),
      expected: 'command',
    };
    await load.ask({ ...order, seconds: WARM_UP_SECONDS });
    site.forgetPeaks();
    const before = site.cpuTimes();
    /** @type {LoadResult} */
    const result = await load.ask({ ...order, seconds });
    const cpu = site.cpuSince(before);
    const each = (/** @type {string} */ process) => (cpu[process] ?? 0) / result.requests;
    const [proxyMsEach, postgresMsEach] = [each('config-proxy'), each('PostgreSQL')];
    return {
      ...result,
      perSecond: result.requests / result.seconds,
      proxyMsEach,
      postgresMsEach,
      cpuMsEach: proxyMsEach + postgresMsEach,
      peakMb: site.peaks()['config-proxy'] ?? 0,
    };
  }

  try {
    // In turn: what else the machine does meanwhile meets both.
    const [jsons, wholes] = [[await measure('json')], [await measure('whole')]];
    for (let round = 1; round < ROUNDS; round += 1) {
      jsons.push(await measure('json'));
      wholes.push(await measure('whole'));
    }
    return {
      json: middleOf(jsons),
      whole: middleOf(wholes),
      selected: await measure('selected'),
      sameWhole: await measure('whole', 1),
      sameSelected: await measure('selected', 1),
      long: await measure('long'),
    };
  } finally {
    await load.stop();
  }
}

/** By CPU time. @template {{ cpuMsEach: number }} T @param {T[]} rounds */
const middleOf = (rounds) =>
  /** @type {T} */ (rounds.toSorted((a, b) => a.cpuMsEach - b.cpuMsEach)[Math.floor(rounds.length / 2)]);

const requestFor = (/** @type {string} */ path, /** @type {string} */ token) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`);
