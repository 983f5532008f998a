import { basename } from 'node:path';
import { capture } from './processes.mjs';

/**
 * Runs npm: the one that runs us, else the one on PATH.
 * @param {string[]} args
 */
export function npm(args) {
  const quiet = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  const running = process.env['npm_execpath'] ?? '';
  return basename(running) === 'npm-cli.js'
    ? capture(process.execPath, [running, ...quiet])
    : capture('npm', quiet);
}
