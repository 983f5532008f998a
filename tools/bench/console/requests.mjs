import { readFileSync } from 'node:fs';
import { Helper } from '../programs.mjs';

/**
 * @typedef {import('../site/running-site.mjs').RunningSite} RunningSite
 * @typedef {import('../load.process.mjs').LoadResult} LoadResult
 */

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 3;

/** The same page, asked for in two ways. */
const LISTS = {
  'JSON API': `/api/v1/devices?${query({ filter: "contains(name,'7')", limit: '100' })}`,
  AdminService: `/AdminService/wmi/SMS_R_System?${query({ $filter: "contains(Name,'7')", $top: '100' })}`,
  'AdminService, 1,000 rows': `/AdminService/wmi/SMS_R_System?${query({ $filter: "contains(Name,'7')", $top: '1000' })}`,
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
  try {
    const results = [];
    for (const [name, path] of Object.entries(LISTS)) {
      const order = {
        port: site.suite.options.ports.console,
        authority: readFileSync(site.suite.pki.ca.certificate, 'utf8'),
        connections: CONNECTIONS,
        conversations: [[requestFor(path, site.suite.adminToken)]],
        expected: 'command',
      };
      await load.ask({ ...order, seconds: WARM_UP_SECONDS });
      site.forgetPeaks();
      const before = site.cpuTimes();
      /** @type {LoadResult} */
      const result = await load.ask({ ...order, seconds });
      const cpu = site.cpuSince(before);
      const cpuMsEach = ((cpu['config-proxy'] ?? 0) + (cpu['PostgreSQL'] ?? 0)) / result.requests;
      const perSecond = result.requests / result.seconds;
      results.push({ name, ...result, perSecond, cpuMsEach, peakMb: site.peaks()['config-proxy'] ?? 0 });
    }
    return results;
  } finally {
    await load.stop();
  }
}

const requestFor = (/** @type {string} */ path, /** @type {string} */ token) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n\r\n`);
