import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HELP, readCliOptions, type CliOptions } from './cli-options.js';
import { ConsoleClient } from './console/console.client.js';
import { DeviceSim } from './main-job/device-sim.process.js';
import { runMainJob } from './main-job/main-job.js';
import { View } from './main-job/view.js';
import { SuiteError } from './state/state.errors.js';
import { defaultPorts, portsAsBefore } from './suite/ports.js';
import { Suite } from './suite/suite.js';
import { summary } from './summary.js';

const view = new View({ write: (text) => process.stdout.write(text), colour: process.stdout.isTTY });
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

async function main(): Promise<number> {
  const options = readCliOptions(process.argv.slice(2));
  if (options.help) {
    view.text(HELP);
    return 0;
  }
  if (options.reset) reset(options.state);
  const suite = await Suite.start(await suiteOptions(options), natsServer(), (step) => view.step(step));
  const sim = new DeviceSim({
    state: suite.state.file('devices'),
    appleUrl: suite.appleUrl,
    caFile: suite.pki.ca.certificate,
    onEvent: (event) => view.device(event),
  });
  try {
    const stopped = whenAborted(stopping.signal);
    const done = await Promise.race([stopped, demonstrate(suite, sim, options.devices)]);
    if (done === 'done') {
      view.text(summary(suite));
      if (!options.once) await stopped;
    }
    view.step('stopping');
    return 0;
  } finally {
    await sim.stop();
    await suite.stop();
  }
}

async function demonstrate(suite: Suite, sim: DeviceSim, devices: number): Promise<'done'> {
  const { consoleUrl: url, adminToken: token, pki } = suite;
  const client = new ConsoleClient({ url, token, caFile: pki.ca.certificate });
  try {
    if (devices > 0) await runMainJob(suite, client, sim, devices, view);
    return 'done';
  } catch (error) {
    // Whatever was under way when Ctrl-C came fails; that is no news.
    if (stopping.signal.aborted) return 'done';
    throw error;
  }
}

function whenAborted(signal: AbortSignal): Promise<'stopped'> {
  const { promise, resolve } = Promise.withResolvers<'stopped'>();
  if (signal.aborted) resolve('stopped');
  else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  return promise;
}

async function suiteOptions(options: CliOptions): Promise<Suite['options']> {
  return {
    stateFolder: options.state,
    host: options.host,
    deviceHost: options.deviceHost,
    ports: options.freePorts
      ? await portsAsBefore(options.host, join(options.state, 'ports.json'))
      : defaultPorts,
    ...(options.database !== undefined && { databaseUrl: options.database }),
    logLevel: options.logLevel,
    ...(options.approvals && {
      overrides: {
        'config-proxy': { ESPALIER_APPROVALS: 'required', ESPALIER_APPROVER_REST_HOURS: '0' },
      },
    }),
  };
}

function natsServer(): string {
  const path = process.env['ESPALIER_NATS_SERVER'];
  if (path !== undefined && existsSync(path)) return path;
  throw new SuiteError(
    'ESPALIER_NATS_SERVER does not name a nats-server. Start the suite with npm start, which finds or installs one.',
  );
}

/** Deletes a state folder, and nothing that is not one. */
function reset(folder: string): void {
  if (!existsSync(folder)) return;
  if (!existsSync(join(folder, 'state.json')))
    throw new SuiteError(
      `${folder} holds no state.json, so it is no state folder of Espalier: delete it yourself if you mean it.`,
    );
  rmSync(folder, { recursive: true });
}

try {
  process.exitCode = await main();
} catch (error) {
  view.problem(error instanceof SuiteError ? error.message : ((error as Error).stack ?? String(error)));
  process.exitCode = 1;
}
