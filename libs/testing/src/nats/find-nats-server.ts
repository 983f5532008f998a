import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'nx.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/**
 * Finds nats-server: `ESPALIER_NATS_SERVER` (a path), PATH, then where the set-up tool puts its own.
 * @throws Error that says what to do where there is none
 */
export function findNatsServer(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['ESPALIER_NATS_SERVER'];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new Error(`ESPALIER_NATS_SERVER is ${named}: no executable file`);
  }
  const candidates = [
    ...(env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'nats-server')),
    join(repositoryRoot(), '.tools', 'nats-server', 'nats-server'),
  ];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error('nats-server is missing: run npm test, or set ESPALIER_NATS_SERVER to its path');
}
