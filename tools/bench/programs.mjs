import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Kills the program when its own standard input ends: also where the bench is killed and can end nothing itself.
 * Ctrl-C reaches the whole group, and is left to the bench. The first line of output is the program's process id.
 */
const KEEPER = `trap '' INT TERM HUP; "$@" & echo $!; cat >/dev/null; kill -KILL $!; wait $! 2>/dev/null`;

/**
 * @typedef {object} Program
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a program that is not ours to talk to.
 * @param {string[]} command
 * @param {{ env?: NodeJS.ProcessEnv, stderr?: 'ignore' | 'inherit', onLine?: (line: string) => void }} [options] `onLine`
 * gets its standard output
 * @returns {Promise<Program>}
 */
export async function startProgram(command, { env = process.env, stderr = 'ignore', onLine } = {}) {
  const child = spawn('/bin/sh', ['-c', KEEPER, 'sh', ...command], {
    env,
    stdio: ['pipe', 'pipe', stderr],
  });
  const lines = createInterface({ input: child.stdout });
  const [pid] = /** @type {[string]} */ (await once(lines, 'line'));
  lines.on('line', onLine ?? (() => undefined));
  return {
    pid: Number(pid),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.stdin.end();
      await gone;
    },
  };
}

/** One of our own programs: answers each message that it is sent with one message, and ends with this process. */
export class Helper {
  #child;

  /**
   * @param {string} file name of a module of this folder
   * @param {{ execArgv?: string[] }} [options]
   */
  constructor(file, { execArgv = [] } = {}) {
    this.#child = fork(new URL(file, import.meta.url), {
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  get pid() {
    return /** @type {number} */ (this.#child.pid);
  }

  /**
   * @template T
   * @param {object} question
   * @returns {Promise<T>} the answer
   */
  async ask(question) {
    const gone = new AbortController();
    const exited = once(this.#child, 'exit', { signal: gone.signal }).then(() => {
      throw new Error('a process of the bench has ended; what it said is above');
    });
    try {
      this.#child.send(question);
      const [answer] = await Promise.race([once(this.#child, 'message', { signal: gone.signal }), exited]);
      if (answer.error !== undefined) throw new Error(answer.error);
      return answer;
    } finally {
      exited.catch(() => undefined);
      gone.abort();
    }
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

/**
 * The other end of a Helper. The process ends when its parent disconnects or is gone.
 * @param {(question: any) => Promise<object>} answer
 * @param {() => Promise<void>} [stop]
 */
export function serveParent(answer, stop = async () => undefined) {
  process.on('message', (question) => {
    answer(question).then(
      (reply) => process.send?.(reply),
      (error) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.on('disconnect', () => void stop().finally(() => process.exit()));
  // Ctrl-C reaches the whole group: the parent ends its children in order.
  process.on('SIGINT', () => undefined);
}

/** A port of the loopback interface that nobody uses just now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}
