import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { commandQueued } from '@espalier/contracts';
import { eventMessage } from '@espalier/messaging';
import { Helper } from '../programs.mjs';
import { until } from '../site/running-site.mjs';

/** @typedef {import('../site/running-site.mjs').RunningSite} RunningSite */

const TYPE = `${commandQueued.aggregate}.${commandQueued.event}`;
const TICK_MS = 20;
const PATIENCE_MS = 60_000;

/**
 * Many listeners follow what is published at a steady rate. One reads nothing: nobody else must wait for it.
 * @param {RunningSite} site
 * @param {{ listeners: number, events: number, seconds: number, say: (text: string) => void }} order
 */
export async function measureListeners(site, { listeners, events, seconds, say }) {
  const reader = new Helper('console/listeners.process.mjs');
  try {
    await reader.ask({
      kind: 'listen',
      port: site.suite.options.ports.console,
      authority: readFileSync(site.suite.pki.ca.certificate, 'utf8'),
      token: site.suite.adminToken,
      listeners,
      type: TYPE,
    });
    say(`  ${listeners} listeners; ${events} events per second for ${seconds} s`);
    const messaging = await site.speakAs('mdm');
    site.forgetPeaks();
    const quietMb = site.peaks();
    const before = site.cpuTimes();
    const since = performance.now();
    const published = await publishSteadily(messaging, events, seconds);
    /** @type {{ least: number, most: number, ended: number, p50Ms: number, p99Ms: number }} */
    let counts = await reader.ask({ kind: 'counts' });
    await until(
      'every listener has every event',
      async () => {
        counts = await reader.ask({ kind: 'counts' });
        return counts.least >= published;
      },
      PATIENCE_MS,
      100,
    ).catch(() => say('  some listeners miss events'));
    const elapsed = (performance.now() - since) / 1_000;
    return {
      listeners,
      published,
      publishedPerSecond: published / seconds,
      seconds: elapsed,
      ...counts,
      cpuMs: site.cpuSince(before),
      peaksMb: site.peaks(),
      /** With all listeners connected and nothing published. */
      quietMb,
    };
  } finally {
    await reader.stop();
  }
}

/**
 * @param {import('@espalier/messaging').Messaging} messaging
 * @param {number} perSecond
 * @param {number} seconds
 */
async function publishSteadily(messaging, perSecond, seconds) {
  const since = performance.now();
  const label = Date.now();
  let published = 0;
  /** @type {Promise<unknown>[]} */
  const sent = [];
  for (;;) {
    const elapsed = Math.min(seconds, (performance.now() - since) / 1_000);
    for (const due = Math.round(elapsed * perSecond); published < due; published += 1)
      sent.push(messaging.publishOutboxMessage(queued(`live-${label}-${published}`)));
    if (elapsed >= seconds) break;
    await pause(TICK_MS);
  }
  await Promise.all(sent);
  return published;
}

function queued(/** @type {string} */ messageId) {
  return eventMessage(
    commandQueued,
    {
      id: '00000000-0000-4000-8000-000000000001',
      commandId: '00000000-0000-4000-8000-000000000002',
      enrollmentId: '00000001-0000-4000-8000-000000000001',
      requestType: 'ProfileList',
      createdBy: 'bench',
      at: Date.now(),
    },
    { messageId },
  );
}
