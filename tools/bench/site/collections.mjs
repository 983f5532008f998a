import { setTimeout as pause } from 'node:timers/promises';
import { deviceReported } from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { median } from '../measurement.mjs';
import { collectionDefinitions, reportsOf, versionAfter, versionOf } from './population.mjs';
import { percentile } from '../percentile.mjs';
import { until } from './running-site.mjs';

/**
 * @typedef {import('./running-site.mjs').RunningSite} RunningSite
 * @typedef {Awaited<ReturnType<typeof makeCollections>>} MadeCollections
 */

const CHANGES = 50;
const WARM_UP = 5;
const IDLE_MS = 5_000;

/**
 * Makes collections of every kind by the API. Direct rules name the first devices, which must be there.
 * @param {RunningSite} site
 * @param {number} count
 */
export async function makeCollections(site, count) {
  /** @type {{ serial_number: string, resource_id: number }[]} */
  const rows = await site.proxy.query(
    `SELECT serial_number, resource_id FROM {resource} WHERE serial_number <= 'SITE00001000'`,
  );
  const idOf = new Map(rows.map((row) => [Number(row.serial_number.slice(4)), row.resource_id]));
  /** @type {string[]} */
  const ids = [];
  const since = performance.now();
  for (const definition of collectionDefinitions(count)) {
    const include = (/** @type {'include' | 'exclude'} */ kind, /** @type {number[]} */ of = []) =>
      of.map((index) => ({ kind, collectionId: ids[index] }));
    const { id } = await site.api.createCollection(definition.name, {
      rules: [
        ...(definition.rules ?? []),
        ...include('include', definition.includes),
        ...include('exclude', definition.excludes),
      ],
      ...(definition.directNumbers && {
        directResourceIds: [...new Set(definition.directNumbers)].flatMap((number) => idOf.get(number) ?? []),
      }),
    });
    ids.push(id);
  }
  const madeSeconds = (performance.now() - since) / 1_000;
  await site.settled();
  return { ids, madeSeconds, evaluatedSeconds: (performance.now() - since) / 1_000 };
}

/** Every collection for every device. @param {RunningSite} site */
export async function measureWholeEvaluation(site) {
  const before = site.cpuTimes();
  const since = performance.now();
  /** @type {import('@espalier/contracts').Job} */
  const job = await site.call('POST', '/api/v1/collections/evaluate');
  await until(
    'all collections are evaluated',
    async () => {
      /** @type {import('@espalier/contracts').Job} */
      const now = await site.call('GET', `/api/v1/jobs/${job.id}`);
      if (now.state === 'failed') throw new Error(`the evaluation failed: ${now.messages.join(' ')}`);
      return now.finishedAt !== null;
    },
    1_800_000,
    100,
  );
  const seconds = (performance.now() - since) / 1_000;
  const members = await site.number(site.proxy, 'SELECT COUNT(*) AS n FROM {collection_member}');
  return { seconds, cpuMs: site.cpuSince(before), members };
}

/**
 * One device reports another OS version: from when mdm tells it until it has left and joined what it should.
 * @param {RunningSite} site
 * @param {number} devices
 */
export async function measureChange(site, devices) {
  const messaging = await site.speakAs('mdm');
  const collectionsOf = await versionCollections(site);
  const idle = await idleCpu(site);
  /** @type {number[]} */
  const times = [];
  let before = site.cpuTimes();
  let since = performance.now();
  for (let change = -WARM_UP; change < CHANGES; change += 1) {
    if (change === 0) {
      await pause(500);
      before = site.cpuTimes();
      since = performance.now();
    }
    const n = 1 + ((Math.abs(change) * 1_009 + (change < 0 ? 503 : 0)) % devices);
    const [report] = await reportsOf(site.mdm, n, n);
    if (report === undefined) throw new Error(`there is no device ${n}`);
    const [from, to] = [versionOf(n), versionAfter(versionOf(n))];
    report.facts.osVersion = to;
    const resourceId = await site.number(
      site.proxy,
      'SELECT resource_id AS n FROM {resource_enrollment} WHERE enrollment_id = :id',
      { id: report.enrollmentId },
    );
    const [left, joined] = [collectionsOf(from), collectionsOf(to)];
    const start = performance.now();
    await messaging.publishOutboxMessage(
      eventMessage(deviceReported, report, { messageId: `change-${n}-${Date.now()}` }),
    );
    await until(
      `device ${n} is where it belongs`,
      async () => {
        const count = await site.number(
          site.proxy,
          `SELECT COUNT(*) FILTER (WHERE collection_id IN (:joined)) - COUNT(*) FILTER (WHERE collection_id IN (:left)) AS n
         FROM {collection_member} WHERE resource_id = :resourceId`,
          { joined, left, resourceId },
        );
        return count === joined.length;
      },
      60_000,
      5,
    );
    if (change >= 0) times.push(performance.now() - start);
  }
  await pause(1_000);
  const elapsed = performance.now() - since;
  const used = site.cpuSince(before);
  const cpuMs = Object.fromEntries(
    Object.entries(used).map(([name, ms]) => [name, Math.max(0, ms - (idle[name] ?? 0) * elapsed) / CHANGES]),
  );
  return {
    changes: CHANGES,
    medianMs: median(times),
    p95Ms: percentile(times, 95),
    maxMs: Math.max(...times),
    cpuMs,
    evaluationCpuMs: (cpuMs['PostgreSQL'] ?? 0) + (cpuMs['config-proxy'] ?? 0),
  };
}

/** CPU per ms while nothing happens. @param {RunningSite} site */
async function idleCpu(site) {
  await site.settled();
  const before = site.cpuTimes();
  await pause(IDLE_MS);
  return Object.fromEntries(Object.entries(site.cpuSince(before)).map(([name, ms]) => [name, ms / IDLE_MS]));
}

/** Collections whose members have an OS version. @param {RunningSite} site */
async function versionCollections(site) {
  /** @type {{ collection_id: string, query: string }[]} */
  const rows = await site.proxy.query(
    `SELECT collection_id, query FROM {collection_rule} WHERE query LIKE '%OperatingSystemNameandVersion%'`,
  );
  return (/** @type {string} */ version) =>
    rows.filter(({ query }) => query.includes(`%${version}%`)).map((row) => row.collection_id);
}
