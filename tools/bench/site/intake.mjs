import { MESSAGES_PER_DEVICE, populate } from './population.mjs';
import { until } from './running-site.mjs';

/** @typedef {import('./running-site.mjs').RunningSite} RunningSite */

const PATIENCE_MS = 1_800_000;
/** Counting is not free: the more there is, the less often. */
const pollMs = (/** @type {number} */ devices) => Math.min(2_000, 100 + devices / 10);

/**
 * Devices enrol and report; measured until all of it is stored and the collections have followed.
 * @param {RunningSite} site
 * @param {{ from: number, to: number }} range of devices
 * @param {(text: string) => void} say
 */
export async function measureIntake(site, { from, to }, say) {
  const devices = to - from + 1;
  const before = site.cpuTimes();
  const handledBefore = await handled(site);
  const wanted = handledBefore + devices * MESSAGES_PER_DEVICE;
  const since = performance.now();
  /** @type {Error | undefined} */
  let failure;
  const filling = populate(site.mdm, from, to).catch((/** @type {unknown} */ error) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  let saidAt = since;
  await until(
    'all reports are stored',
    async () => {
      if (failure !== undefined) throw failure;
      const now = await handled(site);
      if (performance.now() - saidAt > 15_000) {
        saidAt = performance.now();
        const waiting = await site.number(site.proxy, 'SELECT COUNT(*) AS n FROM {resource_change}');
        say(
          `  ${now - handledBefore} of ${wanted - handledBefore} messages; ${waiting} changes wait for evaluation`,
        );
      }
      return now >= wanted;
    },
    PATIENCE_MS,
    pollMs(to),
  );
  await filling;
  const storedSeconds = (performance.now() - since) / 1_000;
  await until(
    'all Macs are members',
    async () => (await membersOfAllMacs(site)) === to,
    PATIENCE_MS,
    pollMs(to),
  );
  const evaluatedSeconds = (performance.now() - since) / 1_000;
  await site.settled();
  const seconds = (performance.now() - since) / 1_000;
  const messages = devices * MESSAGES_PER_DEVICE;
  return {
    devices,
    messages,
    storedSeconds,
    messagesPerSecond: messages / storedSeconds,
    evaluatedSeconds,
    restSeconds: seconds,
    cpuMsPerMessage: perMessage(site.cpuSince(before), messages),
    peaksMb: site.peaks(),
  };
}

/** Messages about enrolments and inventory that config-proxy has handled. */
function handled(/** @type {RunningSite} */ site) {
  return site.number(
    site.proxy,
    `SELECT COUNT(*) AS n FROM {inbox} WHERE durable LIKE '%enrollments%' OR durable LIKE '%inventory%'`,
  );
}

function membersOfAllMacs(/** @type {RunningSite} */ site) {
  return site.number(site.proxy, `SELECT member_count AS n FROM {collection} c WHERE c.name = 'All Macs'`);
}

/** @param {import('./running-site.mjs').ByProcess} cpu @param {number} messages */
export const perMessage = (cpu, messages) =>
  Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, ms / messages]));
