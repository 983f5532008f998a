import { parseArgs } from 'node:util';
import { numberOf } from './arguments.mjs';

export const HELP = `npm run bench:checkin [-- options]

Measures what enrolled devices cost: CPU time per request of the mdm service and of PostgreSQL, and requests per second,
beside nanomdm (built with the machine's Go client into a temporary folder) on the same PostgreSQL with the same signed
requests. Compare ratios: absolute figures belong to the machine and to what else it was doing.

  --enrollments <n>  enrolled devices (1000)
  --seconds <n>      length of one measurement (1.2)
  --rounds <n>       measurements of each kind, of which the median counts (3; fewer where the run would take
                     longer than 4 minutes)
  --history <n>      answered commands of one device in the grown state (1000)
  --queued <n>       commands that wait for other devices in the grown state (1000000)
  --fleet <n>        further enrolments in the grown state (100000)
  --json             writes the result as JSON to standard output, and progress to standard error
  --no-peer          without nanomdm
  --no-growth        without the grown state
  --no-edge          without the measurement through dmz-proxy and the link
  --profile <folder> writes CPU profiles of our servers into the folder (and makes them slower)
  --help             this text`;

const LIMIT_SECONDS = 210;
const DEFAULT_SECONDS = 1.2;

/** @typedef {ReturnType<typeof readOptions>} Options */

/**
 * @param {string[]} args
 * @throws {TypeError} where an option is unknown or not a number
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      enrollments: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      rounds: { type: 'string', default: '3' },
      history: { type: 'string', default: '1000' },
      queued: { type: 'string', default: '1000000' },
      fleet: { type: 'string', default: '100000' },
      json: { type: 'boolean', default: false },
      peer: { type: 'boolean', default: true },
      growth: { type: 'boolean', default: true },
      edge: { type: 'boolean', default: true },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { json, peer, growth, edge, profile, help } = values;
  const seconds = numberOf('--seconds', values.seconds, 0.1);
  return {
    enrollments: Math.floor(numberOf('--enrollments', values.enrollments, 20)),
    seconds,
    rounds: Math.floor(numberOf('--rounds', values.rounds, 1)),
    history: Math.floor(numberOf('--history', values.history, 1)),
    queued: Math.floor(numberOf('--queued', values.queued, 1)),
    fleet: Math.floor(numberOf('--fleet', values.fleet, 1)),
    /** The run drops rounds rather than take longer. */
    limitSeconds: LIMIT_SECONDS * Math.max(1, seconds / DEFAULT_SECONDS),
    json,
    peer,
    growth,
    edge,
    profile,
    help,
  };
}
