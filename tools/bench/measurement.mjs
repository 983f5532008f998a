import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeOf } from './cpu-time.mjs';
import { httpRequest } from './fleet.mjs';

/**
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {import('./fleet.mjs').SignedMessage} SignedMessage
 *
 * @typedef {object} Load
 * @property {SignedMessage[][]} conversations
 * @property {number} connections
 * @property {number} [seconds] without it each conversation is sent once
 * @property {'nothing' | 'command'} expected
 *
 * CPU times are in ms per request, user and system.
 * @typedef {object} Figures
 * @property {number} serverMs
 * @property {number} databaseMs
 * @property {number} edgeMs 0 without an edge
 * @property {number} totalMs
 * @property {number} requestsPerSecond
 * @property {number} medianMs latency, as the load process sees it
 * @property {number} p99Ms
 */

/** Connections that a server closes after the load make its database's processes end: their CPU time counts. */
const SETTLE_MS = 60;

/** Lets the load process loose on targets, and reads what that cost them. */
export class Meter {
  /**
   * @param {import('./programs.mjs').Helper} loader
   * @param {number} postgresPid
   */
  constructor(loader, postgresPid) {
    this.loader = loader;
    this.postgresPid = postgresPid;
  }

  /** Sends without measuring. @type {(target: Target, load: Load) => Promise<import('./load.process.mjs').LoadResult>} */
  send(target, { conversations, ...load }) {
    const requests = conversations.map((messages) =>
      messages.map((message) => httpRequest(message, target.paths[message.channel])),
    );
    const { port, authority } = target;
    return this.loader.ask({ port, authority, conversations: requests, ...load });
  }

  /**
   * @param {Target} target
   * @param {Load} load
   * @returns {Promise<Figures>}
   */
  async measure(target, load) {
    const before = this.#times(target);
    const { requests, seconds, medianMs, p99Ms } = await this.send(target, load);
    await target.settle();
    await delay(SETTLE_MS);
    const after = this.#times(target);
    const [serverMs = 0, databaseMs = 0, edgeMs = 0] = after.map(
      (time, index) => (time - (before[index] ?? 0)) / requests,
    );
    const totalMs = serverMs + databaseMs + edgeMs;
    return { serverMs, databaseMs, edgeMs, totalMs, requestsPerSecond: requests / seconds, medianMs, p99Ms };
  }

  #times(/** @type {Target} */ { serverPid, edgePid }) {
    return [serverPid, this.postgresPid, edgePid].map((pid) => (pid === undefined ? 0 : cpuTimeOf(pid)));
  }
}

/** @param {number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The median of each figure. @type {(rounds: Figures[]) => Figures} */
export function medians(rounds) {
  const of = (/** @type {keyof Figures} */ name) => median(rounds.map((figures) => figures[name]));
  return {
    serverMs: of('serverMs'),
    databaseMs: of('databaseMs'),
    edgeMs: of('edgeMs'),
    totalMs: of('totalMs'),
    requestsPerSecond: of('requestsPerSecond'),
    medianMs: of('medianMs'),
    p99Ms: of('p99Ms'),
  };
}

/**
 * How much of a figure one has, measured against the other. Of each round by itself: a round's measurements follow
 * each other, so that what else the machine does weighs on both.
 * @param {Figures[]} rounds
 * @param {Figures[]} others
 * @param {keyof Figures} name
 */
export function ratio(rounds, others, name) {
  return median(rounds.map((figures, round) => figures[name] / (others[round]?.[name] ?? Number.NaN)));
}
