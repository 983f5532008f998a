import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { isEspalierError } from '@espalier/contracts';
import { controlFleet, readControlMessage, type DeviceFleet } from '@espalier/sim-devices';
import { UsageError } from './usage.error.js';

/** Longest path of a Unix socket that every system takes. */
const SOCKET_PATH_BYTES = 100;

/** The answer to one line: its `id` and `do` again, and `result` or `error`. */
export interface ControlAnswer {
  readonly id?: unknown;
  readonly do?: unknown;
  readonly ok: boolean;
  readonly result?: Readonly<Record<string, unknown>>;
  /** `code`, `title`, `detail`, `mend`. */
  readonly error?: object;
}

/** Where the running process of a state folder listens. */
export function controlSocket(stateFolder: string): string {
  return join(stateFolder, 'control.sock');
}

/** Does what a line of JSON says. Never rejects: what is wrong is in the answer. */
export async function answerControl(fleet: DeviceFleet, line: string): Promise<ControlAnswer> {
  let name: Pick<ControlAnswer, 'id' | 'do'> = {};
  try {
    const { id, ...message } = parseObject(line);
    name = { ...(id !== undefined && { id }), do: message['do'] };
    return { ...name, ok: true, result: await controlFleet(fleet, readControlMessage(message)) };
  } catch (error) {
    const body = isEspalierError(error) ? error.toBody() : { code: 'ESP_INTERNAL', title: String(error) };
    return { ...name, ok: false, error: body };
  }
}

function parseObject(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  // For the error that names what a message is.
  return { do: value };
}

/** Answers lines of JSON from a stream, such as standard input. The end of the stream ends nothing. */
export function listenToStream(
  stream: Readable,
  fleet: DeviceFleet,
  onAnswer: (answer: ControlAnswer) => void,
): void {
  // A pipe that breaks says no more, as one that ends.
  stream.on('error', () => undefined);
  createInterface({ input: stream }).on('line', (line) => {
    if (line.trim() !== '') void answerControl(fleet, line).then(onAnswer);
  });
}

/** Answers lines of JSON on the socket of the state folder. @returns false where there can be none */
export async function listenOnSocket(
  stateFolder: string,
  fleet: DeviceFleet,
  onAnswer: (answer: ControlAnswer) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const path = controlSocket(stateFolder);
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES) return false;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const reply = (answer: ControlAnswer): void => {
      socket.write(`${JSON.stringify(answer)}\n`);
      onAnswer(answer);
    };
    listenToStream(socket, fleet, reply);
  });
  // Of a process that was killed: the fleet's lock says that there is no other.
  rmSync(path, { force: true });
  server.listen(path);
  try {
    await once(server, 'listening');
  } catch {
    // Some file systems have no sockets.
    return false;
  }
  signal.addEventListener(
    'abort',
    () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
    { once: true },
  );
  return true;
}

/** Sends one message to the process that runs a state folder. @throws UsageError where none does */
export async function tellProcess(stateFolder: string, message: object): Promise<ControlAnswer> {
  const socket = connect(controlSocket(stateFolder));
  try {
    await once(socket, 'connect');
  } catch {
    throw new UsageError(`No device-sim runs ${stateFolder}: start it with device-sim run.`);
  }
  socket.write(`${JSON.stringify(message)}\n`);
  const lines = createInterface({ input: socket });
  try {
    for await (const line of lines) return JSON.parse(line) as ControlAnswer;
    throw new UsageError('device-sim ended before it answered.');
  } finally {
    lines.close();
    socket.destroy();
  }
}
