import type { EnrollmentIds, ErrorChainItem } from '@espalier/mdm-protocol';
import type { DictReader, PlistInputDict } from '@espalier/plist';
import type { DeviceIdentity } from '../identity/device-identity.js';
import type { ManagementPlan } from '../profile/enrollment-plan.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceState, PendingResult } from '../state/device-state.js';

/** What a command handler may look at. */
export interface CommandContext {
  readonly identity: DeviceIdentity;
  /** How messages of this channel name it. */
  readonly enrollment: EnrollmentIds;
  /** Of the device, or of the user channel. */
  readonly folder: DeviceFolder;
  /** Of the device: its facts and applications count on all channels. */
  readonly device: DeviceFolder;
  readonly plan: ManagementPlan;
  /** DER of the device's identity. */
  readonly certificate: Buffer;
  /** How many third-party applications the device has. */
  readonly applications: number;
  /** Whether InstallProfile is to fail for this PayloadIdentifier: a fault. */
  readonly failsProfile: (identifier: string) => boolean;
  readonly now: () => Date;
}

/** What became of a command. Effects are in `changes`, and take place with the result or not at all. */
export interface CommandOutcome {
  readonly status: 'Acknowledged' | 'Error' | 'CommandFormatError';
  readonly result?: PlistInputDict;
  readonly errorChain?: readonly ErrorChainItem[];
  readonly changes?: Partial<DeviceState>;
  readonly after?: NonNullable<PendingResult['after']>;
}

/** Carries out one request type. Throws {@link CommandProblem} for what it cannot do. */
export type CommandHandler = (command: DictReader, context: CommandContext) => CommandOutcome;

/** Why a command fails; becomes its error chain. */
export class CommandProblem extends Error {
  constructor(
    readonly status: 'Error' | 'CommandFormatError',
    readonly chain: readonly ErrorChainItem[],
  ) {
    super(chain[0]?.description ?? status);
  }
}

/** One link of an error chain, under Apple's domains and codes. */
export function chainItem(code: number, domain: string, description: string): ErrorChainItem {
  return { code, domain, description, usEnglishDescription: description };
}

/** Codes of MCMDMErrorDomain in use here. */
export const mdmErrorCodes = {
  multipleEnrollments: 12001,
  notAuthorized: 12007,
  malformedRequest: 12008,
  internal: 12010,
  profileNotManaged: 12013,
  invalidRequestType: 12021,
} as const;

export function mdmError(code: keyof typeof mdmErrorCodes, description: string): CommandProblem {
  return new CommandProblem('Error', [chainItem(mdmErrorCodes[code], 'MCMDMErrorDomain', description)]);
}

export function formatProblem(description: string): CommandProblem {
  return new CommandProblem('CommandFormatError', [
    chainItem(mdmErrorCodes.malformedRequest, 'MCMDMErrorDomain', description),
  ]);
}
