import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inRoot } from './paths.mjs';
import { capture, which } from './processes.mjs';
import { elapsed, say } from './progress.mjs';

/** The projects that have it; each has a copy of its own, since what npm hoists depends on others. */
const PROJECTS = ['config-proxy', 'cli'];

/**
 * Builds the npm package kerberos, an optional part of config-proxy and of the command line, where that can be done;
 * never fails. npm's own way would ask the network for a binary and then for Node's headers; a compiler and the headers
 * that npm installed do.
 */
export async function prepareKerberos() {
  /** @type {Map<string, string>} binaries by the version of the package */
  const built = new Map();
  for (const project of PROJECTS) {
    const require = createRequire(inRoot('apps', project, 'package.json'));
    const folder = folderOf(require, 'kerberos');
    if (folder === undefined) continue;
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const binary = join(folder, 'build', 'Release', 'kerberos.node');
    const same = built.get(version);
    if (same !== undefined && !existsSync(binary)) {
      const draft = draftOf(binary);
      copyFileSync(same, draft);
      renameSync(draft, binary);
    }
    if (existsSync(binary) || (await build(require, folder, binary))) built.set(version, binary);
    else return;
  }
}

/**
 * @param {NodeJS.Require} require
 * @param {string} folder of the package
 * @param {string} binary to be made
 */
async function build(require, folder, binary) {
  const headers = folderOf(require, 'node-api-headers');
  const wrapper = folderOf(createRequire(join(folder, 'package.json')), 'node-addon-api');
  if (headers === undefined || wrapper === undefined) return false;
  const missing = whatIsMissing();
  if (missing !== undefined) {
    say(`kerberos      not built, for there is no ${missing}: an optional part`);
    return false;
  }

  const since = performance.now();
  const unfinished = draftOf(binary);
  // The definitions are those of its binding.gyp: the libraries of Kerberos are looked for when it is loaded.
  // prettier-ignore
  const { ok, output } = await capture('g++', [
    '-shared', '-fPIC', '-O2', '-std=c++17', '-fvisibility=hidden',
    '-DKERBEROS_USE_RTLD=1', '-DBUILDING_NODE_EXTENSION',
    '-I', join(headers, 'include'), '-I', wrapper,
    join(folder, 'src', 'kerberos.cc'), ...sourcesIn(join(folder, 'src', 'unix')),
    '-ldl', '-o', unfinished,
  ], { timeoutSeconds: 180 });
  if (ok) {
    renameSync(unfinished, binary);
    say(`kerberos      built, ${elapsed(since)}`);
  } else {
    const reason = output.split('\n').find((line) => line.includes('error')) ?? output.trim();
    say(`kerberos      not built, an optional part: ${reason}`);
  }
  return ok;
}

/** Where a file is made before it is moved to its place, whose folder is made: nobody loads half a file. */
function draftOf(/** @type {string} */ file) {
  mkdirSync(dirname(file), { recursive: true });
  return `${file}.${process.pid}`;
}

const sourcesIn = (/** @type {string} */ folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(folder, name));

function whatIsMissing() {
  if (process.platform !== 'linux') return `way to build it on ${process.platform}`;
  if (which('g++') === undefined) return 'g++';
  return existsSync('/usr/include/gssapi/gssapi.h') ? undefined : "GSSAPI (Debian's package is libkrb5-dev)";
}

/**
 * @param {NodeJS.Require} require
 * @param {string} name
 */
function folderOf(require, name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}
