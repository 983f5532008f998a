import { availableParallelism, cpus, loadavg } from 'node:os';
import { medians } from './measurement.mjs';
import { against } from './scenarios.mjs';

/** Growth of what is in the database may make a request this much dearer. */
const FLAT = 1.3;

/**
 * @typedef {import('./measurement.mjs').Figures} Figures
 * @typedef {import('./scenarios.mjs').Comparison} Comparison
 * @typedef {ReturnType<typeof against>} Ratios
 * @typedef {ReturnType<typeof resultOf>} Result
 */

/**
 * The result for machines.
 * @param {{
 *   options: import('./options.mjs').Options,
 *   peer: { version: string } | { missing: string },
 *   postgres: string,
 *   basic: Comparison[],
 *   edge: Comparison[],
 *   growth: Comparison[],
 * }} measured
 */
export function resultOf({ options, peer, postgres, basic, edge, growth }) {
  const withPeer = 'version' in peer;
  const of = (/** @type {Comparison} */ { rounds }, /** @type {number} */ index) =>
    medians(rounds[index] ?? []);
  const common = (/** @type {Comparison} */ { name, connections, rounds }) => ({
    name,
    connections,
    rounds: rounds[0]?.length ?? 0,
  });
  /** In a comparison of growth the small databases come first, in the order of the servers. */
  const servers = withPeer ? 2 : 1;
  const growthOf = (/** @type {Comparison} */ comparison, /** @type {number} */ index) => {
    const ratios = against(comparison, index + servers, index);
    return {
      small: of(comparison, index),
      grown: of(comparison, index + servers),
      grownToSmall: ratios,
      flat: ratios.cpu <= FLAT,
    };
  };
  return {
    machine: { cpu: cpus()[0]?.model ?? '', threads: availableParallelism(), load: loadavg()[0] ?? 0 },
    versions: { node: process.versions.node, postgres, nanomdm: withPeer ? peer.version : null },
    peerMissing: withPeer ? null : peer.missing,
    enrollments: options.enrollments,
    seconds: options.seconds,
    scenarios: basic.map((comparison) => ({
      ...common(comparison),
      espalier: of(comparison, 0),
      ...(withPeer && { nanomdm: of(comparison, 1), espalierToNanomdm: against(comparison, 0, 1) }),
    })),
    edge: edge.map((comparison) => ({
      ...common(comparison),
      direct: of(comparison, 0),
      throughEdge: of(comparison, 1),
      throughEdgeToDirect: against(comparison, 1, 0),
    })),
    growth: growth.map((comparison) => ({
      ...common(comparison),
      espalier: growthOf(comparison, 0),
      ...(withPeer && { nanomdm: growthOf(comparison, 1) }),
    })),
  };
}

const cpu = (/** @type {Figures} */ { serverMs, databaseMs }) =>
  `${serverMs.toFixed(2)} + ${databaseMs.toFixed(2)}`;
const times = (/** @type {number} */ value) => `${value.toFixed(2)}x`;
const whole = (/** @type {number} */ value) => String(Math.round(value));
const ms = (/** @type {number} */ value) => value.toFixed(1);

/** The result for people. */
export function tableOf(/** @type {Result} */ result) {
  const { machine, versions, enrollments, seconds } = result;
  const peer = versions.nanomdm === null ? `no peer: ${result.peerMissing}` : `nanomdm ${versions.nanomdm}`;
  return [
    '',
    `Check-in path: ${enrollments} enrolments, PostgreSQL ${versions.postgres}, Node ${versions.node}, ${peer}`,
    `${machine.cpu}, ${machine.threads} threads, load ${machine.load.toFixed(1)}; ${seconds} s per measurement, medians`,
    '',
    'CPU: ms per request, user and system, server + PostgreSQL. Ratios: espalier to nanomdm, of the same round.',
    ...scenarioTable(result),
    ...edgeTable(result),
    ...growthTable(result),
    'Events go to the outbox and are not relayed; nanomdm has no webhook. PostgreSQL does not wait for the disk.',
    'nanomdm keeps two idle connections to its database: with more in flight, a request may have to open one.',
  ].join('\n');
}

function scenarioTable(/** @type {Result} */ { scenarios }) {
  const peer = ['nanomdm CPU', 'req/s', 'p99 ms', '|', 'CPU', 'server', 'PostgreSQL', 'req/s'];
  const head = ['scenario', 'conn', 'espalier CPU', 'req/s', 'p99 ms', '|', ...peer];
  const rows = scenarios.map(({ name, connections, espalier, nanomdm, espalierToNanomdm: ratios }) => {
    const [ours, theirs] = [espalier, nanomdm].map((figures) =>
      figures === undefined ? [] : [cpu(figures), whole(figures.requestsPerSecond), ms(figures.p99Ms), '|'],
    );
    const compared =
      ratios === undefined
        ? []
        : [ratios.cpu, ratios.serverCpu, ratios.databaseCpu, ratios.requestsPerSecond].map(times);
    return [name, String(connections), ...(ours ?? []), ...(theirs ?? []), ...compared];
  });
  return table([head, ...rows]);
}

function edgeTable(/** @type {Result} */ { edge }) {
  if (edge.length === 0) return [];
  const rows = edge.map(({ name, connections, direct, throughEdge, throughEdgeToDirect: ratios }) => [
    name,
    String(connections),
    cpu(direct),
    `${cpu(throughEdge)} + ${throughEdge.edgeMs.toFixed(2)}`,
    whole(throughEdge.requestsPerSecond),
    ms(throughEdge.p99Ms),
    times(ratios.serverCpu),
    times(ratios.requestsPerSecond),
  ]);
  const head = ['TLS, dmz-proxy, link', 'conn', 'CPU direct', 'CPU through + edge', 'req/s', 'p99 ms'];
  return ['To the direct way:', ...table([[...head, 'server', 'req/s'], ...rows])];
}

function growthTable(/** @type {Result} */ { growth }) {
  if (growth.length === 0) return [];
  const columns = (
    /** @type {Result['growth'][number]['espalier']} */ { small, grown, grownToSmall, flat },
  ) => [`${cpu(small)} -> ${cpu(grown)}`, times(grownToSmall.cpu), flat ? 'flat' : 'GROWS'];
  const rows = growth.map(({ name, connections, espalier, nanomdm }) => [
    name,
    String(connections),
    ...columns(espalier),
    ...(nanomdm === undefined ? [] : ['|', ...columns(nanomdm)]),
  ]);
  const head = ['growth', 'conn', 'espalier CPU', 'ratio', '', '|', 'nanomdm CPU', 'ratio', ''];
  return [
    `To the small database; each grown one contains those above it. flat: at most ${FLAT}x.`,
    ...table([head, ...rows]),
  ];
}

/**
 * @param {string[][]} rows the first is the head
 * @returns {string[]}
 */
function table(rows) {
  // Without a peer, the head has columns that no row has.
  const [first = [], ...others] = rows;
  const shown = [first.slice(0, others[0]?.length), ...others];
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => row[column]?.length ?? 0)),
  );
  const lines = shown.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...body] = lines;
  return [head, '-'.repeat(Math.max(...lines.map((line) => line.length))), ...body, ''];
}
