/** `npm run bench:site`: see HELP in site/options.mjs. */
import { runBench } from './run-bench.mjs';
import { measureSite } from './site/measure-site.mjs';
import { HELP, readOptions } from './site/options.mjs';
import { resultOf } from './site/report.mjs';

await runBench({
  help: HELP,
  readOptions,
  measure: async (options, say, stack) => {
    const sites = [];
    for (const devices of options.devices) sites.push(await measureSite(devices, options, say, stack));
    return resultOf(sites);
  },
});
