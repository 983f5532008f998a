import { setTimeout as wait } from 'node:timers/promises';
import { isEspalierError, type ErrorOptions, type EspalierError } from '@espalier/contracts';
import { buildReport, parseCommandPayload, type CommandPayload } from '@espalier/mdm-protocol';
import { executeCommand, repeatedResult } from '../commands/command-executor.js';
import type { CommandContext } from '../commands/command-outcome.js';
import type { DeviceEventDetails, DeviceEventKind } from '../events/device-event.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceState, PendingResult } from '../state/device-state.js';
import type { DeviceFaults } from './device-faults.js';
import type { MdmConnection } from './mdm-connection.js';

/** A result that the server refused so often is dropped: nothing behind it would ever be done. */
const MAX_REFUSALS = 3;

/** How a session ended: `idle` the server has nothing more, `removed` the device is not managed any more. */
export type SessionEnd = 'idle' | 'failed' | 'stopped' | 'removed';

export interface CommandSessionOptions {
  readonly folder: DeviceFolder;
  readonly mdm: MdmConnection;
  readonly context: CommandContext;
  readonly faults: DeviceFaults;
  readonly signal: AbortSignal;
  readonly emit: <K extends DeviceEventKind>(kind: K, details: DeviceEventDetails[K]) => void;
}

/** Asks for commands and reports on them until there are no more (Apple, "Send MDM commands to a device"). */
export class CommandSession {
  #commands = 0;
  #cutNext = false;
  readonly #deferred = new Set<string>();

  constructor(private readonly options: CommandSessionOptions) {}

  /** @throws EspalierError as {@link MdmConnection.send} */
  async run(): Promise<{
    readonly end: SessionEnd;
    /** What the last command asked for, to be done now that the server has its result. */
    readonly after?: NonNullable<PendingResult['after']>;
    /** Some commands were put off: to be asked for again later. */
    readonly deferred: boolean;
  }> {
    for (;;) {
      const { pending } = this.options.folder.state;
      const command = await this.#exchange(pending);
      if (pending !== undefined) {
        this.#taken(pending);
        // Still pending until it is done: killed in between, the device would otherwise stay managed.
        if (pending.after !== undefined) return { end: 'removed', after: pending.after, deferred: false };
      }
      const deferred = this.#deferred.size > 0;
      if (command === undefined) {
        this.options.emit('idle', { commands: this.#commands });
        return { end: 'idle', deferred };
      }
      // Only later, or after something else was done, may it be offered again: this would go on for ever.
      if (pending?.status === 'NotNow' && this.#deferred.has(command.commandUuid)) {
        this.#complain(simErrors.ESP_SIM_NOT_NOW_IGNORED, command);
        return { end: 'failed', deferred };
      }
      await this.#execute(command);
    }
  }

  async #exchange(pending: PendingResult | undefined): Promise<CommandPayload | undefined> {
    const { mdm, context, folder } = this.options;
    const body =
      pending === undefined
        ? buildReport({ enrollment: context.enrollment, status: 'Idle' })
        : Buffer.from(pending.report, 'base64');
    const cutFirst = this.#cutNext;
    this.#cutNext = false;
    try {
      const read = (reply: Buffer) => (reply.length === 0 ? undefined : parseCommandPayload(reply));
      return await mdm.send({ kind: 'command', body, read, cutFirst });
    } catch (error) {
      const refused = isEspalierError(error) && error.code === 'ESP_SIM_REQUEST_REFUSED';
      if (refused && pending !== undefined) {
        const refusals = pending.refusals + 1;
        folder.update({ pending: refusals < MAX_REFUSALS ? { ...pending, refusals } : undefined });
      }
      throw error;
    }
  }

  #taken(pending: PendingResult): void {
    const { commandUuid, requestType, status } = pending;
    if (pending.after === undefined) this.options.folder.update({ pending: undefined });
    this.options.emit('result', { commandUuid, requestType, status });
  }

  async #execute(command: CommandPayload): Promise<void> {
    const { folder, context, faults, emit, signal } = this.options;
    const ended = folder.endOf(command.commandUuid);
    if (ended !== undefined) {
      this.#complain(simErrors.ESP_SIM_COMMAND_REPEATED, command);
      folder.update({ pending: repeatedResult(command, context, ended) });
      return;
    }
    const fault = faults.take(context.identity.serial, command);
    const { changes, pending } = executeCommand(command, context, fault);
    const { profiles } = folder.state;
    folder.commit(changes, pending, context.now());
    this.#commands += 1;
    this.#cutNext = fault === 'cut';
    if (pending.status === 'NotNow') this.#deferred.add(command.commandUuid);
    else this.#deferred.delete(command.commandUuid);
    const { commandUuid, requestType, status, execution } = pending;
    emit('command', { commandUuid, requestType, status, execution });
    if (changes.profiles !== undefined) {
      folder.pruneProfiles();
      tellProfiles(profiles, changes.profiles, emit);
    }
    const { answerDelayMs } = faults.settings;
    if (answerDelayMs > 0)
      await wait(answerDelayMs, undefined, { signal }).catch(() => {
        throw simErrors.ESP_SIM_STOPPED();
      });
  }

  #complain(raise: (options: ErrorOptions) => EspalierError, command: CommandPayload): void {
    const { code, message } = raise({ detail: `${command.requestType} ${command.commandUuid}` });
    this.options.emit('error', { code, message });
  }
}

function tellProfiles(
  before: DeviceState['profiles'],
  after: DeviceState['profiles'],
  emit: CommandSessionOptions['emit'],
): void {
  for (const { identifier } of before)
    if (!after.some((one) => one.identifier === identifier))
      emit('profile-removed', { identifier, by: 'server' });
  for (const profile of after) {
    const { identifier, uuid } = profile;
    if (!before.includes(profile)) emit('profile-installed', { identifier, uuid, by: 'server' });
  }
}
