/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out, and takes out download
 * addresses. npm omits a platform's package where the registry at hand does not carry it, and `npm ci` on that platform
 * then refuses the lockfile. Run it after `npm install`; `--check` changes nothing and fails where it would.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Entry
 * @property {string} [version]
 * @property {string} [resolved]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @property {Record<string, string>} [optionalDependencies]
 */
/** @typedef {Record<string, Entry>} Packages by path; the root is '' */

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
/** In package names, `gnu` is glibc. */
const LIBCS = { gnu: 'glibc', musl: 'musl' };

const root = join(import.meta.dirname, '..');
const lockFile = join(root, 'package-lock.json');
const check = process.argv.includes('--check');
const lock = JSON.parse(readFileSync(lockFile, 'utf8'));

const added = addMissing(lock.packages);
const cleaned = removeAddresses(lock.packages);
const undeclared = staleProjects(lock.packages);

for (const name of undeclared) console.error(`package-lock.json does not match ${name}: run npm install`);
if (added.length + cleaned.length > 0) {
  if (check) {
    console.error(
      `package-lock.json lacks ${added.length} optional packages of other platforms and holds ${cleaned.length} download addresses: run node tools/complete-lockfile.mjs`,
    );
    for (const path of [...added, ...cleaned]) console.error(`  ${path}`);
  } else {
    lock.packages = Object.fromEntries(
      Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
    );
    writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(
      `package-lock.json: ${added.length} optional packages added, ${cleaned.length} addresses removed`,
    );
  }
}
process.exitCode = undeclared.length > 0 || (check && added.length + cleaned.length > 0) ? 1 : 0;

/**
 * @param {Packages} packages
 * @returns {string[]} the paths added
 */
function addMissing(packages) {
  /** @type {string[]} */
  const paths = [];
  for (const [parent, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (find(packages, parent, name) !== undefined || !/^\d+\.\d+\.\d+/.test(version)) continue;
      const path = `${folderFor(parent)}node_modules/${name}`;
      const { cpu, libc, os } = platformOf(name);
      packages[path] = {
        version,
        ...cpu,
        ...(entry.dev === true ? { dev: true } : {}),
        ...libc,
        optional: true,
        ...os,
      };
      paths.push(path);
    }
  }
  return paths;
}

/** Beside the package that wants it, as npm places it. */
function folderFor(/** @type {string} */ parent) {
  return parent.slice(0, Math.max(0, parent.lastIndexOf('node_modules/')));
}

/**
 * Node's search, upwards from the package that imports.
 * @param {Packages} packages
 * @param {string} parent
 * @param {string} name
 */
function find(packages, parent, name) {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[path] !== undefined) return packages[path];
    if (folder === '') return undefined;
  }
}

/**
 * Read off the name: `@swc/core-linux-arm64-musl`, `@oxlint/binding-linux-arm-musleabihf`.
 * @param {string} name
 */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = OPERATING_SYSTEMS.filter((word) => words.includes(word));
  const cpu = PROCESSORS.filter((word) => words.includes(word));
  if (os.length + cpu.length === 0)
    throw new Error(`${name}: its platform cannot be read off its name; extend the lists`);
  const libc = Object.entries(LIBCS)
    .filter(([word]) => os.includes('linux') && words.some((part) => part.startsWith(word)))
    .map(([, value]) => value);
  const named = (/** @type {string} */ key, /** @type {string[]} */ words) =>
    words.length > 0 ? { [key]: words } : {};
  return { cpu: named('cpu', cpu), libc: named('libc', libc), os: named('os', os) };
}

/**
 * A registry's address in the lockfile would bind every clone to that registry.
 * @param {Packages} packages
 */
function removeAddresses(packages) {
  const bound = Object.keys(packages).filter(
    (path) => packages[path]?.resolved !== undefined && !packages[path].link,
  );
  for (const path of bound) delete packages[path]?.resolved;
  return bound;
}

/**
 * `npm ci` refuses a lockfile that does not say what the projects' package.json files say.
 * @param {Packages} packages
 */
function staleProjects(packages) {
  const folders = lock.packages[''].workspaces.flatMap((/** @type {string} */ pattern) =>
    globSync(`${pattern}/package.json`, { cwd: root }).map((file) => dirname(file).replaceAll('\\', '/')),
  );
  const kinds = /** @type {const} */ (['dependencies', 'devDependencies', 'optionalDependencies']);
  return ['', ...folders]
    .filter((folder) => {
      const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      return kinds.some((kind) => sorted(manifest[kind]) !== sorted(packages[folder]?.[kind]));
    })
    .map((folder) => join(folder, 'package.json'));
}

function sorted(/** @type {Record<string, string>} */ versions = {}) {
  return JSON.stringify(Object.entries(versions).sort(([a], [b]) => a.localeCompare(b, 'en')));
}
