/**
 * Derives every project's tsconfig.json references, and the root's list, from the workspace's package.json
 * files, so that a dependency is declared in one place only. `--check` fails where a file would change.
 */
import { globSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const check = process.argv.includes('--check');
const root = join(import.meta.dirname, '..');
/** @type {string[]} */
const workspaces = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces;
const folders = workspaces
  .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }))
  .map((file) => dirname(file))
  .sort();
const manifest = (/** @type {string} */ folder) =>
  JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
const folderByName = new Map(folders.map((folder) => [manifest(folder).name, folder]));

let stale = 0;

/**
 * @param {string} file
 * @param {object} value
 */
function write(file, value) {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  stale += 1;
  if (check) console.error(`${file} does not match package.json: run node tools/sync-references.mjs`);
  else writeFileSync(path, text);
}

for (const folder of folders) {
  const { dependencies = {}, devDependencies = {} } = manifest(folder);
  const references = Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => folderByName.has(name))
    .sort()
    .map((name) => ({ path: relative(folder, folderByName.get(name) ?? '') }));
  write(join(folder, 'tsconfig.json'), {
    extends: `${relative(folder, '.')}/tsconfig.base.json`,
    compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/tsconfig.tsbuildinfo' },
    include: ['src'],
    references,
  });
}
write('tsconfig.json', { files: [], references: folders.map((path) => ({ path })) });
if (check && stale > 0) process.exit(1);
