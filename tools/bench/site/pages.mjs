import { percentile } from '../percentile.mjs';

/** @typedef {import('./running-site.mjs').RunningSite} RunningSite */

const ROUNDS = 300;
const WARM_UP = 20;
const LIMIT = 100;
const WALK = 500;

/** Two terms and an order each: one that selects nearly all, one that selects some, one over a joined table. */
const LISTS = [
  { filter: `platform eq 'mac' and osMajorVersion ge 15`, orderBy: 'name' },
  { filter: `osVersion eq '26.0' and contains(name,'7')`, orderBy: 'serialNumber desc' },
  { filter: `state eq 'active' and osMajorVersion lt 26`, orderBy: 'lastSeenAt desc' },
];

/** The first and the last page of device lists. @param {RunningSite} site */
export async function measurePages(site) {
  const lists = [];
  for (const list of LISTS) {
    const cursor = await lastCursor(site, list);
    lists.push({
      list: `${list.filter} by ${list.orderBy}`,
      first: await timed(() => page(site, list, LIMIT)),
      last: await timed(() => page(site, list, LIMIT, cursor)),
    });
  }
  return lists;
}

/** @param {RunningSite} site @param {readonly string[]} deploymentIds */
export function measureSummaries(site, deploymentIds) {
  let next = 0;
  return timed(() => {
    next += 1;
    return site.api.summary(deploymentIds[next % deploymentIds.length] ?? '');
  });
}

/** @param {() => Promise<unknown>} ask */
async function timed(ask) {
  /** @type {number[]} */
  const times = [];
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const since = performance.now();
    await ask();
    if (round >= 0) times.push(performance.now() - since);
  }
  return { p50Ms: percentile(times, 50), p99Ms: percentile(times, 99) };
}

/**
 * @param {RunningSite} site
 * @param {typeof LISTS[number]} list
 * @param {number} limit
 * @param {string} [cursor]
 * @returns {Promise<{ items: unknown[], nextCursor?: string }>}
 */
function page(site, list, limit, cursor) {
  const query = new URLSearchParams({
    ...list,
    limit: String(limit),
    ...(cursor !== undefined && { cursor }),
  });
  return site.call('GET', `/api/v1/devices?${query.toString()}`);
}

/** That after which the last page begins. @param {RunningSite} site @param {typeof LISTS[number]} list */
async function lastCursor(site, list) {
  /** @type {string | undefined} */
  let before;
  for (let cursor; ;) {
    const { nextCursor } = await page(site, list, WALK, cursor);
    if (nextCursor === undefined) return before;
    before = nextCursor;
    cursor = nextCursor;
  }
}
