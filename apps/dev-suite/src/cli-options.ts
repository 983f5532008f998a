import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from './suite/services.js';
import { SuiteError } from './state/state.errors.js';

/** What `npm start` was asked for. */
export interface CliOptions {
  readonly help: boolean;
  readonly state: string;
  readonly reset: boolean;
  readonly devices: number;
  readonly host: string;
  readonly deviceHost: string;
  readonly freePorts: boolean;
  readonly once: boolean;
  readonly approvals: boolean;
  readonly database: string | undefined;
  readonly logLevel: string;
}

export const HELP = `npm start [-- options]

Runs Espalier on this machine: dmz-proxy, mdm, mdm-policy, config-proxy, nats-server and the stand-in for Apple's
services, each as its own process, and shows the main job: simulated devices enrol through the DMZ, a collection fills
by itself, a baseline is deployed to it, every Mac complies, and what a user removes is put back.

  --devices <n>        simulated devices (default 5; 0 for none)
  --once               stop when the main job is done
  --state <folder>     keys, databases and logs (default .espalier; survives a restart)
  --reset              begin anew: deletes the state folder
  --free-ports         use any free ports instead of 8443, 8760, 8761, 8762, 4222 …
  --host <address>     address to listen on (default 127.0.0.1)
  --device-host <name> name under which devices reach this machine (default localhost); with --host 0.0.0.0 you can
                       enrol a device of your own
  --approvals          what is dangerous waits for a second person (docs/approvals.md): make two administrators of the
                       kind person, with a token each; here they may approve at once, not after a day
  --database <url>     postgres://… or mssql://… instead of SQLite; {service} stands for the service's name
  --log-level <level>  trace, debug, info (default), warn, error
  --help               this text

Examples
  npm start -- --devices 20
  npm start -- --host 0.0.0.0 --device-host mac-lab.example.org
  npm start -- --reset --once`;

/** @throws SuiteError that names what is wrong */
export function readCliOptions(args: readonly string[]): CliOptions {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new SuiteError(
      `${error instanceof Error ? error.message : String(error)}\nSee: npm start -- --help`,
    );
  }
  const devices = Number(values.devices);
  if (!Number.isInteger(devices) || devices < 0 || devices > 1_000)
    throw new SuiteError(`--devices is "${values.devices}": it must be a whole number from 0 to 1000.`);
  return {
    help: values.help,
    state: resolve(values.state ?? join(repositoryRoot(), '.espalier')),
    reset: values.reset,
    devices,
    host: values.host,
    deviceHost: values['device-host'],
    freePorts: values['free-ports'],
    once: values.once,
    approvals: values.approvals,
    database: values.database,
    logLevel: values['log-level'],
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    options: {
      help: { type: 'boolean', default: false },
      state: { type: 'string' },
      reset: { type: 'boolean', default: false },
      devices: { type: 'string', default: '5' },
      host: { type: 'string', default: '127.0.0.1' },
      'device-host': { type: 'string', default: 'localhost' },
      'free-ports': { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      approvals: { type: 'boolean', default: false },
      database: { type: 'string' },
      'log-level': { type: 'string', default: 'info' },
    },
  }).values;
}
