import { randomUUID } from 'node:crypto';
import { medians, ratio } from './measurement.mjs';

/**
 * @typedef {import('./fleet.mjs').Device} Device
 * @typedef {import('./fleet.mjs').SignedMessage} SignedMessage
 * @typedef {import('./measurement.mjs').Figures} Figures
 * @typedef {import('./targets.mjs').Target} Target
 *
 * @typedef {object} Comparison the rounds of each target, in the order of the targets
 * @property {string} name
 * @property {number} connections
 * @property {Figures[][]} rounds
 */

export const CONNECTIONS = [2, 16];
const [FEW = 2, MANY = 16] = CONNECTIONS;
/** Shares of a measurement's length. */
const WARM_UP = 0.4;
const COLD = 2.5;
const DEVICES_PER_ENROLMENT_ROUND = 100;
/** Roughly what the slower of the servers answers; enough for a steady figure. */
const ANSWERS_PER_SECOND = 1_000;
/** From this share of the time limit on, one round has to do. */
const HURRY = 0.6;

/** What is measured, and how. */
export class Scenarios {
  #started = performance.now();

  /**
   * @param {import('./measurement.mjs').Meter} meter
   * @param {import('./fleet.mjs').Fleet} fleet
   * @param {import('./options.mjs').Options} options
   * @param {(text: string) => void} say
   */
  constructor(meter, fleet, options, say) {
    this.meter = meter;
    this.fleet = fleet;
    this.options = options;
    this.say = say;
  }

  get #rounds() {
    const late = performance.now() - this.#started > HURRY * this.options.limitSeconds * 1_000;
    return late ? 1 : this.options.rounds;
  }

  /**
   * Enrols the devices that the rest is about; the first of them answers one command where a server's rows are copied
   * from its own.
   * @param {Target[]} targets
   * @param {readonly Device[]} devices
   */
  async populate(targets, devices) {
    const conversations = devices.map((device) => [
      this.fleet.authenticate(device),
      this.fleet.tokenUpdate(device),
    ]);
    const [model] = devices;
    for (const target of targets) {
      await this.meter.send(target, { conversations, connections: FEW, expected: 'nothing' });
      if (target.submit === undefined || model === undefined) continue;
      const { uuid } = await target.submit(model.udid);
      const answer = [[this.fleet.acknowledged(model, uuid)]];
      await this.meter.send(target, { conversations: answer, connections: 1, expected: 'nothing' });
      await target.settle();
    }
  }

  /** New processes are slow until their code is compiled. @type {(targets: Target[], devices: readonly Device[]) => Promise<void>} */
  async warmUp(targets, devices) {
    const conversations = devices.map((device) => [this.fleet.idle(device)]);
    const seconds = COLD * this.options.seconds;
    for (const target of targets)
      await this.meter.send(target, { conversations, connections: MANY, seconds, expected: 'nothing' });
  }

  /**
   * Polls with an empty queue.
   * @param {string} name
   * @param {Target[]} targets
   * @param {readonly Device[]} devices
   * @param {readonly number[]} [connections]
   */
  idle(name, targets, devices, connections = CONNECTIONS) {
    const conversations = devices.map((device) => [this.fleet.idle(device)]);
    return this.#repeated(name, targets, conversations, connections);
  }

  /** Tokens of devices that are enrolled. @type {(targets: Target[], devices: readonly Device[]) => Promise<Comparison[]>} */
  tokenUpdate(targets, devices) {
    const conversations = devices.map((device) => [this.fleet.tokenUpdate(device)]);
    return this.#repeated('TokenUpdate', targets, conversations, CONNECTIONS);
  }

  /**
   * Enrols devices: Authenticate and TokenUpdate. Each device enrols once.
   * @param {string} name
   * @param {Target[]} targets
   * @param {readonly number[]} [connections]
   */
  async enrol(name, targets, connections = CONNECTIONS) {
    const messages = () =>
      this.fleet
        .devices(DEVICES_PER_ENROLMENT_ROUND)
        .map((device) => [this.fleet.authenticate(device), this.fleet.tokenUpdate(device)]);
    const warmUp = messages();
    for (const target of targets)
      await this.meter.send(target, { conversations: warmUp, connections: FEW, expected: 'nothing' });
    return this.#compare(name, targets, connections, this.#rounds, () => ({
      conversations: messages(),
      expected: 'nothing',
    }));
  }

  /**
   * Answers to commands, each of which fetches the next. A command's answer counts once, so that each is sent once.
   * @param {[Target, import('./espalier-rows.mjs').Rows][]} places
   * @param {readonly Device[]} devices
   */
  async acknowledge(places, devices) {
    const targets = places.map(([target]) => target);
    const rounds = this.#rounds;
    const each = Math.max(1, Math.round((ANSWERS_PER_SECOND * this.options.seconds) / devices.length));
    const turns = rounds * CONNECTIONS.length + 1;
    const queues = devices.map(() => Array.from({ length: turns * each + 1 }, () => randomUUID()));
    const commands = devices.flatMap(({ udid }, index) =>
      (queues[index] ?? []).map((uuid) => ({ udid, uuid })),
    );
    await Promise.all(places.map(([, rows]) => rows.queueCommands(commands)));
    const conversations = (/** @type {number} */ turn) =>
      devices.map((device, index) =>
        (queues[index] ?? [])
          .slice(turn * each, (turn + 1) * each)
          .map((uuid) => this.fleet.acknowledged(device, uuid)),
      );
    const warmUp = conversations(0);
    for (const target of targets)
      await this.meter.send(target, { conversations: warmUp, connections: FEW, expected: 'command' });
    return this.#compare('Acknowledged + next', targets, CONNECTIONS, rounds, (turn) => ({
      conversations: conversations(turn + 1),
      expected: 'command',
    }));
  }

  /**
   * @param {string} name
   * @param {Target[]} targets
   * @param {SignedMessage[][]} conversations
   * @param {readonly number[]} connections
   */
  async #repeated(name, targets, conversations, connections) {
    const load = { conversations, expected: /** @type {const} */ ('nothing'), seconds: this.options.seconds };
    for (const count of connections)
      for (const target of targets)
        await this.meter.send(target, { ...load, connections: count, seconds: load.seconds * WARM_UP });
    return this.#compare(name, targets, connections, this.#rounds, () => load);
  }

  /**
   * Round by round all targets one after the other, so that what else the machine does weighs on all.
   * @param {string} name
   * @param {Target[]} targets
   * @param {readonly number[]} connections
   * @param {number} rounds
   * @param {(turn: number) => Omit<import('./measurement.mjs').Load, 'connections'>} loadOf
   * @returns {Promise<Comparison[]>}
   */
  async #compare(name, targets, connections, rounds, loadOf) {
    const results = connections.map((count) => ({
      name,
      connections: count,
      rounds: targets.map(() => /** @type {Figures[]} */ ([])),
    }));
    let turn = 0;
    for (let round = 0; round < rounds; round += 1)
      for (const result of results) {
        const load = { ...loadOf(turn++), connections: result.connections };
        for (const [index, target] of targets.entries())
          result.rounds[index]?.push(await this.meter.measure(target, load));
      }
    for (const result of results) this.say(progressOf(result, targets));
    return results;
  }
}

/** @type {(comparison: Comparison, targets: Target[]) => string} */
function progressOf({ name, connections, rounds }, targets) {
  const figures = targets.map(({ name }, index) => {
    const { totalMs, requestsPerSecond } = medians(rounds[index] ?? []);
    return `${name} ${totalMs.toFixed(3)} ms, ${Math.round(requestsPerSecond)}/s`;
  });
  return `${name}, ${connections} connections: ${figures.join('; ')}`;
}

/**
 * One target against another.
 * @param {Comparison} comparison
 * @param {number} index
 * @param {number} other
 */
export function against({ rounds }, index, other) {
  const [ours = [], theirs = []] = [rounds[index], rounds[other]];
  return {
    serverCpu: ratio(ours, theirs, 'serverMs'),
    databaseCpu: ratio(ours, theirs, 'databaseMs'),
    cpu: ratio(ours, theirs, 'totalMs'),
    requestsPerSecond: ratio(ours, theirs, 'requestsPerSecond'),
  };
}
