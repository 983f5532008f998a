import { existsSync, readFileSync } from 'node:fs';
import { npm } from './npm.mjs';
import { inRoot } from './paths.mjs';
import { elapsed, say, SetupError } from './progress.mjs';

/** Installs exactly what package-lock.json names, where node_modules holds anything else. */
export async function installDependencies() {
  if (isInstalled()) return;
  const since = performance.now();
  say('dependencies  installing (npm ci)');
  // The one install script that matters is run by preparePostgres; older npm would run, and compile, all of them.
  const { ok, output } = await npm(['ci', '--include=dev', '--include=optional', '--ignore-scripts']);
  if (!ok) {
    throw new SetupError(
      'The dependencies could not be installed. npm says why below; when it is mended, run the same command again.',
      output,
    );
  }
  say(`dependencies  installed, ${elapsed(since)}`);
}

/** npm writes node_modules/.package-lock.json last, and it tells what is really there. */
function isInstalled() {
  const installedFile = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = readPackages(inRoot('package-lock.json'));
  const installed = readPackages(installedFile);
  return Object.entries(wanted).every(([path, { version, optional, link }]) => {
    if (!path.includes('node_modules/')) return true;
    const present = installed[path];
    if (present === undefined) return optional === true;
    return link === true ? existsSync(inRoot(path, 'package.json')) : present.version === version;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, link?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
