import { z } from 'zod';
import { factChanges } from '../state/device-state.js';

const serial = z
  .string()
  .min(1)
  .describe('Serial number of the device; * for all devices that the message makes sense for.');
const identifier = z.string().min(1).max(255);
const chance = z.number().min(0).max(1).exactOptional();
const patterns = z.array(identifier).max(100).exactOptional();

const commandFault = z.enum(['not-now', 'error', 'command-format-error', 'garbage', 'cut']);

const messages = [
  z.strictObject({ do: z.literal('status'), serial }),
  z.strictObject({ do: z.literal('connect'), serial, user: identifier.exactOptional() }),
  z.strictObject({
    do: z.literal('remove-profile'),
    serial,
    identifier,
    /** As root: also where the profile does not allow it. */
    force: z.boolean().exactOptional(),
  }),
  z.strictObject({ do: z.literal('install-profile'), serial, profile: z.base64().min(1) }),
  z.strictObject({ do: z.literal('rename'), serial, name: z.string().min(1).max(63) }),
  z.strictObject({
    do: z.literal('update-os'),
    serial,
    version: factChanges.shape.osVersion,
    build: factChanges.shape.buildVersion,
  }),
  z.strictObject({ do: z.literal('set-fact'), serial, fact: factChanges.keyof(), value: z.json() }),
  z.strictObject({
    do: z.literal('install-application'),
    serial,
    identifier,
    name: identifier.exactOptional(),
    version: z.string().min(1).max(64).exactOptional(),
  }),
  z.strictObject({ do: z.literal('remove-application'), serial, identifier }),
  /** The device loses a declaration, or it is not active any more, until the server has the device compare. */
  z.strictObject({ do: z.literal('drop-declaration'), serial, identifier }),
  z.strictObject({ do: z.literal('deactivate-declaration'), serial, identifier }),
  z.strictObject({ do: z.literal('checkout'), serial }),
  z.strictObject({
    do: z.literal('set-faults'),
    faults: z.strictObject({
      notNow: chance,
      error: chance,
      commandFormatError: chance,
      garbage: chance,
      cut: chance,
      answerDelayMs: z.number().min(0).exactOptional(),
      notNowRecheckMs: z.number().min(0).exactOptional(),
      resistProfiles: patterns,
      failProfiles: patterns,
      resistDeclarations: patterns,
    }),
  }),
  z.strictObject({
    do: z.literal('inject-fault'),
    fault: commandFault,
    serial: z.string().exactOptional(),
    requestType: z.string().exactOptional(),
    commandUuid: z.string().exactOptional(),
    count: z.union([z.number().int().min(1), z.literal('always')]).exactOptional(),
  }),
] as const;

/** What a running fleet can be told to do, or what the people at its devices do. README.md has a table. */
export const controlMessage = z.discriminatedUnion('do', messages);
export type ControlMessage = z.output<typeof controlMessage>;
