import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './paths.mjs';
import { capture } from './processes.mjs';

/** @returns {Promise<import('./processes.mjs').Outcome>} */
export async function build() {
  for (const folder of ['apps', 'libs']) pruneFolder(inRoot(folder));
  const tsc = inRoot('node_modules', 'typescript', 'bin', 'tsc');
  return capture(process.execPath, [tsc, '--build', ...(process.stdout.isTTY ? ['--pretty'] : [])]);
}

/** tsc leaves the output of deleted sources behind, and a deleted spec's output would still be run. */
function pruneFolder(/** @type {string} */ folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name === 'src') continue;
    const path = join(folder, entry.name);
    if (entry.name !== 'dist') pruneFolder(path);
    else if (existsSync(join(folder, 'package.json'))) pruneOutput(path, join(folder, 'src'));
    else rmSync(path, { recursive: true });
  }
}

const OUTPUT = /\.(?:js|js\.map|d\.ts|d\.ts\.map)$/;

/**
 * @param {string} output
 * @param {string} source
 */
function pruneOutput(output, source) {
  for (const entry of readdirSync(output, { withFileTypes: true })) {
    const path = join(output, entry.name);
    if (entry.isDirectory() && existsSync(join(source, entry.name)))
      pruneOutput(path, join(source, entry.name));
    else if (entry.isDirectory()) rmSync(path, { recursive: true });
    else if (OUTPUT.test(entry.name) && !existsSync(join(source, entry.name.replace(OUTPUT, '.ts'))))
      rmSync(path);
  }
}
