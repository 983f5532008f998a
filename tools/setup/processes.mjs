import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './paths.mjs';

/**
 * @typedef {object} Outcome
 * @property {boolean} ok the program ran and ended with 0
 * @property {number | null} code
 * @property {string} output stdout and stderr in the order in which they came
 */

// What we run writes to a pipe or to this terminal; colours are for a terminal only.
const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
delete process.env['FORCE_COLOR'];
if (colours) process.env['FORCE_COLOR'] = '1';
else process.env['NO_COLOR'] = '1';

/**
 * Runs a program to its end and keeps what it writes.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutSeconds?: number }} [options]
 * @returns {Promise<Outcome>} never rejects: a program that cannot be started has code null
 */
export function capture(command, args, { cwd = root, env = process.env, timeoutSeconds } = {}) {
  return new Promise((resolve) => {
    const timeout = timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds * 1000 };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...timeout });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', (error) => resolve({ ok: false, code: null, output: output + error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, code, output }));
  });
}

/**
 * Runs a program on this terminal.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeoutSeconds?: number }} [options]
 * @returns {Promise<number>} its exit code, as a shell counts it (128 + signal)
 */
export function passThrough(command, args, { env = process.env, timeoutSeconds } = {}) {
  return new Promise((resolve, reject) => {
    const timeout = timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds * 1000 };
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit', ...timeout });
    const stopForwarding = forwardSignals(child);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + (SIGNAL_NUMBERS[/** @type {keyof typeof SIGNAL_NUMBERS} */ (signal)] ?? 1));
    });
  });
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/**
 * Ctrl-C reaches every process of a terminal's foreground group, and npm passes it on once more. So on a terminal
 * SIGINT is left to the terminal: the child gets it once.
 * @param {import('node:child_process').ChildProcess} child
 */
function forwardSignals(child) {
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY;
  /** @type {[NodeJS.Signals, () => void][]} */
  const handlers = [
    ['SIGINT', () => void (onTerminal || child.kill('SIGINT'))],
    ['SIGTERM', () => void child.kill('SIGTERM')],
    ['SIGHUP', () => void child.kill('SIGTERM')],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => handlers.forEach(([signal, handler]) => process.off(signal, handler));
}

/**
 * @param {string} command
 * @returns {string | undefined} its first executable on PATH
 */
export function which(command) {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

export function isExecutable(/** @type {string} */ path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * What `<program> --version` says, or undefined where it cannot run.
 * @param {string} command
 * @param {{ uid?: number, gid?: number }} [identity]
 */
export function versionOf(command, identity = {}) {
  const { status, stdout } = spawnSync(command, ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    timeout: 15_000,
    ...identity,
  });
  return status === 0 ? stdout.trim() : undefined;
}

export const isRoot = process.getuid?.() === 0;
