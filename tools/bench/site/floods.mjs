import { setTimeout as pause } from 'node:timers/promises';
import { deviceReported, policyStatesReported } from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { perMessage } from './intake.mjs';
import { reportsOf } from './population.mjs';
import { until } from './running-site.mjs';

/**
 * @typedef {import('./running-site.mjs').RunningSite} RunningSite
 * @typedef {import('@espalier/messaging').Messaging} Messaging
 * @typedef {import('@espalier/contracts').OutboxMessage} OutboxMessage
 */

const RATE = 2_000;
const BEFORE_SECONDS = 10;
const AFTER_SECONDS = 20;
const TICK_MS = 20;
const BURST = 20_000;
const PATIENCE_MS = 900_000;
const TOPICS = /** @type {const} */ ([
  [302, 2],
  [301, 12],
  [300, 2],
]);

/**
 * State messages at a steady rate while the database stands still for some time: is anything lost?
 * An event tells of one device, as when devices answer one by one.
 * @param {RunningSite} site
 * @param {{ deploymentId: string, devices: number, pauseSeconds: number, say: (text: string) => void }} order
 */
export async function measureStates(site, { deploymentId, devices, pauseSeconds, say }) {
  const messaging = await site.speakAs('mdm-policy');
  const reports = await reportsOf(site.mdm, 1, Math.min(devices, BURST));
  const ids = reports.map(({ enrollmentId }) => enrollmentId);
  const sequence = Date.now() * 10;
  let told = 0;
  const next = () => stateEvent(deploymentId, ids[told % ids.length] ?? '', sequence + told++);
  // A later state replaces an earlier one, so that rows alone would not show that one was lost.
  const handledStates = () =>
    site.number(
      site.proxy,
      `SELECT COUNT(*) AS n FROM {inbox} WHERE durable = 'states' AND message_id BETWEEN :first AND :last`,
      { first: stateEventId(sequence), last: stateEventId(sequence + told - 1) },
    );
  const seconds = BEFORE_SECONDS + pauseSeconds + AFTER_SECONDS;
  const before = site.cpuTimes();
  const since = performance.now();
  const publishing = publishSteadily(messaging, next, RATE / TOPICS.length, seconds);
  publishing.catch(() => undefined);
  await pause(BEFORE_SECONDS * 1_000);
  say(`  PostgreSQL stands still for ${pauseSeconds} s`);
  site.postgres.pause();
  try {
    await pause(pauseSeconds * 1_000);
  } finally {
    site.postgres.resume();
  }
  await publishing;
  const publishedSeconds = (performance.now() - since) / 1_000;
  const messages = told * TOPICS.length;
  // Of each device the last one counts.
  const expected = Math.min(told, ids.length);
  const oldest = sequence + told - expected;
  const stored = () =>
    site.number(
      site.proxy,
      `SELECT COUNT(*) AS n FROM {deployment_state} WHERE deployment_id = :deploymentId
       AND evaluation_sequence >= :oldest AND enforcement_sequence >= :oldest AND compliance_sequence >= :oldest`,
      { deploymentId, oldest },
    );
  await until(
    'every state is stored',
    async () => (await handledStates()) >= told && (await stored()) >= expected,
    120_000,
    POLL_MS,
  ).catch(() => {
    say('  states are missing');
  });
  const storedSeconds = (performance.now() - since) / 1_000;
  return {
    messages,
    publishedSeconds,
    publishedPerSecond: messages / publishedSeconds,
    pauseSeconds,
    /** Until what had piled up, and what came meanwhile, was stored. */
    behindSeconds: storedSeconds - publishedSeconds,
    storedPerSecond: messages / (storedSeconds - pauseSeconds),
    lost: (told - (await handledStates())) * TOPICS.length,
    outdated: expected - (await stored()),
    cpuMsPerMessage: perMessage(site.cpuSince(before), messages),
  };
}

const POLL_MS = 500;
const BURST_POLL_MS = 200;

/**
 * How many can be taken in per second: all there at once.
 * @param {RunningSite} site
 * @param {{ deploymentId: string, devices: number }} order
 */
export async function measureStateBurst(site, { deploymentId, devices }) {
  const messaging = await site.speakAs('mdm-policy');
  const reports = await reportsOf(site.mdm, 1, Math.min(devices, BURST));
  const sequence = Date.now() * 10;
  const events = reports.map(({ enrollmentId }, index) =>
    stateEvent(deploymentId, enrollmentId, sequence + index),
  );
  return burst(site, messaging, events, TOPICS.length, async () => {
    const stored = await site.number(
      site.proxy,
      `SELECT COUNT(*) AS n FROM {deployment_state} WHERE deployment_id = :deploymentId AND evaluation_sequence >= :sequence`,
      { deploymentId, sequence },
    );
    return stored >= events.length;
  });
}

/**
 * Devices that are known report anew, each with a free space that has changed.
 * @param {RunningSite} site
 * @param {number} devices
 */
export async function measureInventoryBurst(site, devices) {
  const messaging = await site.speakAs('mdm');
  const reports = await reportsOf(site.mdm, 1, Math.min(devices, BURST));
  const sequence = Date.now() * 10;
  const events = reports.map((report, index) => {
    report.facts.availableCapacity = (report.facts.availableCapacity ?? 0) + 5_000_000_000;
    return eventMessage(deviceReported, report, { messageId: reportEventId(sequence + index) });
  });
  // By its key: counting all that was ever handled would cost more than what is measured.
  const handledReports = () =>
    site.number(
      site.proxy,
      `SELECT COUNT(*) AS n FROM {inbox} WHERE durable = 'inventory' AND message_id BETWEEN :first AND :last`,
      { first: reportEventId(sequence), last: reportEventId(sequence + events.length - 1) },
    );
  const isStored = async () => (await handledReports()) >= events.length;
  const areFollowed = async () =>
    (await site.number(site.proxy, 'SELECT COUNT(*) AS n FROM {resource_change}')) === 0;
  return burst(site, messaging, events, 1, isStored, areFollowed);
}

/**
 * @param {RunningSite} site
 * @param {Messaging} messaging
 * @param {readonly OutboxMessage[]} events
 * @param {number} messagesEach
 * @param {() => Promise<boolean>} areStored
 * @param {() => Promise<boolean>} [areFollowed] what is done about them after that, too
 */
async function burst(site, messaging, events, messagesEach, areStored, areFollowed) {
  await site.settled();
  const before = site.cpuTimes();
  const since = performance.now();
  for (let from = 0; from < events.length; from += 500)
    await Promise.all(events.slice(from, from + 500).map((event) => messaging.publishOutboxMessage(event)));
  const elapsed = () => (performance.now() - since) / 1_000;
  await until('all of the burst is stored', areStored, PATIENCE_MS, BURST_POLL_MS);
  const seconds = elapsed();
  if (areFollowed !== undefined)
    await until('all of the burst is followed', areFollowed, PATIENCE_MS, BURST_POLL_MS);
  const messages = events.length * messagesEach;
  return {
    messages,
    seconds,
    perSecond: messages / seconds,
    followedPerSecond: messages / elapsed(),
    cpuMsPerMessage: perMessage(site.cpuSince(before), messages),
  };
}

/** Of one length, so that ids order as their numbers do. */
const stateEventId = (/** @type {number} */ sequence) => `state-${sequence}`;
const reportEventId = (/** @type {number} */ sequence) => `report-${sequence}`;

/** @param {string} deploymentId @param {string} enrollmentId @param {number} sequence */
function stateEvent(deploymentId, enrollmentId, sequence) {
  const at = Date.now();
  return eventMessage(
    policyStatesReported,
    {
      messages: TOPICS.map(([topicType, stateId]) => ({
        enrollmentId,
        topicType,
        topicId: deploymentId,
        stateId,
        at,
        sequence,
      })),
    },
    { messageId: stateEventId(sequence) },
  );
}

/**
 * @param {Messaging} messaging
 * @param {() => OutboxMessage} next
 * @param {number} perSecond events
 * @param {number} seconds
 */
async function publishSteadily(messaging, next, perSecond, seconds) {
  const since = performance.now();
  let published = 0;
  /** @type {Set<Promise<unknown>>} */
  const underWay = new Set();
  for (;;) {
    const elapsed = Math.min(seconds, (performance.now() - since) / 1_000);
    const due = Math.round(elapsed * perSecond);
    for (; published < due; published += 1) {
      const sent = messaging.publishOutboxMessage(next()).finally(() => underWay.delete(sent));
      underWay.add(sent);
    }
    if (elapsed >= seconds) break;
    await pause(TICK_MS);
  }
  await Promise.all(underWay);
}
