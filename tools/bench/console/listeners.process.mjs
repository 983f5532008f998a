/**
 * Follows live events over many connections, in a process of its own, so that its CPU time is not the server's. Counts
 * the events that each listener got, and how long after their publication.
 */
import { once } from 'node:events';
import { connect } from 'node:tls';
import { percentile } from '../percentile.mjs';
import { serveParent } from '../programs.mjs';

/**
 * @typedef {object} ListenOrder
 * @property {'listen'} kind
 * @property {number} port
 * @property {string} authority PEM of the certificate to trust
 * @property {string} token
 * @property {number} listeners
 * @property {string} type of the events
 */

const CONNECT_AT_ONCE = 50;
const FRAME_END = '\n\n';

/** One listener: finds whole events in what arrives, whatever the chunks are. */
class Listener {
  events = 0;
  ended = false;
  /** Publication to arrival, in ms; of some of the events. @type {number[]} */
  delays = [];
  #rest = '';

  /** @param {import('node:tls').TLSSocket} socket @param {string} type */
  constructor(socket, type) {
    this.socket = socket;
    this.marker = `event: ${type}\n`;
    socket.setEncoding('latin1');
    socket.on('data', (text) => this.#take(String(text)));
    socket.on('close', () => (this.ended = true));
    socket.on('error', () => (this.ended = true));
  }

  #take(/** @type {string} */ text) {
    const frames = (this.#rest + text).split(FRAME_END);
    this.#rest = frames.pop() ?? '';
    for (const frame of frames) {
      if (!frame.includes(this.marker)) continue;
      this.events += 1;
      if (this.events % 50 !== 0) continue;
      const at = /"publishedAt":(\d+)/.exec(frame)?.[1];
      if (at !== undefined) this.delays.push(Date.now() - Number(at));
    }
  }
}

/** @type {Listener[]} */
let listeners = [];

/** @param {ListenOrder} order */
async function listen({ port, authority, token, listeners: count, type }) {
  listeners = [];
  for (let from = 0; from < count; from += CONNECT_AT_ONCE)
    listeners.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(CONNECT_AT_ONCE, count - from) }, async () => {
          const socket = connect({ host: '127.0.0.1', port, ca: authority });
          await once(socket, 'secureConnect');
          socket.write(
            `GET /api/v1/events?types=${type} HTTP/1.1\r\nhost: localhost:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`,
          );
          const [head] = await once(socket, 'data');
          if (!String(head).startsWith('HTTP/1.1 200'))
            throw new Error(`not followed: ${String(head).slice(0, 500)}`);
          return new Listener(socket, type);
        }),
      )),
    );
  return { listeners: listeners.length };
}

function counts() {
  const delays = listeners.flatMap(({ delays: each }) => each);
  return {
    least: Math.min(...listeners.map(({ events }) => events)),
    most: Math.max(...listeners.map(({ events }) => events)),
    ended: listeners.filter(({ ended }) => ended).length,
    p50Ms: percentile(delays, 50),
    p99Ms: percentile(delays, 99),
  };
}

serveParent((order) => (order.kind === 'listen' ? listen(order) : Promise.resolve(counts())));
