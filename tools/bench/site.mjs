/** `npm run bench:site`: see HELP in site/options.mjs. */
import { nodeIsRecent } from '../setup/node-runtime.mjs';
import { cpuTimeIsKnown } from './cpu-time.mjs';
import { measureSite } from './site/measure-site.mjs';
import { HELP, readOptions } from './site/options.mjs';
import { resultOf, tableOf } from './site/report.mjs';

function readOptionsOrStop() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(2);
  }
}

/** @returns {Promise<number>} exit code: 1 where a target is missed */
async function main() {
  const options = readOptionsOrStop();
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (!nodeIsRecent) throw new Error(`the bench needs Node 24; this is ${process.version}`);
  if (!cpuTimeIsKnown) throw new Error('the bench reads CPU times and memory from Linux’s /proc');
  const say = options.json ? console.error : console.log;
  await using stack = new AsyncDisposableStack();
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(130)));
  const since = performance.now();
  const sites = [];
  for (const devices of options.devices) sites.push(await measureSite(devices, options, say, stack));
  const result = resultOf(sites);
  if (options.json) console.log(JSON.stringify(result, null, 2));
  else console.log(tableOf(result));
  say(`measured in ${Math.round((performance.now() - since) / 1_000)} s`);
  return result.lines.some(({ holds }) => holds === false) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
