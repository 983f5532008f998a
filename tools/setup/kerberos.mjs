import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { inRoot } from './paths.mjs';
import { capture, which } from './processes.mjs';
import { elapsed, say } from './progress.mjs';

/**
 * Builds the npm package kerberos, an optional part of config-proxy, where that can be done; never fails. npm's own way
 * would ask the network for a binary and then for Node's headers; a compiler and the headers that npm installed do.
 */
export async function prepareKerberos() {
  const require = createRequire(inRoot('apps', 'config-proxy', 'package.json'));
  const folder = folderOf(require, 'kerberos');
  const headers = folderOf(require, 'node-api-headers');
  const wrapper = folder && folderOf(createRequire(join(folder, 'package.json')), 'node-addon-api');
  if (folder === undefined || headers === undefined || wrapper === undefined) return;
  const binary = join(folder, 'build', 'Release', 'kerberos.node');
  if (existsSync(binary)) return;
  const missing = whatIsMissing();
  if (missing !== undefined)
    return say(`kerberos      not built, for there is no ${missing}: an optional part`);

  const since = performance.now();
  mkdirSync(dirname(binary), { recursive: true });
  const unfinished = `${binary}.${process.pid}`;
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
