import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pooledKeys, type FleetOptions } from '@espalier/sim-devices';
import type { Values } from './arguments.js';
import { UsageError } from './usage.error.js';

export function stateFolder(values: Values): string {
  return resolve(values.text('state') ?? 'device-sim');
}

/** The options of a fleet from the command line. @throws UsageError */
export async function fleetOptions(values: Values): Promise<FleetOptions> {
  const identityMode = values.choice('identity', ['profile', 'mtls', 'signature'], 'profile');
  const shareConnections = values.flag('share-connections');
  if (shareConnections && identityMode !== 'signature')
    throw new UsageError(
      '--share-connections needs --identity signature: a TLS identity has its own connection.',
    );
  const keyPool = values.text('key-pool');
  const ca = certificates(values, 'ca');
  const appleCa = certificates(values, 'apple-ca');
  return {
    stateFolder: stateFolder(values),
    appleUrl: values.url('apple'),
    identityMode,
    shareConnections,
    enrollmentConcurrency: values.count('concurrency', 8),
    connectionConcurrency: values.count('connections', 64),
    applications: values.count('applications', 20, 0),
    faults: faults(values),
    ...userName(values),
    ...(ca !== undefined && { ca }),
    ...(appleCa !== undefined && { appleCa }),
    ...(keyPool !== undefined && { keys: await pooledKeys(resolve(keyPool)) }),
  };
}

function faults(values: Values): NonNullable<FleetOptions['faults']> {
  const chances = {
    notNow: values.chance('not-now'),
    error: values.chance('error'),
    commandFormatError: values.chance('format-error'),
    garbage: values.chance('garbage'),
    cut: values.chance('cut'),
  };
  if (Object.values(chances).reduce((sum, chance) => sum + chance, 0) > 1)
    throw new UsageError('The chances of faults must not be more than 1 together.');
  return {
    ...chances,
    answerDelayMs: values.count('answer-delay-ms', 0, 0),
    resistProfiles: values.patterns('resist'),
    failProfiles: values.patterns('fail-profile'),
    resistDeclarations: values.patterns('resist-declaration'),
  };
}

function userName(values: Values): { readonly user?: string } {
  const user = values.text('user');
  if (user === undefined) return {};
  if (!/^[a-z_][a-z0-9_.-]{0,30}$/.test(user))
    throw new UsageError('--user must be a short name, as of an account: lower-case letters and digits.');
  return { user };
}

function certificates(values: Values, name: string): string | undefined {
  const path = values.text(name);
  return path === undefined ? undefined : readInput(path, name).toString('utf8');
}

/** A file that the user named. @throws UsageError */
export function readInput(path: string, option: string): Buffer {
  try {
    return readFileSync(resolve(path));
  } catch (error) {
    throw new UsageError(`--${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
