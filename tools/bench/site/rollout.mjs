import { setTimeout as pause } from 'node:timers/promises';
import { encodeProfile, stableUuid } from '@espalier/config-profile';
import { until } from './running-site.mjs';

/** @typedef {import('./running-site.mjs').RunningSite} RunningSite */

const PATIENCE_MS = 1_800_000;
/** Counting is not free: the more there is, the less often. */
const pollMs = (/** @type {number} */ devices) => Math.min(1_000, 100 + devices / 50);
const PROGRESS_MS = 1_000;
/** One of so many of the other deployments is enabled. */
const ENABLED = 10;
/** What has been handed over when mdm-policy is killed. */
const KILL_AT = 0.3;

/** @param {RunningSite} site @param {string} name */
async function importProfile(site, name) {
  const identifier = `io.espalier.bench.${name}`;
  const payload = { PayloadVersion: 1, PayloadDisplayName: name };
  const profile = encodeProfile({
    ...payload,
    PayloadType: 'Configuration',
    PayloadIdentifier: identifier,
    PayloadUUID: stableUuid(identifier),
    PayloadScope: 'System',
    PayloadContent: [
      {
        ...payload,
        PayloadType: 'com.apple.loginwindow',
        PayloadIdentifier: `${identifier}.loginwindow`,
        PayloadUUID: stableUuid(`${identifier}.loginwindow`),
        LoginwindowText: name,
      },
    ],
  });
  return site.api.importProfile(profile, name);
}

/**
 * Deployments to the collections of the bench, most of them disabled; gives their ids.
 * @param {RunningSite} site
 * @param {readonly string[]} collectionIds
 * @param {number} count
 */
export async function makeDeployments(site, collectionIds, count) {
  const since = performance.now();
  /** @type {string[]} */
  const ids = [];
  // Those of the kind that selects up to five hundred devices by their names.
  const small = collectionIds.filter((_, index) => index % 10 >= 6);
  for (let index = 0; index < count; index += 1) {
    const { id } = await site.api.deploy({
      thingKind: 'configuration-item',
      thingId: await importProfile(site, `setting-${index}`),
      collectionId: small[index % small.length] ?? '',
      enabled: index % ENABLED === 0,
    });
    ids.push(id);
  }
  await site.settled();
  return { ids, seconds: (performance.now() - since) / 1_000 };
}

/**
 * A required profile for every Mac: until a command waits for each enrolment.
 * @param {RunningSite} site
 * @param {{ name: string, devices: number, kill?: boolean, say: (text: string) => void }} order
 */
export async function measureRollout(site, { name, devices, kill = false, say }) {
  const thingId = await importProfile(site, name);
  const collectionId = (await site.api.collection('All Macs'))?.id ?? '';
  await site.settled();
  const start = await site.number(site.mdm, 'SELECT MAX(sequence) AS n FROM {queued_command}');
  const queued = () =>
    site.number(
      site.mdm,
      `SELECT COUNT(*) AS n FROM {queued_command} WHERE sequence > :start AND request_type = 'InstallProfile'`,
      { start },
    );
  site.forgetPeaks();
  const before = site.cpuTimes();
  const since = performance.now();
  const seconds = () => (performance.now() - since) / 1_000;
  const { id } = await site.api.deploy({ thingKind: 'configuration-item', thingId, collectionId });
  const progress = watchProgress(site, id, seconds);
  let killedAt = 0;
  let saidAt = 0;
  await until(
    'every enrolment has its command',
    async () => {
      const count = await queued();
      if (seconds() - saidAt > 10) {
        saidAt = seconds();
        say(`  ${count} of ${devices} commands after ${saidAt.toFixed(0)} s`);
      }
      if (kill && killedAt === 0 && count >= devices * KILL_AT && count < devices) {
        site.suite.process('mdm-policy').kill('SIGKILL');
        killedAt = seconds();
        say(`  mdm-policy killed after ${count} commands`);
      }
      return count >= devices;
    },
    PATIENCE_MS,
    pollMs(devices),
  );
  const queuedSeconds = seconds();
  const cpuMs = site.cpuSince(before);
  await until(
    'the summary shows every device',
    async () => (await inProgress(site, id)) >= devices,
    PATIENCE_MS,
    pollMs(devices),
  );
  const shownSeconds = seconds();
  await site.settled();
  const samples = await progress.stop();
  const { total, doubled } = await commandsSince(site, start);
  return {
    deploymentId: id,
    devices,
    queuedSeconds,
    shownSeconds,
    killedAt,
    cpuMs,
    peaksMb: site.peaks(),
    progress: samples,
    doubled,
    missing: devices - (total - doubled),
  };
}

/** @param {RunningSite} site @param {number} start */
async function commandsSince(site, start) {
  /** @type {{ total: number, devices: number }[]} */
  const [row] = await site.mdm.query(
    `SELECT COUNT(*) AS total, COUNT(DISTINCT enrollment_id) AS devices
     FROM {queued_command} WHERE sequence > :start AND request_type = 'InstallProfile'`,
    { start },
  );
  const { total, devices } = row ?? { total: 0, devices: 0 };
  return { total, doubled: total - devices };
}

/** @param {RunningSite} site @param {string} id */
async function inProgress(site, id) {
  const { counts } = await site.api.summary(id);
  return counts.inProgress + counts.success;
}

/**
 * Asks for the summary again and again, as a console would.
 * @param {RunningSite} site
 * @param {string} id
 * @param {() => number} seconds
 */
function watchProgress(site, id, seconds) {
  const stopping = new AbortController();
  /** @type {{ atSeconds: number, inProgress: number, targeted: number, askedMs: number }[]} */
  const samples = [];
  const run = async () => {
    while (!stopping.signal.aborted) {
      const asked = performance.now();
      const { counts } = await site.api.summary(id);
      samples.push({
        atSeconds: Math.round(seconds() * 10) / 10,
        inProgress: counts.inProgress,
        targeted: counts.targeted,
        askedMs: Math.round(performance.now() - asked),
      });
      await pause(PROGRESS_MS);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return samples;
    },
  };
}
