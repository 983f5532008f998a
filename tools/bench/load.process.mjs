/**
 * Sends requests as fast as they are answered, each connection one at a time: a process of its own, so that its CPU time
 * is not the servers'.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { serveParent } from './programs.mjs';

/**
 * @typedef {object} LoadOrder
 * @property {number} port
 * @property {string} [authority] PEM of the certificate to trust; without it the connection is not encrypted
 * @property {number} connections
 * @property {Buffer[][]} conversations whole HTTP requests; those of one conversation follow each other
 * @property {number} [seconds] repeats the conversations for so long; without it each is sent once
 * @property {'nothing' | 'command'} expected body of the answers
 *
 * @typedef {object} LoadResult
 * @property {number} requests
 * @property {number} seconds
 * @property {number} medianMs
 * @property {number} p99Ms
 */

const HEAD_END = Buffer.from('\r\n\r\n');

/** A kept-alive HTTP/1.1 connection with one request in flight. */
class Connection {
  /** @type {Buffer} */
  #received = Buffer.alloc(0);
  /** @type {PromiseWithResolvers<{ status: number, body: Buffer }>} */
  #answer = Promise.withResolvers();

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    this.#answer.promise.catch(() => undefined);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#answer.reject(error));
    socket.on('close', () => this.#answer.reject(new Error('the server closed the connection')));
  }

  exchange(/** @type {Buffer} */ request) {
    this.#answer = Promise.withResolvers();
    this.socket.write(request);
    return this.#answer.promise;
  }

  #take(/** @type {Buffer} */ chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(HEAD_END);
    if (end === -1) return;
    const head = this.#received.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.socket.destroy(new Error(`an answer without Content-Length:\n${head}`));
      return;
    }
    const bodyAt = end + HEAD_END.length;
    if (this.#received.length < bodyAt + Number(length)) return;
    const body = this.#received.subarray(bodyAt);
    this.#received = Buffer.alloc(0);
    this.#answer.resolve({ status: Number(head.slice(9, 12)), body });
  }
}

/** @param {LoadOrder} order */
async function open({ port, authority }) {
  const socket =
    authority === undefined
      ? connect({ host: '127.0.0.1', port })
      : connectTls({ host: '127.0.0.1', port, ca: authority });
  await once(socket, authority === undefined ? 'connect' : 'secureConnect');
  return new Connection(socket);
}

/**
 * @param {LoadOrder} order
 * @returns {Promise<LoadResult>}
 * @throws {Error} where an answer is not the expected one: figures of errors are worth nothing
 */
async function run(order) {
  const { conversations, seconds, expected } = order;
  const connections = await Promise.all(Array.from({ length: order.connections }, () => open(order)));
  /** @type {number[]} */
  const latencies = [];
  let next = 0;
  const last = seconds === undefined ? conversations.length : Infinity;
  const start = performance.now();
  const end = start + (seconds ?? Infinity) * 1_000;
  const drive = async (/** @type {Connection} */ connection) => {
    while (performance.now() < end && next < last) {
      for (const request of conversations[next++ % conversations.length] ?? []) {
        const since = performance.now();
        const { status, body } = await connection.exchange(request);
        latencies.push(performance.now() - since);
        if (status !== 200 || (expected === 'command') !== body.length > 0)
          throw new Error(`expected 200 with ${expected}, got ${status}: ${body.toString().slice(0, 500)}`);
      }
    }
  };
  try {
    await Promise.all(connections.map(drive));
    const elapsed = (performance.now() - start) / 1_000;
    latencies.sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => latencies[Math.floor(latencies.length * share)] ?? 0;
    return { requests: latencies.length, seconds: elapsed, medianMs: at(0.5), p99Ms: at(0.99) };
  } finally {
    for (const { socket } of connections) socket.destroy();
  }
}

serveParent(run);
