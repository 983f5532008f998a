import { z } from 'zod';
import { plistJsonSchema, queuedCommandSchema } from '../mdm/command.schema.js';
import { enrollmentLinkSchema } from '../mdm/enrollment-link.schema.js';
import { enrollmentIdSchema, enrollmentSchema, enrollmentStateSchema } from '../mdm/enrollment.schema.js';
import { apiScopeSchema } from './api-scope.js';

z.globalRegistry.add(plistJsonSchema, {
  id: 'PlistValue',
  description:
    'Something that a property list can hold. Bytes are {"$data": "<base64>"}, dates {"$date": "<ISO 8601>"}.',
});

const time = (description: string): z.ZodNumber =>
  z
    .number()
    .int()
    .meta({ description: `${description} Epoch milliseconds, UTC.` });

/** One enrolment as consoles see it. */
export const enrolledSchema = enrollmentSchema.meta({
  id: 'Enrollment',
  description: 'One enrolment: a device, or a user on a device. Times are epoch milliseconds, UTC.',
});

export const enrollmentDetailSchema = enrollmentSchema
  .extend({ openCommands: z.number().int().meta({ description: 'Commands that are not done yet.' }) })
  .meta({
    id: 'EnrollmentDetail',
    description: 'One enrolment, with how many commands it has not done yet.',
  });
export type EnrollmentDetail = z.output<typeof enrollmentDetailSchema>;

export const commandSchema = queuedCommandSchema.meta({
  id: 'Command',
  description:
    'One command for one device. States acknowledged, error, format-error and cancelled are final. Times are epoch milliseconds, UTC.',
});

export const nextCursorSchema = z
  .string()
  .optional()
  .meta({ description: 'Give it as "cursor" to get the next page; missing on the last one.' });

/** The paging part of a query; text, as it stands in a URL. */
export const pageQuery = {
  limit: z.coerce
    .number('must be a number')
    .int()
    .min(1)
    .max(500)
    .default(100)
    .meta({ description: 'Items per page at most.' }),
  cursor: z.string().min(1).max(8_000).optional().meta({ description: '"nextCursor" of the page before.' }),
};

export const enrollmentQuerySchema = z.strictObject({
  state: enrollmentStateSchema.optional(),
  kind: z.enum(['device', 'user']).optional(),
  serialNumber: z.string().min(1).max(64).optional().meta({ description: 'Exact serial number.' }),
  ...pageQuery,
});

export const enrollmentPageSchema = z.object({
  items: z.array(enrolledSchema),
  nextCursor: nextCursorSchema,
});
export const commandPageSchema = z.object({ items: z.array(commandSchema), nextCursor: nextCursorSchema });

/** A command as a console spells it. */
export const commandBodySchema = z.strictObject({
  requestType: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{1,63}$/, 'must be a request type as Apple spells it')
    .meta({ description: 'As Apple spells it: DeviceInformation, InstallProfile, DeviceLock …' }),
  arguments: z
    .record(z.string(), plistJsonSchema)
    .default({})
    .refine((value) => !Object.hasOwn(value, 'RequestType'), 'RequestType is given as requestType')
    .meta({ description: "Keys of Apple's Command dictionary besides RequestType." }),
  raw: z.boolean().default(false).meta({
    description: 'True sends keys and request types that are not known here; otherwise they are refused.',
  }),
});

const delivery = {
  command: commandBodySchema,
  priority: z
    .number()
    .int()
    .min(-100)
    .max(100)
    .default(0)
    .meta({ description: 'Higher goes first; 0 is ordinary.' }),
  push: z.boolean().default(true).meta({
    description: 'False leaves the devices asleep: they get the command when they next connect.',
  }),
};

export const submitCommandsBodySchema = z.strictObject({
  enrollmentIds: z.array(enrollmentIdSchema).min(1).max(1_000),
  ...delivery,
});
export const submitCommandBodySchema = z.strictObject(delivery);

export const submittedSchema = z.object({
  commandId: z.uuid().meta({ description: 'The same for all devices of one request.' }),
  commands: z.array(commandSchema),
});

export const commandDetailSchema = z.object({
  command: commandSchema,
  result: plistJsonSchema
    .nullable()
    .meta({ description: 'What the device reported besides the status; null until it did.' }),
});

export const enrollmentLinkBodySchema = z.strictObject({
  maxUses: z.number().int().min(1).max(100_000).default(1).meta({
    description: 'Profiles that it hands out before it is used up.',
  }),
  expiresInSeconds: z
    .number()
    .int()
    .min(60)
    .max(90 * 86_400)
    .default(86_400),
  signed: z.boolean().default(true).meta({ description: 'True: the profile is signed by this server.' }),
});

/** What is shown of a link this once. */
export const madeEnrollmentLinkSchema = z.object({
  id: z.uuid(),
  url: z.url(),
  maxUses: z.number().int(),
  expiresAt: time('When it stops working.'),
});

export const enrollmentLinkPageSchema = z.object({
  items: z.array(enrollmentLinkSchema),
  nextCursor: nextCursorSchema,
});

/** An API token without its secret. */
export const apiTokenSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    administratorId: z.string().meta({ description: 'Whose token it is.' }),
    scopes: z
      .array(apiScopeSchema)
      .meta({ description: 'What it may do at most: no more than the roles of its administrator allow.' }),
    createdAt: time('When it was made.'),
    createdBy: z.string(),
    expiresAt: time('When it stops working.').nullable(),
    lastUsedAt: time('When it was last used; up to a minute behind.').nullable(),
    revokedAt: time('When it was revoked.').nullable(),
  })
  .meta({ id: 'ApiToken', description: 'An API token without its secret.' });
export type ApiToken = z.output<typeof apiTokenSchema>;

export const newApiTokenBodySchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z
    .array(apiScopeSchema)
    .min(1)
    .transform((scopes) => [...new Set(scopes)]),
  expiresInDays: z.number().int().min(1).max(366).default(90),
  administratorId: z.uuid().optional().meta({
    description: 'Whose it is: your own unless given. Tokens for others need administrators:admin.',
  }),
});

export const newApiTokenSchema = z.object({
  token: apiTokenSchema,
  secret: z
    .string()
    .meta({ description: 'The token itself. It is shown this once and kept only as a hash.' }),
});

/** The data of one server-sent event; its `id` is the position that Last-Event-ID resumes after. */
export const liveEventSchema = z
  .object({
    type: z.string().meta({ description: '<aggregate>.<event>, for example command.completed.' }),
    /** The same on every replay. */
    messageId: z.string(),
    publishedAt: time('When it was published.'),
    payload: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'LiveEvent', description: 'The data of one server-sent event.' });
export type LiveEvent = z.output<typeof liveEventSchema>;
