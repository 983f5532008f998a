import { readFileSync } from 'node:fs';
import { Helper } from '../programs.mjs';

/**
 * @typedef {import('../site/running-site.mjs').RunningSite} RunningSite
 * @typedef {import('../load.process.mjs').LoadResult} LoadResult
 */

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 3;

const FILTER = { $filter: "contains(Name,'7')" };
/** The same page, asked for in two ways; and as scripts ask for it, which select what they show. */
const LISTS = {
  json: `/api/v1/devices?${query({ filter: "contains(name,'7')", limit: '100' })}`,
  whole: `/AdminService/wmi/SMS_R_System?${query({ ...FILTER, $top: '100' })}`,
  selected: `/AdminService/wmi/SMS_R_System?${query({ ...FILTER, $top: '100', $select: 'Name,ResourceId,SerialNumber,OperatingSystemNameandVersion,LastLogonUserName' })}`,
  long: `/AdminService/wmi/SMS_R_System?${query({ ...FILTER, $top: '1000' })}`,
};

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

  /** @param {keyof typeof LISTS} name */
  async function measure(name) {
    const order = {
      port: site.suite.options.ports.console,
      authority,
      connections: CONNECTIONS,
      conversations: [[requestFor(LISTS[name], site.suite.adminToken)]],
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
    return {
      json: await measure('json'),
      whole: await measure('whole'),
      selected: await measure('selected'),
      long: await measure('long'),
    };
  } finally {
    await load.stop();
  }
}

const requestFor = (/** @type {string} */ path, /** @type {string} */ token) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`);
