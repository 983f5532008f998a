import { z } from 'zod';
import { defineRpc } from '../messaging/define.js';
import { commandInputSchema, plistJsonSchema, queuedCommandSchema } from './command.schema.js';
import { declarationSchema, declarationStatusSchema } from './declaration.schema.js';
import { enrollmentLinkSchema } from './enrollment-link.schema.js';
import {
  enrollmentIdSchema,
  enrollmentSchema,
  enrollmentStateSchema,
  plainTextSchema,
} from './enrollment.schema.js';
import { inventoryKindSchema } from './inventory.schema.js';

/** Opaque position of the next page; absent on the first request and after the last page. Holds a whole id. */
const cursorSchema = z.string().max(2_000);
const personSchema = plainTextSchema.min(1).max(255);
const onInactiveSchema = z.enum(['refuse', 'skip']).default('refuse');
const pageSizeSchema = z.number().int().min(1).max(500).default(100);

export const listEnrollments = defineRpc({
  service: 'mdm',
  verb: 'list-enrollments',
  request: z.object({
    cursor: cursorSchema.optional(),
    limit: pageSizeSchema,
    state: enrollmentStateSchema.optional(),
    kind: z.enum(['device', 'user']).optional(),
    /** Exact serial number. */
    serialNumber: plainTextSchema.max(64).optional(),
  }),
  response: z.object({ items: z.array(enrollmentSchema), nextCursor: cursorSchema.optional() }),
});

export const getEnrollment = defineRpc({
  service: 'mdm',
  verb: 'get-enrollment',
  request: z.object({ id: enrollmentIdSchema }),
  response: z.object({ enrollment: enrollmentSchema, openCommands: z.number().int() }),
});

/** One command to one or many enrolments. The same `requestId` again answers with what the first one made. */
export const submitCommand = defineRpc({
  service: 'mdm',
  verb: 'submit-command',
  request: z.object({
    requestId: plainTextSchema.min(8).max(128),
    enrollmentIds: z.array(enrollmentIdSchema).min(1).max(1_000),
    command: commandInputSchema,
    /** Higher goes first; 0 is ordinary. */
    priority: z.number().int().min(-100).max(100).default(0),
    /** False leaves the devices asleep: they get the command when they next connect. */
    push: z.boolean().default(true),
    createdBy: personSchema,
    /** `skip` leaves out enrolments that are unknown or not enrolled (any more) instead of refusing all. */
    onInactive: onInactiveSchema,
    /** Asked behind the command, in the same step and by the same push, as by `requestInventory`. */
    thenAsk: z.array(inventoryKindSchema).min(1).optional(),
  }),
  response: z.object({
    commandId: z.uuid(),
    commands: z.array(queuedCommandSchema),
    /** What `skip` left out. */
    skipped: z.array(enrollmentIdSchema),
  }),
  timeoutMs: 10_000,
});

/**
 * Replaces the whole set of declarations of each enrolment and tells the devices (one DeclarativeManagement command
 * each, where the set differs from what they have, or `resync`). The same `requestId` again answers with what the first
 * one made.
 */
export const setDeclarations = defineRpc({
  service: 'mdm',
  verb: 'set-declarations',
  request: z.object({
    requestId: plainTextSchema.min(8).max(128),
    enrollmentIds: z.array(enrollmentIdSchema).min(1).max(1_000),
    /** All that the devices are to have from now on; empty removes what there is. */
    declarations: z.array(declarationSchema).max(500),
    createdBy: personSchema,
    onInactive: onInactiveSchema,
    /**
     * True tells also the devices whose set is the same, by a DeclarationsToken that they have not seen: so they
     * compare what they have with the manifest, and fetch what they lack.
     */
    resync: z.boolean().optional(),
  }),
  response: z.object({
    declarationsToken: z.string(),
    /** The commands that were queued; none for an enrolment whose set is the same already, without `resync`. */
    commands: z.array(z.object({ enrollmentId: enrollmentIdSchema, id: z.uuid() })),
    skipped: z.array(enrollmentIdSchema),
  }),
  timeoutMs: 10_000,
});

/** What a device last said of its declarations. */
export const getDeclarations = defineRpc({
  service: 'mdm',
  verb: 'get-declarations',
  request: z.object({ enrollmentId: enrollmentIdSchema }),
  response: z.object({
    /** What the device is to have. */
    declarations: z.array(declarationSchema.omit({ payload: true })),
    declarationsToken: z.string().nullable(),
    status: z.array(declarationStatusSchema),
    statusAt: z.number().int().nullable(),
  }),
});

/** Asks devices for facts anew; answers arrive as `inventory` events. What is asked for already is not asked twice. */
export const requestInventory = defineRpc({
  service: 'mdm',
  verb: 'request-inventory',
  request: z.object({
    enrollmentIds: z.array(enrollmentIdSchema).min(1).max(1_000),
    kinds: z.array(inventoryKindSchema).min(1),
    createdBy: personSchema,
    /** False leaves the devices asleep. */
    push: z.boolean().default(true),
  }),
  response: z.object({ queued: z.number().int(), skipped: z.array(enrollmentIdSchema) }),
  timeoutMs: 10_000,
});

export const getCommand = defineRpc({
  service: 'mdm',
  verb: 'get-command',
  request: z.object({ id: z.uuid() }),
  response: z.object({
    command: queuedCommandSchema,
    /** What the device reported besides the status; null until it did. */
    result: plistJsonSchema.nullable(),
  }),
});

export const listCommands = defineRpc({
  service: 'mdm',
  verb: 'list-commands',
  request: z.object({
    enrollmentId: enrollmentIdSchema,
    cursor: cursorSchema.optional(),
    limit: pageSizeSchema,
  }),
  response: z.object({ items: z.array(queuedCommandSchema), nextCursor: cursorSchema.optional() }),
});

/** Takes back a command that no device has fetched yet; a later state is answered with 409. */
export const cancelCommand = defineRpc({
  service: 'mdm',
  verb: 'cancel-command',
  request: z.object({ id: z.uuid(), cancelledBy: personSchema }),
  response: z.object({ command: queuedCommandSchema }),
});

/** Wakes a device although nothing new waits for it. */
export const pushEnrollment = defineRpc({
  service: 'mdm',
  verb: 'push-enrollment',
  request: z.object({ id: enrollmentIdSchema }),
  response: z.object({ scheduled: z.boolean() }),
});

/** A URL under which devices fetch their enrolment profile, each with a SCEP challenge of its own. */
export const createEnrollmentLink = defineRpc({
  service: 'mdm',
  verb: 'create-enrollment-link',
  request: z.object({
    /** Profiles that it hands out before it is used up. */
    maxUses: z.number().int().min(1).max(100_000).default(1),
    expiresInSeconds: z
      .number()
      .int()
      .min(60)
      .max(90 * 86_400)
      .default(86_400),
    /** True: CMS-signed by this server. */
    signed: z.boolean().default(true),
    createdBy: personSchema,
  }),
  response: z.object({ id: z.uuid(), url: z.url(), maxUses: z.number().int(), expiresAt: z.number().int() }),
});

/** Links by filter and order; newest first unless told. */
export const listEnrollmentLinks = defineRpc({
  service: 'mdm',
  verb: 'list-enrollment-links',
  request: z.object({
    cursor: cursorSchema.optional(),
    limit: pageSizeSchema,
    /** As callers of the console write them; see `listPage`. */
    filter: z.string().max(4_000).optional(),
    orderBy: z.string().max(400).optional(),
  }),
  response: z.object({ items: z.array(enrollmentLinkSchema), nextCursor: cursorSchema.optional() }),
});

export const getEnrollmentLink = defineRpc({
  service: 'mdm',
  verb: 'get-enrollment-link',
  request: z.object({ id: z.uuid() }),
  response: z.object({ link: enrollmentLinkSchema }),
});

/**
 * From now on nobody gets a profile under the link, and profiles that nobody has enrolled with yet are good for nothing.
 * Repeating it is harmless.
 */
export const revokeEnrollmentLink = defineRpc({
  service: 'mdm',
  verb: 'revoke-enrollment-link',
  request: z.object({ id: z.uuid(), revokedBy: personSchema }),
  response: z.object({ link: enrollmentLinkSchema }),
});
