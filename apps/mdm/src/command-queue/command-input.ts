import { mdmErrors, type CommandInput, type InventoryKind } from '@espalier/contracts';
import {
  buildCommand,
  commandMetadata,
  encodeCommand,
  isKnownRequestType,
  MdmProtocolError,
  parseCommandPayload,
  rawCommand,
  type ApplePlatform,
  type CommandArguments,
  type MdmCommand,
} from '@espalier/mdm-protocol';
import type { PlistInput, PlistInputDict } from '@espalier/plist';
import type { EnrollmentTarget } from '../enrollment/enrollment.store.js';
import { platformOf } from '../enrollment/platform.js';
import { fromPlistJsonDict } from './plist-json.js';

type Reader = (args: ArgumentReader, platform: ApplePlatform) => MdmCommand;

/** Takes Apple's keys off a command's arguments, so that what is left over is unknown. */
class ArgumentReader {
  readonly #left: Map<string, PlistInput>;

  constructor(args: PlistInputDict) {
    this.#left = new Map(
      Object.entries(args).filter((entry): entry is [string, PlistInput] => entry[1] !== undefined),
    );
  }

  take<T>(key: string, what: string, fits: (value: PlistInput) => value is T & PlistInput): T | undefined {
    const value = this.#left.get(key);
    this.#left.delete(key);
    if (value === undefined) return undefined;
    if (!fits(value)) throw new MdmProtocolError(`must be ${what}`, key);
    return value;
  }
  text(key: string): string | undefined {
    return this.take(key, 'a string', (value) => typeof value === 'string');
  }
  flag(key: string): boolean | undefined {
    return this.take(key, 'true or false', (value) => typeof value === 'boolean');
  }
  bytes(key: string): Uint8Array | undefined {
    return this.take(
      key,
      'bytes: {"$data": "<base64>"}',
      (value): value is Uint8Array => value instanceof Uint8Array,
    );
  }
  texts(key: string): readonly string[] | undefined {
    return this.take(
      key,
      'a list of strings',
      (value): value is readonly string[] =>
        Array.isArray(value) && value.every((item) => typeof item === 'string'),
    );
  }
  end(): void {
    const [unknown] = this.#left.keys();
    if (unknown !== undefined)
      throw new MdmProtocolError(
        'is not an argument that is known of this command; "raw": true sends it all the same',
        unknown,
      );
  }
}

function required<T>(value: T | undefined, key: string): T {
  if (value === undefined) throw new MdmProtocolError('is required', key);
  return value;
}

/** Leaves out what is undefined, as exact optional properties want it. */
function present<T extends object>(value: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

const readers: Readonly<Record<keyof CommandArguments, Reader>> = {
  DeviceInformation: (args, platform) =>
    buildCommand('DeviceInformation', present({ platform, queries: args.texts('Queries') })),
  ProfileList: (args) => buildCommand('ProfileList', present({ managedOnly: args.flag('ManagedOnly') })),
  InstallProfile: (args) =>
    buildCommand('InstallProfile', { payload: required(args.bytes('Payload'), 'Payload') }),
  RemoveProfile: (args) =>
    buildCommand('RemoveProfile', { identifier: required(args.text('Identifier'), 'Identifier') }),
  DeviceLock: (args, platform) =>
    buildCommand(
      'DeviceLock',
      present({
        platform,
        pin: args.text('PIN'),
        message: args.text('Message'),
        phoneNumber: args.text('PhoneNumber'),
      }),
    ),
  EraseDevice: (args, platform) =>
    buildCommand(
      'EraseDevice',
      present({
        platform,
        pin: args.text('PIN'),
        obliterationBehavior: args.text(
          'ObliterationBehavior',
        ) as CommandArguments['EraseDevice']['obliterationBehavior'],
        preserveDataPlan: args.flag('PreserveDataPlan'),
        disallowProximitySetup: args.flag('DisallowProximitySetup'),
      }),
    ),
};

/**
 * Checks what was asked against what Apple's schema says, for every platform among the targets, and gives the
 * command as devices get it. One command goes to all targets: queries of several platforms are united.
 * @throws EspalierError ESP_MDM_COMMAND_INVALID naming Apple's key and what is wrong with it
 */
export function toMdmCommand(input: CommandInput, targets: readonly EnrollmentTarget[]): MdmCommand {
  try {
    const command = read(input, targets);
    // What cannot be written and read again would stand at the head of a queue for ever (see DeliveryService).
    parseCommandPayload(encodeCommand({ commandUuid: UUID_LIKE, command }));
    return command;
  } catch (error) {
    if (error instanceof MdmProtocolError || error instanceof TypeError)
      throw mdmErrors.ESP_MDM_COMMAND_INVALID({ detail: error.message, cause: error });
    throw error;
  }
}

const UUID_LIKE = '00000000-0000-0000-0000-000000000000';

function read(input: CommandInput, targets: readonly EnrollmentTarget[]): MdmCommand {
  const args = fromPlistJsonDict(input.arguments);
  const { requestType } = input;
  if (input.raw) return rawCommand({ ...args, RequestType: requestType });
  if (!isKnownRequestType(requestType)) {
    if (!commandMetadata(requestType).known)
      throw new MdmProtocolError(
        `"${requestType}" is not known; "raw": true sends it all the same`,
        'RequestType',
      );
    return rawCommand({ ...args, RequestType: requestType });
  }
  // Where all targets were skipped nobody gets it, so no platform can object.
  if (targets.length === 0) return rawCommand({ ...args, RequestType: requestType });
  const platforms = [...new Set(targets.map(platformOf))];
  const [first, ...others] = platforms.map((platform) => {
    const reader = new ArgumentReader(args);
    const command = readers[requestType](reader, platform);
    reader.end();
    return command;
  });
  return others.reduce(uniteQueries, first as MdmCommand);
}

const INVENTORY_OF: ReadonlyMap<string, InventoryKind> = new Map([
  ['DeviceInformation', 'device'],
  ['SecurityInfo', 'security'],
  ['ProfileList', 'profiles'],
  ['InstalledApplicationList', 'applications'],
]);

/** What the answer will tell the whole of: a command that asks for a part only is no inventory. */
export function inventoryOf({ requestType, arguments: args, raw }: CommandInput): InventoryKind | null {
  return raw || Object.keys(args).length > 0 ? null : (INVENTORY_OF.get(requestType) ?? null);
}

function uniteQueries(command: MdmCommand, other: MdmCommand): MdmCommand {
  const [mine, theirs] = [command['Queries'], other['Queries']];
  if (!Array.isArray(mine) || !Array.isArray(theirs)) return command;
  return { ...command, Queries: [...new Set([...(mine as string[]), ...(theirs as string[])])] };
}
