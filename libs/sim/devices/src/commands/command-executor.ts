import { buildReport, type CommandPayload, type ResultStatus } from '@espalier/mdm-protocol';
import { readDict } from '@espalier/plist';
import type { DeviceState, PendingResult } from '../state/device-state.js';
import {
  CommandProblem,
  formatProblem,
  mdmError,
  type CommandContext,
  type CommandHandler,
  type CommandOutcome,
} from './command-outcome.js';
import { declarativeManagement } from './declarative-management.command.js';
import { deviceInformation } from './device-information.command.js';
import { certificateList, installedApplicationList, securityInfo } from './inventory.commands.js';
import { installProfile, profileList, removeProfile } from './profile.commands.js';
import { deviceLock, eraseDevice, restart } from './security.commands.js';
import type { CommandFault } from '../device/device-faults.js';

/** Bits of AccessRights (com.apple.mdm). */
const rights = {
  seeProfiles: 1,
  changeProfiles: 2,
  lock: 4,
  erase: 8,
  deviceInfo: 16,
  applications: 256,
  security: 1024,
};

interface Command {
  readonly right: number;
  readonly handle: CommandHandler;
}

const commands: Readonly<Record<string, Command>> = {
  CertificateList: { right: rights.seeProfiles, handle: certificateList },
  DeclarativeManagement: { right: 0, handle: declarativeManagement },
  DeviceInformation: { right: rights.deviceInfo, handle: deviceInformation },
  DeviceLock: { right: rights.lock, handle: deviceLock },
  EraseDevice: { right: rights.erase, handle: eraseDevice },
  InstalledApplicationList: { right: rights.applications, handle: installedApplicationList },
  InstallProfile: { right: rights.changeProfiles, handle: installProfile },
  ProfileList: { right: rights.seeProfiles, handle: profileList },
  RemoveProfile: { right: rights.changeProfiles, handle: removeProfile },
  RestartDevice: { right: rights.lock, handle: restart },
  SecurityInfo: { right: rights.security, handle: securityInfo },
  ShutDownDevice: { right: rights.lock, handle: restart },
};

/** What a Mac takes on a user channel. */
const userCommands: ReadonlySet<string> = new Set([
  'CertificateList',
  'DeclarativeManagement',
  'DeviceInformation',
  'InstalledApplicationList',
  'InstallProfile',
  'ProfileList',
  'RemoveProfile',
]);

function commandFor(requestType: string, { folder }: CommandContext): Command | undefined {
  if (!Object.hasOwn(commands, requestType)) return undefined;
  return folder.state.user === undefined || userCommands.has(requestType) ? commands[requestType] : undefined;
}

/** A command carried out: effects and result, to be committed together. */
export interface ExecutedCommand {
  readonly changes: Partial<DeviceState>;
  readonly pending: PendingResult;
}

/** Carries out a command, or the fault that was drawn for it. Changes nothing by itself. */
export function executeCommand(
  command: CommandPayload,
  context: CommandContext,
  fault: CommandFault | undefined,
): ExecutedCommand {
  const outcome = outcomeOf(command, context, fault);
  const { status, changes = {}, after } = outcome;
  return {
    changes,
    pending: {
      execution: context.folder.state.executions + 1,
      commandUuid: command.commandUuid,
      requestType: command.requestType,
      status,
      report: reportOf(command, context, outcome, fault).toString('base64'),
      refusals: 0,
      ...(after !== undefined && { after }),
    },
  };
}

/** The answer to a command that was carried out before and whose result the server took: its status only. */
export function repeatedResult(
  command: CommandPayload,
  context: CommandContext,
  status: ResultStatus,
): PendingResult {
  const { commandUuid, requestType } = command;
  const report = buildReport({ enrollment: context.enrollment, status, commandUuid });
  // No execution, so no new number: the journal has its line.
  const { executions: execution } = context.folder.state;
  return { execution, commandUuid, requestType, status, report: report.toString('base64'), refusals: 0 };
}

type Outcome = Omit<CommandOutcome, 'status'> & { readonly status: ResultStatus };

function outcomeOf(
  command: CommandPayload,
  context: CommandContext,
  fault: CommandFault | undefined,
): Outcome {
  switch (fault) {
    case 'not-now':
      return { status: 'NotNow' };
    case 'error':
      return failed(mdmError('internal', 'Simulated failure.'));
    case 'command-format-error':
      return failed(formatProblem('Simulated format error.'));
    default:
      return carriedOut(command, context);
  }
}

function carriedOut({ requestType, command }: CommandPayload, context: CommandContext): Outcome {
  try {
    const known = commandFor(requestType, context);
    if (known === undefined)
      throw mdmError('invalidRequestType', `“${requestType}” is not a valid request type.`);
    if ((context.plan.accessRights & known.right) !== known.right)
      throw mdmError('notAuthorized', `The access rights do not allow ${requestType}.`);
    return known.handle(
      readDict(command, '', (key, problem) => formatProblem(`${key} ${problem}.`)),
      context,
    );
  } catch (error) {
    if (error instanceof CommandProblem) return failed(error);
    throw error;
  }
}

function failed({ status, chain }: CommandProblem): Outcome {
  return { status, errorChain: chain };
}

/** A fault `garbage` cuts the property list in the middle: good HTTP, good signature, no sense. */
function reportOf(
  { commandUuid }: CommandPayload,
  context: CommandContext,
  { status, result, errorChain = [] }: Outcome,
  fault: CommandFault | undefined,
): Buffer {
  const report = buildReport({
    enrollment: context.enrollment,
    status,
    commandUuid,
    errorChain,
    ...(result !== undefined && { result }),
  });
  return fault === 'garbage'
    ? Buffer.concat([report.subarray(0, report.lastIndexOf('</dict>')), GARBAGE])
    : report;
}

const GARBAGE = Buffer.from('\t<key>\x01\n');
