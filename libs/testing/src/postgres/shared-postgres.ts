import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgresIn } from './postgres-server.harness.js';

const START_LIMIT_MS = 60_000;

let known: Promise<string> | undefined;

/**
 * The URL of the PostgreSQL server that all specs of a run share: `ESPALIER_TEST_POSTGRES_URL` where set, else one
 * server per run, started by the first spec that asks. Jest's workers are threads of one process, so the workers
 * find each other through a folder named after it.
 */
export function sharedPostgresUrl(): Promise<string> {
  known ??= find();
  return known;
}

async function find(): Promise<string> {
  const given = process.env['ESPALIER_TEST_POSTGRES_URL'];
  if (given !== undefined && given !== '') return given;
  const folder = join(tmpdir(), `espalier-postgres-shared-${process.pid}`);
  const file = join(folder, 'server.json');
  const giveUpAt = Date.now() + START_LIMIT_MS;
  while (Date.now() < giveUpAt) {
    if (tryMake(folder)) return start(folder, file);
    const server = read(file);
    if (server !== undefined && isAlive(server.pid)) return server.url;
    // A folder of an earlier process with our number.
    if (server !== undefined) rmSync(folder, { recursive: true, force: true });
    else await delay(50);
  }
  throw new Error(`Another worker did not start PostgreSQL within ${START_LIMIT_MS} ms`);
}

async function start(folder: string, file: string): Promise<string> {
  const { url, pid } = await startPostgresIn(folder);
  writeFileSync(`${file}.new`, JSON.stringify({ url, pid }));
  renameSync(`${file}.new`, file);
  return url;
}

function tryMake(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): { url: string; pid: number } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
