import { availableParallelism, cpus } from 'node:os';

/**
 * @typedef {Awaited<ReturnType<typeof import('./measure-site.mjs').measureSite>>} Measured
 * @typedef {object} Line
 * @property {string} what
 * @property {string} target
 * @property {string} measured
 * @property {boolean | undefined} holds undefined where there is no target
 */

const TARGETS = {
  wholeEvaluationSeconds: 60,
  changeMs: 1_000,
  growth: 1.3,
  rolloutSeconds: 90,
  peakMb: 400,
  pageMs: 60,
  summaryMs: 50,
  messagesPerSecond: 2_000,
};
/** The last page is as fast as the first: as far as such times can be told apart. */
const AS_FAST = 1.5;
/** A shorter one is over before its rate can be told. */
const LONG_BURST = 10_000;
/** Counts that somebody who looks each second sees at least, where there is time for so many. */
const SEEN_GROWING = 3;

const seconds = (/** @type {number} */ value) => `${value.toFixed(1)} s`;
const ms = (/** @type {number} */ value) => `${value.toFixed(1)} ms`;
const whole = (/** @type {number} */ value) => String(Math.round(value));
const byProcess = (/** @type {Record<string, number>} */ of, /** @type {number} */ digits = 0) =>
  Object.entries(of)
    .map(([name, value]) => `${name} ${value.toFixed(digits)}`)
    .join(', ');

/** @param {readonly Measured[]} sites */
export function resultOf(sites) {
  return {
    machine: { cpu: cpus()[0]?.model ?? '', threads: availableParallelism() },
    versions: { Node: process.versions.node, PostgreSQL: sites[0]?.postgres ?? '' },
    targets: TARGETS,
    sites,
    lines: [...sites.flatMap(linesOf), ...growthLines(sites)],
  };
}

/** @param {Measured} site @returns {Line[]} */
function linesOf(site) {
  const at = `${site.devices} devices`;
  /** @type {Line[]} */
  const lines = [];
  /** @type {(what: string, target: string, measured: string, holds?: boolean) => void} */
  const add = (what, target, measured, holds) =>
    void lines.push({ what: `${at}: ${what}`, target, measured, holds });
  const { intake, collections, rollout, pages, floods } = site;
  for (const { devices, messagesPerSecond, evaluatedSeconds, cpuMsPerMessage } of intake)
    add(
      `${devices} devices enrol and report`,
      '',
      `${whole(messagesPerSecond)} messages/s, in all collections after ${seconds(evaluatedSeconds)}; CPU ms each: ${byProcess(cpuMsPerMessage, 2)}`,
    );
  add('largest process while they do', '', `MB: ${byProcess(intake.at(-1)?.peaksMb ?? {})}`);
  if (collections !== undefined) {
    const { whole: evaluation, change } = collections;
    const limit = TARGETS.wholeEvaluationSeconds;
    add(
      'all collections evaluated',
      `<= ${limit} s`,
      `${seconds(evaluation.seconds)}, ${evaluation.members} members; CPU s: ${byProcess(inSeconds(evaluation.cpuMs), 1)}`,
      evaluation.seconds <= limit,
    );
    add(
      'change of one device in its collections',
      `<= ${TARGETS.changeMs} ms`,
      `median ${ms(change.medianMs)}, p95 ${ms(change.p95Ms)}; CPU ms: ${byProcess(change.cpuMs, 1)}`,
      change.p95Ms <= TARGETS.changeMs,
    );
  }
  if (rollout !== undefined) {
    /** @type {[string, typeof rollout.plain][]} */
    const runs = [
      ['deployment to all Macs', rollout.plain],
      [
        rollout.killed.killedAt > 0
          ? 'the same, mdm-policy killed'
          : 'the same, over before it could be killed',
        rollout.killed,
      ],
    ];
    for (const [name, run] of runs) {
      const limit = TARGETS.rolloutSeconds;
      const growing = new Set(run.progress.map((sample) => sample.inProgress)).size;
      add(
        name,
        `<= ${limit} s`,
        `${seconds(run.queuedSeconds)} until handed over, ${seconds(run.shownSeconds)} until shown; CPU s: ${byProcess(inSeconds(run.cpuMs), 1)}`,
        run.queuedSeconds <= limit,
      );
      const peak = Math.max(
        ...['config-proxy', 'mdm-policy', 'mdm'].map((process) => run.peaksMb[process] ?? 0),
      );
      add(
        `${name}: memory`,
        `<= ${TARGETS.peakMb} MB each`,
        `MB: ${byProcess(run.peaksMb)}`,
        peak <= TARGETS.peakMb,
      );
      add(
        `${name}: commands`,
        'none doubled or missing',
        `${run.doubled} doubled, ${run.missing} missing`,
        run.doubled === 0 && run.missing === 0,
      );
      add(
        `${name}: progress by the API`,
        'visible',
        `${growing} different counts in ${run.progress.length} answers, slowest ${Math.max(...run.progress.map(({ askedMs }) => askedMs))} ms`,
        growing >= Math.min(SEEN_GROWING, Math.ceil(run.progress.length / 2)),
      );
    }
  }
  if (pages !== undefined) {
    for (const { list, first, last } of pages.lists) {
      add(
        `first page: ${list}`,
        `p99 <= ${TARGETS.pageMs} ms`,
        `p50 ${ms(first.p50Ms)}, p99 ${ms(first.p99Ms)}`,
        first.p99Ms <= TARGETS.pageMs,
      );
      add(
        `last page: ${list}`,
        `p99 <= ${TARGETS.pageMs} ms, as fast`,
        `p50 ${ms(last.p50Ms)}, p99 ${ms(last.p99Ms)}`,
        last.p99Ms <= TARGETS.pageMs && last.p50Ms <= first.p50Ms * AS_FAST,
      );
    }
    const { p50Ms, p99Ms } = pages.summaries;
    add(
      'summary of a deployment',
      `<= ${TARGETS.summaryMs} ms`,
      `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}`,
      p99Ms <= TARGETS.summaryMs,
    );
  }
  if (floods !== undefined) {
    const rate = TARGETS.messagesPerSecond;
    const { states, stateBurst, inventoryBurst } = floods;
    for (const [name, run] of /** @type {const} */ ([
      ['state messages, as many as can be', stateBurst],
      ['inventory messages, as many as can be', inventoryBurst],
    ]))
      add(
        name,
        run.messages >= LONG_BURST ? `>= ${rate}/s` : '',
        `${whole(run.perSecond)}/s${
          run === inventoryBurst ? `, ${whole(run.followedPerSecond)}/s until collections had followed` : ''
        }; CPU ms each: ${byProcess(run.cpuMsPerMessage, 2)}`,
        run.messages >= LONG_BURST ? run.perSecond >= rate : undefined,
      );
    add(
      `state messages at ${whole(states.publishedPerSecond)}/s, database paused ${states.pauseSeconds} s`,
      'nothing lost',
      `${states.lost} of ${states.messages} not handled, ${states.outdated} devices with an older state, all stored ${seconds(states.behindSeconds)} after the last one, ${whole(states.storedPerSecond)}/s while it ran`,
      states.lost === 0 && states.outdated === 0,
    );
  }
  return lines;
}

/** @param {readonly Measured[]} sites @returns {Line[]} */
function growthLines(sites) {
  const [small, large] = [sites[0], sites.at(-1)];
  if (small?.collections === undefined || large?.collections === undefined || small === large) return [];
  const [from, to] = [small.collections.change, large.collections.change];
  const cpu = to.evaluationCpuMs / from.evaluationCpuMs;
  const latency = to.medianMs / from.medianMs;
  return [
    {
      what: `change of one device, ${large.devices} to ${small.devices} devices`,
      target: `<= ${TARGETS.growth} x`,
      measured: `CPU ${cpu.toFixed(2)} x (${ms(from.evaluationCpuMs)} -> ${ms(to.evaluationCpuMs)}), median ${latency.toFixed(2)} x`,
      holds: cpu <= TARGETS.growth,
    },
  ];
}

const inSeconds = (/** @type {Record<string, number>} */ times) =>
  Object.fromEntries(Object.entries(times).map(([name, value]) => [name, value / 1_000]));

/** @param {{ machine: { cpu: string, threads: number }, versions: Record<string, string>, lines: readonly Line[] }} result */
export function tableOf({ machine, versions, lines }) {
  const rows = lines.map(({ what, target, measured, holds }) => [
    what,
    target,
    holds === undefined ? '' : holds ? 'yes' : 'NO',
    measured,
  ]);
  const head = ['what', 'target', 'holds', 'measured'];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const text = (/** @type {string[]} */ row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    '',
    `${machine.cpu}, ${machine.threads} threads; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    'PostgreSQL does not wait for the disk. CPU: user and system time.',
    '',
    text(head),
    '-'.repeat(widths.reduce((sum, width) => sum + width + 2, 0)),
    ...rows.map(text),
  ].join('\n');
}
