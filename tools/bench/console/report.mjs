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
  const [json, service, large] = requests ?? [];
  if (json === undefined || service === undefined || large === undefined) return [];
  const ratio = service.cpuMsEach / json.cpuMsEach;
  const figures = (/** @type {typeof json} */ { perSecond, p99Ms, cpuMsEach }) =>
    `${perSecond.toFixed(0)}/s, p99 ${p99Ms.toFixed(0)} ms, CPU ${cpuMsEach.toFixed(2)} ms each`;
  return [
    { what: 'JSON API, a page of 100', target: '', measured: figures(json), holds: undefined },
    {
      what: 'AdminService, the same page: CPU',
      target: `<= ${TARGETS.cpuRatio} x`,
      measured: `${ratio.toFixed(2)} x`,
      holds: ratio <= TARGETS.cpuRatio,
    },
    {
      what: 'AdminService, the same page',
      target: `>= ${TARGETS.perSecond}/s, p99 <= ${TARGETS.p99Ms} ms`,
      measured: figures(service),
      holds: service.perSecond >= TARGETS.perSecond && service.p99Ms <= TARGETS.p99Ms,
    },
    {
      what: 'AdminService, pages of 1,000 rows',
      target: 'flat memory',
      measured: `${figures(large)}; at most ${large.peakMb} MB after ${service.peakMb} MB`,
      holds: undefined,
    },
  ];
}

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
