import { z } from 'zod';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';

const time = z.number().int();
const text = z.string().nullable();

const MAX_RESOURCE_ID = 2_147_483_647;

/** ResourceId as ConfigMgr numbers them: devices from 16777219, users from 2063597569. */
export const resourceIdSchema = z.number().int().min(1).max(MAX_RESOURCE_ID);
/** The same in a path. */
export const resourceIdParamSchema = z
  .string()
  .regex(/^[1-9][0-9]{0,9}$/, 'must be a ResourceId such as 16777219')
  .transform(Number)
  .refine((id) => id <= MAX_RESOURCE_ID, `must be at most ${MAX_RESOURCE_ID}`)
  .meta({ description: 'ResourceId, as in 16777219.' });

export const resourceStateSchema = z.enum(['active', 'obsolete', 'decommissioned']);

/** One device as ConfigMgr sees it. */
export const deviceSchema = z
  .object({
    resourceId: resourceIdSchema,
    name: z.string(),
    netbiosName: text,
    serialNumber: text,
    hardwareUuid: text,
    udid: text,
    platform: text.meta({ description: 'mac, iphone, ipad, appletv, vision, watch.' }),
    model: text.meta({ description: 'Identifier, as in Mac14,2.' }),
    modelName: text,
    operatingSystem: text.meta({ description: 'As ConfigMgr shows it: Mac OS X 15.1, iOS 18.1.' }),
    osVersion: text,
    osMajorVersion: z.number().int().nullable().meta({
      description: 'The number before the first dot; as a text, osVersion orders 9 after 15.',
    }),
    osBuild: text,
    smsid: text.meta({ description: 'GUID:…, kept for the life of the record.' }),
    siteCode: z.string(),
    state: resourceStateSchema.meta({
      description:
        'obsolete: a newer record of the same device took its place. decommissioned: an admin said so; enrolling makes it active again.',
    }),
    isManaged: z.boolean().meta({ description: 'An enrolment of it is active.' }),
    lastUserName: text,
    lastUserAt: time.nullable(),
    lastSeenAt: time.nullable().meta({ description: 'Up to a minute behind.' }),
    createdAt: time,
  })
  .meta({ id: 'Device', description: 'One device. Times are epoch milliseconds, UTC.' });
export type Device = z.output<typeof deviceSchema>;

export const devicePageSchema = z.object({ items: z.array(deviceSchema), nextCursor: nextCursorSchema });

export const deviceEnrollmentSchema = z.object({
  enrollmentId: z.string(),
  kind: z.enum(['device', 'user']),
  state: z.enum(['pending', 'enrolled', 'removed']),
  isActive: z.boolean(),
  userResourceId: resourceIdSchema.nullable(),
  enrolledAt: time.nullable(),
  removedAt: time.nullable(),
});

export const discoverySourceSchema = z.object({
  agentName: z.string().meta({ description: 'Where the facts come from.' }),
  agentSite: z.string(),
  agentTime: time,
});

/** Who uses a device, seen from either side. */
export const affinitySchema = z
  .object({
    resourceId: resourceIdSchema,
    deviceName: z.string(),
    userResourceId: resourceIdSchema,
    userName: z.string(),
    fullName: text,
    sources: z.array(z.enum(['mdm-enrollment', 'admin'])),
    isPrimary: z.boolean().meta({ description: 'The one who mainly uses the device; at most one.' }),
    createdAt: time,
  })
  .meta({ id: 'UserDeviceAffinity', description: 'A user who uses a device.' });
export type Affinity = z.output<typeof affinitySchema>;

export const deviceDetailSchema = deviceSchema
  .extend({
    enrollments: z.array(deviceEnrollmentSchema),
    discoverySources: z.array(discoverySourceSchema),
    users: z.array(affinitySchema),
    enrolledAt: time.nullable(),
    decommissionedAt: time.nullable(),
    updatedAt: time,
    version: z.number().int(),
  })
  .meta({ id: 'DeviceDetail', description: 'One device with what it is tied to.' });
export type DeviceDetail = z.output<typeof deviceDetailSchema>;

const propertyValue = z.union([z.string(), z.number(), z.boolean()]).nullable();

/** One instance of an inventory class: its properties by name. */
export const inventoryInstanceSchema = z
  .object({
    revisionId: z.number().int().meta({ description: 'Counts the changes of the instance.' }),
    timeStamp: time.meta({ description: 'Since when it is so.' }),
    replacedAt: time.optional().meta({ description: 'History only: until when it was so.' }),
    properties: z.record(z.string(), propertyValue),
  })
  .meta({ id: 'InventoryInstance' });
export type InventoryInstance = z.output<typeof inventoryInstanceSchema>;

export const inventorySchema = z
  .object({
    reports: z.array(z.object({ source: z.string(), reportedAt: time })),
    groups: z.record(z.string(), z.array(inventoryInstanceSchema)),
  })
  .meta({ id: 'Inventory', description: 'Everything that a device reported, group by group.' });
export type Inventory = z.output<typeof inventorySchema>;

/** What the inventory can hold. */
export const inventoryGroupSchema = z
  .object({
    group: z.string(),
    title: z.string(),
    className: z.string().meta({ description: 'As WQL spells it.' }),
    viewName: z.string().meta({ description: 'View for reports.' }),
    single: z.boolean(),
    properties: z.array(
      z.object({
        name: z.string(),
        wqlName: z.string(),
        viewColumn: z.string(),
        type: z.enum(['text', 'integer', 'time', 'flag']),
        length: z.number().int().optional(),
      }),
    ),
  })
  .meta({ id: 'InventoryGroup', description: 'A group of inventory: its class, view and properties.' });
export type InventoryGroup = z.output<typeof inventoryGroupSchema>;

export const extensionNameSchema = z
  .string()
  .regex(
    /^[\p{L}\p{N}_](?:[\p{L}\p{N}_. -]{0,126}[\p{L}\p{N}_.-])?$/u,
    'must be 1 to 128 letters, digits, blanks, _ . -, and neither begin nor end with a blank',
  )
  .meta({ description: 'Name of the property; case does not count.' });

/** PropertyName to value, as SetExtensionData takes them. */
export const extensionDataSchema = z.record(z.string(), z.string());
export const extensionDataBodySchema = z.strictObject({
  extensionData: z
    .record(extensionNameSchema, plainTextSchema.max(400))
    .refine((data) => Object.keys(data).length > 0, 'must name at least one property')
    .refine((data) => Object.keys(data).length <= 100, 'must name at most 100 properties')
    .meta({ description: 'Property names to values. What is not named stays.' }),
});

/** One user. */
export const userSchema = z
  .object({
    resourceId: resourceIdSchema,
    userName: z.string().meta({ description: 'Short name: what user enrolments are matched by.' }),
    fullName: text,
    mail: text,
    siteCode: z.string(),
    createdAt: time,
  })
  .meta({ id: 'User', description: 'One user. Times are epoch milliseconds, UTC.' });
export type User = z.output<typeof userSchema>;
export const userPageSchema = z.object({ items: z.array(userSchema), nextCursor: nextCursorSchema });

const userFields = {
  fullName: plainTextSchema.max(255).nullable().default(null),
  mail: z.email().max(255).nullable().default(null),
};
export const newUserBodySchema = z.strictObject({
  userName: plainTextSchema.trim().min(1).max(255),
  ...userFields,
});
export const userBodySchema = z.strictObject(userFields);

export const affinityBodySchema = z.strictObject({
  isPrimary: z.boolean().default(false).meta({ description: 'True: nobody else is the primary user.' }),
});
