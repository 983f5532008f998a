import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { npm } from './npm.mjs';
import { inRoot, toolsHome } from './paths.mjs';
import { passThrough, versionOf } from './processes.mjs';
import { elapsed, say, SetupError } from './progress.mjs';

const REQUIRED_MAJOR = 24;
const VERSION = '24.21.0';
const PACKAGED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

export const nodeIsRecent = Number(process.versions.node.split('.')[0]) >= REQUIRED_MAJOR;

/**
 * Runs this same command again under Node 24, installed beside the sources where the machine's own is older.
 * @returns {Promise<number>} the exit code
 */
export async function runUnderRequiredNode() {
  const platform = `${process.platform}-${process.arch}`;
  const advice = `Install Node ${REQUIRED_MAJOR} (this is ${process.versions.node}) and run the same command again.`;
  if (!PACKAGED.includes(platform)) throw new SetupError(`npm has no Node binary for ${platform}. ${advice}`);
  const home = join(toolsHome, 'node');
  const packageFolder = join(home, 'node_modules', `node-${platform}`);
  const binary = join(packageFolder, 'bin', 'node');
  if (!existsSync(binary) || versionOf(binary) !== `v${VERSION}`) {
    const since = performance.now();
    say(`node          installing ${VERSION} in .tools/node: this machine has ${process.versions.node}`);
    mkdirSync(home, { recursive: true });
    // prettier-ignore
    const { ok, output } = await npm([
      'install', '--prefix', home, '--no-save', '--no-package-lock', '--ignore-scripts', '--no-workspaces',
      `node-${platform}@${VERSION}`,
    ]);
    if (!ok || versionOf(binary) !== `v${VERSION}`) {
      throw new SetupError(`Node ${VERSION} could not be installed from npm. ${advice}`, output);
    }
    say(`node          ${VERSION}, ${elapsed(since)}`);
  }
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env['PATH'] ?? ''}` };
  // A user's npm configuration may point at the older Node's headers: what npm compiles would not load.
  if (existsSync(join(packageFolder, 'include'))) env['npm_config_nodedir'] = packageFolder;
  return passThrough(binary, [inRoot('tools', 'run.mjs'), ...process.argv.slice(2)], { env });
}
