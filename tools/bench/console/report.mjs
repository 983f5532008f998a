import { availableParallelism, cpus } from 'node:os';

/**
 * @typedef {Awaited<ReturnType<typeof import('./measure-console.mjs').measureConsole>>} Measured
 * @typedef {import('../site/report.mjs').Line} Line
 */

const TARGETS = { cpuRatio: 1.5, perSecond: 1_000, p99Ms: 100, listenersMb: 300 };

/** @param {Measured} measured */
export function resultOf(measured) {
  return {
    machine: { cpu: cpus()[0]?.model ?? '', threads: availableParallelism() },
    versions: { Node: process.versions.node, PostgreSQL: measured.postgres },
    targets: TARGETS,
    measured,
    lines: [...requestLines(measured), ...liveLines(measured)],
  };
}

/** @param {Measured} measured @returns {Line[]} */
function requestLines({ requests }) {
  if (requests === undefined) return [];
  const { json, whole, selected, sameWhole, sameSelected, long } = requests;
  const ratio = whole.cpuMsEach / json.cpuMsEach;
  const { perSecond: fast, p99Ms } = TARGETS;
  const plain = (/** @type {typeof json} */ of) => ({ target: '', measured: figures(of), holds: undefined });
  const page = (/** @type {typeof json} */ of) => ({
    target: `>= ${fast}/s, p99 <= ${p99Ms} ms`,
    measured: figures(of),
    holds: of.perSecond >= fast && of.p99Ms <= p99Ms,
  });
  return [
    { what: 'JSON API, a page of 100', ...plain(json) },
    {
      what: 'AdminService, the same page: CPU',
      target: `<= ${TARGETS.cpuRatio} x`,
      measured: `${ratio.toFixed(2)} x`,
      holds: ratio <= TARGETS.cpuRatio,
    },
    { what: 'AdminService, every property, a list each', ...plain(whole) },
    { what: '… one list for all', ...page(sameWhole) },
    { what: 'AdminService, five properties, a list each', ...plain(selected) },
    { what: '… one list for all', ...page(sameSelected) },
    {
      what: 'AdminService, pages of 1,000 rows',
      target: 'flat memory',
      measured: `${figures(long)}; at most ${long.peakMb} MB after ${sameSelected.peakMb} MB`,
      holds: undefined,
    },
  ];
}

/** @param {NonNullable<Measured['requests']>['json']} measured */
const figures = ({ perSecond, p99Ms, proxyMsEach, postgresMsEach }) =>
  `${perSecond.toFixed(0)}/s, p99 ${p99Ms.toFixed(0)} ms; CPU each: config-proxy ${proxyMsEach.toFixed(2)} ms, PostgreSQL ${postgresMsEach.toFixed(2)} ms`;

/** @param {Measured} measured @returns {Line[]} */
function liveLines({ live }) {
  if (live === undefined) return [];
  const mb = live.peaksMb['config-proxy'] ?? 0;
  const complete = live.least >= live.published && live.ended === 0;
  return [
    {
      what: `${live.listeners} listeners, ${live.publishedPerSecond.toFixed(0)} events/s: memory`,
      target: `<= ${TARGETS.listenersMb} MB`,
      measured: `${mb} MB; ${live.quietMb['config-proxy'] ?? 0} MB before anything was published`,
      holds: mb <= TARGETS.listenersMb,
    },
    {
      what: '… every event at every listener',
      target: 'none waits for another',
      measured: `${live.least} to ${live.most} of ${live.published}, ${live.ended} dropped; from publication p50 ${live.p50Ms} ms, p99 ${live.p99Ms} ms; CPU s: ${Object.entries(
        live.cpuMs,
      )
        .map(([name, ms]) => `${name} ${(ms / 1_000).toFixed(1)}`)
        .join(', ')} in ${live.seconds.toFixed(1)} s`,
      holds: complete,
    },
  ];
}
