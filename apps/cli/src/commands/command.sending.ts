import { setTimeout as pause } from 'node:timers/promises';
import type { Device, DeviceDetail, Job, QueuedCommand } from '@espalier/contracts';
import { readTextFile } from '../api/files.js';
import { findCollection, findDevice } from '../api/resolve.js';
import type { Cli } from '../cli.js';
import { CliError, usageError } from '../cli.error.js';
import { path } from '../connection/path.js';
import { exitCodes } from '../exit-codes.js';
import { Progress } from '../terminal/progress.js';
import { commandColumns } from './command.view.js';
import { finishJob } from './job.watch.js';

/** What `commands send` can be told. */
export interface SendOptions {
  readonly argument?: readonly string[];
  readonly arguments?: string;
  readonly collection?: string;
  readonly priority?: number;
  readonly push: boolean;
  readonly raw?: boolean;
  readonly wait?: boolean;
}

interface Submitted {
  readonly commandId: string;
  readonly commands: readonly QueuedCommand[];
}

const POLL_MS = 500;
const FINAL = new Set<QueuedCommand['state']>(['acknowledged', 'error', 'format-error', 'cancelled']);

/** Sends a command to devices, or to a collection as a job. */
export async function sendCommand(
  cli: Cli,
  requestType: string,
  names: readonly string[],
  options: SendOptions,
): Promise<void> {
  const { api, out } = cli;
  const { collection, priority, push, raw, wait } = options;
  if ((names.length === 0) === (collection === undefined))
    throw usageError('Name devices, or a --collection.');
  const delivery = {
    command: { requestType, arguments: readArguments(options), ...(raw === true && { raw }) },
    ...(priority !== undefined && { priority }),
    push,
  };
  if (collection !== undefined) {
    const { id } = await findCollection(api, collection);
    await finishJob(cli, await api.post<Job>(path`/api/v1/collections/${id}/commands`, delivery), options);
    return;
  }
  const devices = await Promise.all([...new Set(names)].map((name) => findDevice(api, name)));
  // Only here: the contracts take their time to load.
  const { disruptiveRequestTypes } = await import('@espalier/contracts');
  if (disruptiveRequestTypes.includes(requestType) || raw === true)
    await cli.confirm(`Send ${requestType} to ${devices.map(({ name }) => name).join(', ')}?`);
  const enrollmentIds = await Promise.all(devices.map((device) => enrollmentOf(cli, device)));
  const submitted = await api.post<Submitted>('/api/v1/commands', { enrollmentIds, ...delivery });
  const commands = wait === true ? await waitForAll(cli, submitted.commands) : submitted.commands;
  out.result({ ...submitted, commands }, () => {
    out.table(commands, commandColumns);
    const [first] = commands;
    if (first !== undefined) out.note(`See the answer: espalier commands show ${first.id}`);
  });
  if (wait === true && commands.some(({ state }) => state !== 'acknowledged'))
    cli.exitCode = exitCodes.failed;
}

/** The enrolment that a device's commands go to. @throws CliError where it has none */
async function enrollmentOf({ api }: Cli, { resourceId, name }: Device): Promise<string> {
  const { enrollments } = await api.get<DeviceDetail>(path`/api/v1/devices/${resourceId}`);
  const found = enrollments.find(({ kind, isActive }) => kind === 'device' && isActive);
  if (found !== undefined) return found.enrollmentId;
  throw new CliError(
    `${name} is not enrolled, so it cannot get commands.`,
    exitCodes.conflict,
    'Enrol it again.',
  );
}

async function waitForAll(cli: Cli, sent: readonly QueuedCommand[]): Promise<readonly QueuedCommand[]> {
  const progress = new Progress(cli.world);
  const now = new Map(sent.map((command) => [command.id, command]));
  try {
    for (;;) {
      const open = [...now.values()].filter(({ state }) => !FINAL.has(state));
      if (open.length === 0) return [...now.values()];
      progress.show(
        `${now.size - open.length} of ${now.size} devices have answered (${[...new Set(open.map(({ state }) => state))].join(', ')})`,
      );
      await pause(POLL_MS);
      for (const { id } of open) {
        const { command } = await cli.api.get<{ command: QueuedCommand }>(path`/api/v1/commands/${id}`);
        now.set(id, command);
      }
    }
  } finally {
    progress.end();
  }
}

function readArguments({ argument = [], arguments: json }: SendOptions): Record<string, unknown> {
  return {
    ...(json === undefined ? {} : readJsonObject(json)),
    ...Object.fromEntries(argument.map(readArgument)),
  };
}

/** `key=value` is a text, so that a PIN keeps its zeros; `key:=value` is JSON. */
function readArgument(pair: string): [key: string, value: unknown] {
  const at = pair.indexOf('=');
  const isJson = at > 1 && pair[at - 1] === ':';
  const key = pair.slice(0, isJson ? at - 1 : at);
  if (at < 1) throw usageError(`--argument is neither key=value nor key:=JSON: ${pair}`);
  const value = pair.slice(at + 1);
  return [key, isJson ? readJson(`--argument ${key}`, value) : value];
}

function readJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageError(`${option} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readJsonObject(text: string): Record<string, unknown> {
  const value = readJson(
    '--arguments',
    text.startsWith('@') ? readTextFile('--arguments', text.slice(1)) : text,
  );
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw usageError('--arguments must be a JSON object.');
}
