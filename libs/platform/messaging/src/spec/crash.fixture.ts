import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Runs a replica until it has taken a message, then kills it with SIGKILL. */
export async function crashReplicaMidMessage(url: string, kind: 'event' | 'job'): Promise<void> {
  const script = fileURLToPath(new URL('./crash.process.js', import.meta.url));
  const replica = spawn(process.execPath, [script, url, kind], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(replica, 'exit');
  await Promise.race([
    once(replica.stdout, 'data'),
    exited.then(() => Promise.reject(new Error('the replica ended by itself'))),
  ]);
  replica.kill('SIGKILL');
  await exited;
}
