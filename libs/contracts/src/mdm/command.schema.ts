import { z } from 'zod';
import { enrollmentIdSchema } from './enrollment.schema.js';

/**
 * Where a command stands. `queued`: not handed out yet. `sent`: the device has it. `not-now`: the device deferred
 * it. The others are final.
 */
export const commandStateSchema = z.enum([
  'queued',
  'sent',
  'not-now',
  'acknowledged',
  'error',
  'format-error',
  'cancelled',
]);
export type CommandState = z.output<typeof commandStateSchema>;

/** Something that a property list can hold, as JSON. Bytes are `{"$data": "<base64>"}`, dates `{"$date": "<ISO>"}`. */
export type PlistJson =
  string | number | boolean | { readonly [key: string]: PlistJson } | readonly PlistJson[];
export const plistJsonSchema: z.ZodType<PlistJson> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.array(plistJsonSchema),
    z.record(z.string(), plistJsonSchema),
  ]),
);

/** A command as Apple spells it: `requestType` and the other keys of the `Command` dictionary. */
export const commandInputSchema = z.object({
  /** For example `DeviceInformation`, `InstallProfile`, `DeviceLock`. */
  requestType: z.string().regex(/^[A-Za-z][A-Za-z0-9]{1,63}$/, 'must be a request type as Apple spells it'),
  /** Keys of the Command dictionary besides RequestType. */
  arguments: z.record(z.string(), plistJsonSchema).default({}),
  /** True sends keys and request types that are not known here; otherwise they are refused. */
  raw: z.boolean().default(false),
});
export type CommandInput = z.output<typeof commandInputSchema>;

const timeSchema = z.number().int();

export const errorChainItemSchema = z.object({
  code: z.number().int(),
  domain: z.string(),
  description: z.string(),
});

/** One command for one enrolment. */
export const queuedCommandSchema = z.object({
  /** The CommandUUID that the device sees. */
  id: z.uuid(),
  /** The same for all targets of one submission. */
  commandId: z.uuid(),
  enrollmentId: enrollmentIdSchema,
  requestType: z.string(),
  state: commandStateSchema,
  priority: z.number().int(),
  createdAt: timeSchema,
  createdBy: z.string(),
  /** When APNs first took a push for the device after the command was queued. */
  pushedAt: timeSchema.nullable(),
  /** When the device fetched it. */
  sentAt: timeSchema.nullable(),
  /** How often the device answered NotNow, and when first. */
  notNowCount: z.number().int(),
  notNowSince: timeSchema.nullable(),
  completedAt: timeSchema.nullable(),
  errorChain: z.array(errorChainItemSchema),
});
export type QueuedCommand = z.output<typeof queuedCommandSchema>;
