import type { PlistDict, PlistInputDict, PlistLimits } from '@espalier/plist';
import { MdmProtocolError } from '../mdm-protocol.error.js';
import { readMessage, writeMessage } from '../message.reader.js';
import type { MdmCommand } from './command.types.js';

/** A command as a device receives it. */
export interface CommandPayload {
  readonly commandUuid: string;
  readonly requestType: string;
  /** Everything under `Command`, `RequestType` included. */
  readonly command: PlistDict & MdmCommand;
}

/**
 * Takes any dictionary as a command, for request types without a builder.
 *
 * @throws MdmProtocolError if `RequestType` is missing or an argument does not fit into a property list
 */
export function rawCommand(command: PlistInputDict): MdmCommand {
  const requestType = command['RequestType'];
  if (typeof requestType !== 'string' || requestType.trim() === '') {
    throw new MdmProtocolError('must be a string that is not empty', 'RequestType');
  }
  writeMessage(command);
  return { ...command, RequestType: requestType };
}

/** Writes the answer that carries a command to a device. */
export function encodeCommand(payload: {
  readonly commandUuid: string;
  readonly command: MdmCommand;
}): Buffer {
  if (payload.commandUuid === '') throw new MdmProtocolError('is empty', 'CommandUUID');
  return writeMessage({ CommandUUID: payload.commandUuid, Command: payload.command });
}

/** Reads the answer of a server that carries a command; the inverse of {@link encodeCommand}. For simulators. */
export function parseCommandPayload(body: Uint8Array, limits?: Partial<PlistLimits>): CommandPayload {
  const message = readMessage(body, limits);
  const command = message.dict('Command');
  const requestType = command.string('RequestType');
  return {
    commandUuid: message.string('CommandUUID'),
    requestType,
    command: command.source as PlistDict & MdmCommand,
  };
}
