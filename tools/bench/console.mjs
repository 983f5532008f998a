/** `npm run bench:console`: see HELP in console/options.mjs. */
import { measureConsole } from './console/measure-console.mjs';
import { HELP, readOptions } from './console/options.mjs';
import { resultOf } from './console/report.mjs';
import { runBench } from './run-bench.mjs';

await runBench({
  help: HELP,
  readOptions,
  measure: async (options, say, stack) => resultOf(await measureConsole(options, say, stack)),
});
