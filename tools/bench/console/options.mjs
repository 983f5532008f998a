import { parseArgs } from 'node:util';
import { partsOf, wholeOf } from '../arguments.mjs';

export const HELP = `npm run bench:console [-- options]

Measures the console door of a generated site on PostgreSQL: AdminService's lists beside the JSON API's same pages, and
live events to many listeners.

  --devices <n>           devices of the site (100000)
  --listeners <n>         listeners of live events (1000)
  --events <n>            events per second (500)
  --seconds <n>           how long each part is measured (15)
  --only <part,part>      of: requests, listeners (all)
  --profile <folder>      writes CPU profiles of the services into the folder (and makes them slower)
  --json                  writes the result as JSON to standard output, and progress to standard error
  --help                  this text`;

const PARTS = /** @type {const} */ (['requests', 'listeners']);

/** @typedef {ReturnType<typeof readOptions>} Options */

/**
 * @param {string[]} args
 * @throws {TypeError} where an option is unknown or makes no sense
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      devices: { type: 'string', default: '100000' },
      listeners: { type: 'string', default: '1000' },
      events: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '15' },
      only: { type: 'string', default: PARTS.join(',') },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    devices: wholeOf('--devices', values.devices, 1_000),
    listeners: wholeOf('--listeners', values.listeners, 1),
    events: wholeOf('--events', values.events, 1),
    seconds: wholeOf('--seconds', values.seconds, 1),
    parts: partsOf(PARTS, values.only),
    profile: values.profile,
    json: values.json,
    help: values.help,
  };
}
