import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Project
 * @property {string} name
 * @property {string} folder from the root
 * @property {Set<string>} dependencies names that its sources may import
 * @property {Set<string>} allDependencies names that its specs may import
 * @property {{ subpath: string, source: string }[]} doors what its `exports` offer, as sources
 */

/**
 * @param {string} root
 * @returns {Project[]} the workspace's projects
 */
export function readProjects(root) {
  return readJson(join(root, 'package.json'))
    .workspaces.flatMap((/** @type {string} */ pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
    .sort()
    .map((/** @type {string} */ file) => describe(dirname(file), readJson(join(root, file))))
    .filter((/** @type {Project} */ { folder }) => existsSync(join(root, folder, 'src')));
}

/**
 * @param {string} folder
 * @param {any} manifest
 * @returns {Project}
 */
function describe(folder, { name, dependencies = {}, devDependencies = {}, exports = {} }) {
  const doors = Object.entries(exports).map(([subpath, target]) => ({
    subpath,
    source: String(target.default).replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
  }));
  const production = new Set([name, ...Object.keys(dependencies)]);
  return {
    name,
    folder: folder.replaceAll('\\', '/'),
    dependencies: production,
    allDependencies: new Set([...production, ...Object.keys(devDependencies)]),
    doors,
  };
}

const readJson = (/** @type {string} */ file) => JSON.parse(readFileSync(file, 'utf8'));
