/**
 * Sends requests as fast as they are answered, each connection one at a time: a process of its own, so that its CPU time
 * is not the servers'.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { percentile } from './percentile.mjs';
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
/** No answer of ours has it inside: JSON and plists hold no carriage return. */
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {number} length of the body, in bytes
 * @property {Buffer} start what came of the body together with the head
 */

/**
 * A kept-alive HTTP/1.1 connection with one request in flight. Bodies are counted, not kept: what reads them shares the
 * machine with what answers.
 */
class Connection {
  /** Until the head is whole. @type {Buffer[]} */
  #received = [];
  /** @type {{ status: number, start: Buffer, length: number | 'last chunk' } | undefined} */
  #head;
  /** Bytes of the body so far. */
  #length = 0;
  /** The last bytes of the body so far. @type {Buffer} */
  #tail = Buffer.alloc(0);
  /** @type {PromiseWithResolvers<Answer>} */
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
    let body = chunk;
    if (this.#head === undefined) {
      this.#received.push(chunk);
      this.#head = this.#readHead();
      if (this.#head === undefined) return;
      body = this.#head.start;
    }
    this.#length += body.length;
    const { status, start, length } = this.#head;
    if (length === 'last chunk') {
      const enough = body.length >= LAST_CHUNK.length ? body : Buffer.concat([this.#tail, body]);
      this.#tail = enough.subarray(-LAST_CHUNK.length);
      if (!this.#tail.equals(LAST_CHUNK)) return;
    } else if (this.#length < length) return;
    const answer = { status, length: this.#length, start };
    this.#received = [];
    this.#head = undefined;
    this.#length = 0;
    this.#tail = Buffer.alloc(0);
    this.#answer.resolve(answer);
  }

  #readHead() {
    const received = Buffer.concat(this.#received);
    const end = received.indexOf(HEAD_END);
    if (end === -1) return undefined;
    const head = received.toString('latin1', 0, end);
    const status = Number(head.slice(9, 12));
    const start = received.subarray(end + HEAD_END.length);
    if (/\r\ntransfer-encoding: *chunked/i.test(head))
      return { status, start, length: /** @type {const} */ ('last chunk') };
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.socket.destroy(new Error(`an answer without Content-Length:\n${head}`));
      return undefined;
    }
    return { status, start, length: Number(length) };
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
        const sent = performance.now();
        const { status, length, start } = await connection.exchange(request);
        latencies.push(performance.now() - sent);
        if (status !== 200 || (expected === 'command') !== length > 0)
          throw new Error(`expected 200 with ${expected}, got ${status}: ${start.toString().slice(0, 500)}`);
      }
    }
  };
  try {
    await Promise.all(connections.map(drive));
    const elapsed = (performance.now() - start) / 1_000;
    return {
      requests: latencies.length,
      seconds: elapsed,
      medianMs: percentile(latencies, 50),
      p99Ms: percentile(latencies, 99),
    };
  } finally {
    for (const { socket } of connections) socket.destroy();
  }
}

serveParent(run);
