import { once } from 'node:events';
import { DeviceFleet, readFleetStatus, type ProfileSource } from '@espalier/sim-devices';
import type { CommandName, Values } from './arguments.js';
import { listenOnSocket, listenToStream, tellProcess, type ControlAnswer } from './control.channel.js';
import { controlMessageOf } from './control.words.js';
import { fleetOptions, readInput, stateFolder } from './fleet.options.js';
import type { Output } from './output.js';
import { UsageError } from './usage.error.js';

/** Runs a command; the exit code: 0 all done, 1 some devices failed. `signal` ends it in good order. */
export type Command = (
  values: Values,
  output: Output,
  signal: AbortSignal,
  words: readonly string[],
) => Promise<number>;

async function withFleet(
  values: Values,
  output: Output,
  signal: AbortSignal,
  work: (fleet: DeviceFleet) => Promise<number>,
): Promise<number> {
  const fleet = DeviceFleet.open(await fleetOptions(values));
  fleet.events.on('*', (event) => output.event(event));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= fleet.close());
  // At once: what runs then ends by itself.
  signal.addEventListener('abort', () => void close(), { once: true });
  try {
    return await work(fleet);
  } finally {
    await close();
  }
}

async function stayOnline(
  fleet: DeviceFleet,
  values: Values,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  await takeControl(fleet, values, output, signal);
  const devices = fleet.status().filter(({ phase }) => phase === 'enrolled').length;
  output.note('online', `${devices} devices are online. End with Ctrl-C.`, { devices });
  if (!signal.aborted) await once(signal, 'abort');
}

/** Control messages from standard input, unless that is a terminal, and from the socket of the state folder. */
async function takeControl(
  fleet: DeviceFleet,
  values: Values,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const tell = (answer: ControlAnswer): void => output.note('control', describeAnswer(answer), { ...answer });
  // A process in the background that reads from its terminal is stopped by the system.
  if (!process.stdin.isTTY) {
    listenToStream(process.stdin, fleet, tell);
    signal.addEventListener('abort', () => process.stdin.destroy(), { once: true });
  }
  const folder = stateFolder(values);
  if (await listenOnSocket(folder, fleet, tell, signal)) return;
  const detail = `${folder} cannot hold a socket, or its path is too long: device-sim tell cannot be used.`;
  output.note('warning', detail, { detail });
}

function describeAnswer({ do: what, ok, result = {}, error }: ControlAnswer): string {
  return ok
    ? `told to ${String(what)}: ${JSON.stringify(result)}`
    : `told to ${String(what)}, and cannot: ${JSON.stringify(error)}`;
}

function profileSource(values: Values): ProfileSource {
  const [url, file] = [values.text('url'), values.text('profile')];
  if ((url === undefined) === (file === undefined)) throw new UsageError('Give either --url or --profile.');
  if (url !== undefined) return { url: values.url('url') };
  return { bytes: readInput(file ?? '', 'profile') };
}

const enroll: Command = (values, output, signal) => {
  const profile = profileSource(values);
  const count = values.count('count', 1);
  const platform = values.choice('platform', ['mac', 'iphone', 'ipad', 'mixed'], 'mixed');
  return withFleet(values, output, signal, async (fleet) => {
    const unmanaged = [...fleet.devices.values()].filter(
      ({ phase }) => phase === 'new' || phase === 'removed',
    );
    const devices = values.flag('again') ? unmanaged : fleet.create(count, platform);
    if (devices.length === 0) throw new UsageError('All devices of the folder are managed.');
    const { enrolled, failed } = await fleet.enroll({ profile, devices });
    output.note('summary', `${enrolled.length} of ${devices.length} devices are managed.`, {
      enrolled: enrolled.length,
      failed: failed.map(({ device, error }) => ({ serial: device.identity.serial, ...error.toBody() })),
    });
    if (values.flag('stay')) await stayOnline(fleet, values, output, signal);
    return failed.length === 0 ? 0 : 1;
  });
};

const run: Command = (values, output, signal) =>
  withFleet(values, output, signal, async (fleet) => {
    const resumed = fleet.resume();
    await stayOnline(fleet, values, output, signal);
    await resumed;
    return 0;
  });

const tell: Command = async (values, output, _signal, words) => {
  const answer = await tellProcess(stateFolder(values), controlMessageOf(words));
  output.note('control', describeAnswer(answer), { ...answer });
  return answer.ok ? 0 : 1;
};

const status: Command = async (values, output) => {
  output.status(readFleetStatus(stateFolder(values)));
  return 0;
};

const checkout: Command = (values, output, signal) =>
  withFleet(values, output, signal, async (fleet) => {
    const serials = values.list('serial');
    const named = serials.map((serial) => {
      const device = fleet.devices.get(serial);
      if (device === undefined) throw new UsageError(`--serial: there is no device ${serial}.`);
      return device;
    });
    const devices = named.length > 0 ? named : [...fleet.devices.values()];
    await fleet.checkOut(devices);
    const left = devices.filter(({ phase }) => phase === 'enrolled').length;
    output.note('summary', `${devices.length - left} devices are not managed.`, { managed: left });
    return left === 0 ? 0 : 1;
  });

export const commands: Readonly<Record<CommandName, Command>> = {
  enroll,
  run,
  tell,
  status,
  checkout,
};
