import { nodeIsRecent } from '../setup/node-runtime.mjs';
import { cpuTimeIsKnown } from './cpu-time.mjs';
import { tableOf } from './site/report.mjs';

/**
 * Runs a bench as a program: options, progress, signals, a table or JSON, exit code 1 where a target is missed.
 * @template {{ help: boolean, json: boolean }} O
 * @param {object} bench
 * @param {string} bench.help
 * @param {(args: string[]) => O} bench.readOptions throws where an option makes no sense
 * @param {(options: O, say: (text: string) => void, stack: AsyncDisposableStack) => Promise<Parameters<typeof tableOf>[0]>} bench.measure
 */
export async function runBench({ help, readOptions, measure }) {
  try {
    process.exitCode = await run();
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }

  async function run() {
    /** @type {O} */
    let options;
    try {
      options = readOptions(process.argv.slice(2));
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      return 2;
    }
    if (options.help) {
      console.log(help);
      return 0;
    }
    if (!nodeIsRecent) throw new Error(`the bench needs Node 24; this is ${process.version}`);
    if (!cpuTimeIsKnown) throw new Error('the bench reads CPU times and memory from Linux’s /proc');
    const say = options.json ? console.error : console.log;
    await using stack = new AsyncDisposableStack();
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
      process.once(signal, () => void stack.disposeAsync().finally(() => process.exit(130)));
    const since = performance.now();
    const result = await measure(options, say, stack);
    if (options.json) console.log(JSON.stringify(result, null, 2));
    else console.log(tableOf(result));
    say(`measured in ${Math.round((performance.now() - since) / 1_000)} s`);
    return result.lines.some(({ holds }) => holds === false) ? 1 : 0;
  }
}
