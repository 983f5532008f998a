/**
 * Runs a program that is not ours (nats-server) and ends it when whoever started us is gone, however that happened.
 * Usage: node guard.js <program> [arguments]. Tells its parent the program's pid over the IPC channel.
 */
import { spawn } from 'node:child_process';

const [program, ...args] = process.argv.slice(2);
if (program === undefined) throw new Error('guard needs a program to run');

const child = spawn(program, args, { stdio: 'inherit', detached: true });
child.once('spawn', () => process.send?.({ event: 'started', pid: child.pid }));
child.once('error', (error) => {
  process.stderr.write(`${program} cannot be started: ${error.message}\n`);
  process.exit(1);
});
child.once('exit', (code) => process.exit(code ?? 1));

const stop = (): void => void child.kill('SIGTERM');
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
