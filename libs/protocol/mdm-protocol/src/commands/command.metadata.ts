import type { PlistInput } from '@espalier/plist';
import type { MdmCommand } from './command.types.js';
import { commandTable } from './command.table.js';

/** What is known of a request type without looking at arguments. */
export interface CommandMetadata {
  readonly requestType: string;
  /** False for a request type that Apple's schema (OS 18) does not have. */
  readonly known: boolean;
  /** Loses data or locks people out. True for an unknown request type, since it might. */
  readonly destructive: boolean;
  /** Arguments that may be shown in logs and audit. All others may not. */
  readonly plainKeys: readonly string[];
  /** Arguments known to be secret: passwords, PINs, tokens, and data that may hold them. */
  readonly secretKeys: readonly string[];
}

const redacted = '[redacted]';

export function commandMetadata(requestType: string): CommandMetadata {
  const entry = Object.hasOwn(commandTable, requestType) ? commandTable[requestType] : undefined;
  return {
    requestType,
    known: entry !== undefined,
    destructive: entry === undefined || entry.destructive === true,
    plainKeys: entry?.plain ?? [],
    secretKeys: entry?.secret ?? [],
  };
}

/**
 * The command as logs and audit may show it: an allow-list, so arguments that nobody has declared harmless are
 * replaced, whatever they are called. Data shows its length only. Holds only what JSON can carry.
 */
export function redactCommand(command: MdmCommand): Record<string, unknown> {
  const { plainKeys } = commandMetadata(command.RequestType);
  const shown: Record<string, unknown> = { RequestType: command.RequestType };
  for (const [key, value] of Object.entries(command)) {
    if (key === 'RequestType' || value === undefined) continue;
    shown[key] = plainKeys.includes(key) && isPlain(value) ? value : redactValue(value);
  }
  return shown;
}

function isPlain(value: PlistInput): boolean {
  if (Array.isArray(value)) return value.every((item: PlistInput) => isPlain(item) && !Array.isArray(item));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function redactValue(value: PlistInput): string {
  return value instanceof Uint8Array ? `[redacted, ${value.length} bytes]` : redacted;
}
