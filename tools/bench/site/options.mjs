import { parseArgs } from 'node:util';
import { partsOf, wholeOf } from '../arguments.mjs';

export const HELP = `npm run bench:site [-- options]

Measures the whole suite as processes on PostgreSQL with a generated site: devices that have enrolled and reported,
collections of every kind, deployments. The same is measured at two sizes, for the ratio.

  --devices <n,n>      devices of each site (1000,100000)
  --collections <n>    collections (500; at least 50)
  --deployments <n>    deployments (200)
  --only <part,part>   of: collections, rollout, pages, floods (all); intake is always measured
  --pause <seconds>    how long the database stands still while messages come in (30)
  --profile <folder>   writes CPU profiles of the services into the folder (and makes them slower)
  --statements         shows the statements that kept PostgreSQL busiest in each part
  --json               writes the result as JSON to standard output, and progress to standard error
  --help               this text`;

export const PARTS = /** @type {const} */ (['collections', 'rollout', 'pages', 'floods']);

/**
 * @typedef {ReturnType<typeof readOptions>} Options
 * @typedef {typeof PARTS[number]} Part
 */

/**
 * @param {string[]} args
 * @throws {TypeError} where an option is unknown or makes no sense
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      devices: { type: 'string', default: '1000,100000' },
      collections: { type: 'string', default: '500' },
      deployments: { type: 'string', default: '200' },
      only: { type: 'string', default: PARTS.join(',') },
      pause: { type: 'string', default: '30' },
      profile: { type: 'string' },
      statements: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    devices: values.devices.split(',').map((text) => wholeOf('--devices', text, 100)),
    // One of each kind for each OS version.
    collections: wholeOf('--collections', values.collections, 50),
    deployments: wholeOf('--deployments', values.deployments, 2),
    parts: partsOf(PARTS, values.only),
    pauseSeconds: wholeOf('--pause', values.pause, 1),
    profile: values.profile,
    statements: values.statements,
    json: values.json,
    help: values.help,
  };
}
