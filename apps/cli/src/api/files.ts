import { readFileSync } from 'node:fs';
import { usageError } from '../cli.error.js';
import { readStdin } from '../terminal/prompt.js';
import type { World } from '../world.js';

/** A file, or standard input for `-`. @throws CliError naming what it was wanted for */
export async function readInput(world: World, what: string, file: string): Promise<Buffer> {
  return file === '-' ? readStdin(world) : readBytes(what, file);
}

/** A text file. @throws CliError naming what it was wanted for */
export function readTextFile(what: string, file: string): string {
  return readBytes(what, file).toString('utf8');
}

function readBytes(what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw usageError(`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
