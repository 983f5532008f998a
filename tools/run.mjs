/**
 * `npm start`, `npm test`, `npm run build`, `lint` and `espalier`, on a machine that may have nothing but Node 20 and npm:
 * sets up what is missing (Node 24, dependencies, a nats-server), builds, and does what it was asked for.
 * This file and what it imports run before anything is installed: Node's own modules only.
 */
import { existsSync } from 'node:fs';
import { nodeIsRecent, runUnderRequiredNode } from './setup/node-runtime.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { findNatsServer } from './setup/nats-server.mjs';
import { prepareKerberos } from './setup/kerberos.mjs';
import { inRoot } from './setup/paths.mjs';
import { passThrough } from './setup/processes.mjs';
import { dim, red, say, SetupError } from './setup/progress.mjs';
import { build } from './setup/build.mjs';

const [command = '', ...args] = process.argv.slice(2);
const suite = inRoot('apps', 'dev-suite', 'dist', 'main.js');
const commandLine = inRoot('apps', 'cli', 'dist', 'main.js');
const wantsHelp = command === 'start' && args.includes('--help');

/** @type {Record<string, () => Promise<number>>} each gives the exit code */
const commands = {
  async start() {
    if (wantsHelp) return passThrough(process.execPath, [suite, '--help']);
    const [nats] = await Promise.all([findNatsServer(), installDependencies()]);
    await buildOrStop();
    const env = { ...process.env, ESPALIER_NATS_SERVER: nats };
    return passThrough(process.execPath, [suite, ...args], { env });
  },
  async test() {
    const { runTests } = await import('./checks/test-run.mjs');
    return runTests(args);
  },
  async build() {
    await installDependencies();
    await buildOrStop();
    return 0;
  },
  async espalier() {
    if (!existsSync(commandLine)) {
      await installDependencies();
      await buildOrStop();
    }
    return passThrough(process.execPath, [commandLine, ...args]);
  },
  async lint() {
    await installDependencies();
    const { lint } = await import('./checks/test-run.mjs');
    return lint();
  },
};

async function buildOrStop() {
  await prepareKerberos();
  say('build');
  const { ok, output } = await build();
  if (!ok)
    throw new SetupError(
      'The build failed. Mend what the compiler names and run the same command again.',
      output,
    );
}

const HELP_BEFORE_BUILD = `npm start [-- options]

Sets up what is missing on this machine (Node 24, dependencies, nats-server; all inside this folder), builds, and
starts the whole suite with simulated devices. The suite's options are shown here once it has been built.`;

async function main() {
  const action = commands[command];
  if (action === undefined) {
    say(`usage: node tools/run.mjs <${Object.keys(commands).join('|')}> [arguments]`);
    return 2;
  }
  if (wantsHelp && !existsSync(suite)) {
    say(HELP_BEFORE_BUILD);
    return 0;
  }
  if (!nodeIsRecent) return runUnderRequiredNode();
  return action();
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof SetupError) {
    if (error.detail !== '') say(dim(error.detail.trimEnd()));
    say(red(error.message));
  } else {
    console.error(error);
  }
  process.exitCode = 1;
  if (command === 'test') say('0 passed, 1 failed');
}
