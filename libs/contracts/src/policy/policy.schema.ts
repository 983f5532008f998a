import { z } from 'zod';
import { plainTextSchema } from '../mdm/enrollment.schema.js';
import { policyStepsSchema } from './state-message.schema.js';

const time = z.number().int();
/** A wall-clock time within the years that a calendar can be asked about, whatever the zone. */
const calendarTime = time.min(0).max(Date.UTC(9_999, 0));

/** Ids as ConfigMgr writes them: site code and five characters, as in `DEV0001A`; GUIDs for deployments and CIs. */
export const collectionIdSchema = z
  .string()
  .regex(/^[A-Z0-9]{8}$/, 'must be a collection id such as DEV00014');
export const deploymentIdSchema = z.uuid();
export const configurationItemIdSchema = z.uuid();

/** What a thing is made of, and so who can put it on a device. */
export const thingKindSchema = z.enum(['profile', 'declaration', 'script', 'application', 'package']);
export type ThingKind = z.output<typeof thingKindSchema>;

/** One configuration item (or application, or package) of a deployment, at the revision that is deployed. */
export const policyItemSchema = z.object({
  ciId: configurationItemIdSchema,
  revision: z.number().int().min(1),
  kind: thingKindSchema,
  /** profile: PayloadIdentifier; declaration: its Identifier. What two items of the same identifier fight over. */
  identifier: plainTextSchema.min(1).max(255),
  /** profile: the PayloadUUID that a device shows once it has this revision; declaration: its server token. */
  version: plainTextSchema.min(1).max(64),
  displayName: z.string(),
  scope: z.enum(['system', 'user']),
  /** Platforms that it is for. */
  platforms: z.array(z.enum(['mac', 'iphone', 'ipad', 'appletv', 'vision', 'watch'])).min(1),
});
export type PolicyItem = z.output<typeof policyItemSchema>;

/** A deployment as the policy needs it. */
export const policyDeploymentSchema = z.object({
  id: deploymentIdSchema,
  /** Grows with every change. */
  version: z.number().int(),
  name: z.string(),
  collectionId: collectionIdSchema,
  intent: z.enum(['required', 'available']),
  action: z.enum(['install', 'uninstall']),
  enabled: z.boolean(),
  /** Available from; wall-clock time of each device where `localTime`, as if it were UTC. */
  startAt: time,
  /** Enforced from; null: as soon as it is available. */
  deadlineAt: time.nullable(),
  localTime: z.boolean(),
  /** 0 low, 1 medium, 2 high: the higher one wins a conflict, then the newer. */
  priority: z.number().int().min(0).max(2),
  overrideWindows: z.boolean(),
  createdAt: time,
  items: z.array(policyItemSchema),
});
export type PolicyDeployment = z.output<typeof policyDeploymentSchema>;

/**
 * A time span in which required work may be done. Recurrence as ConfigMgr counts: none 1, daily 2, weekly 3, monthly by
 * weekday 4, monthly by date 5.
 */
export const maintenanceWindowSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  enabled: z.boolean(),
  /** General, or for software updates only. */
  type: z.enum(['general', 'updates']),
  /** First start; wall-clock time of each device where `localTime`, as if it were UTC. */
  startAt: calendarTime,
  durationMinutes: z.number().int().min(5).max(1_440),
  localTime: z.boolean(),
  recurrence: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('none') }),
    z.strictObject({ kind: z.literal('daily'), every: z.number().int().min(1).max(31) }),
    /** Weekday: 0 Sunday to 6 Saturday. */
    z.strictObject({
      kind: z.literal('weekly'),
      every: z.number().int().min(1).max(4),
      weekday: z.number().int().min(0).max(6),
    }),
    /** Week: 1 to 4, 5 the last one of the month. */
    z.strictObject({
      kind: z.literal('monthly-by-weekday'),
      every: z.number().int().min(1).max(12),
      week: z.number().int().min(1).max(5),
      weekday: z.number().int().min(0).max(6),
    }),
    /** Day: 0 the last one of the month. */
    z.strictObject({
      kind: z.literal('monthly-by-date'),
      every: z.number().int().min(1).max(12),
      day: z.number().int().min(0).max(31),
    }),
  ]),
});
export type MaintenanceWindow = z.output<typeof maintenanceWindowSchema>;

/** What the policy thinks of one item on one enrolment. */
export const policyDecisionSchema = z.object({
  deploymentId: deploymentIdSchema,
  ciId: configurationItemIdSchema,
  revision: z.number().int(),
  kind: thingKindSchema,
  identifier: z.string(),
  /** What ought to be: absent also where it is out of scope and is (or was) taken off. */
  desired: z.enum(['present', 'absent']),
  /**
   * `lost`: another deployment's item with the same identifier wins. `waiting`: for its start, deadline, window or
   * back-off, see `nextAt`. `unsupported`: nothing on the device can carry it out.
   */
  state: z.enum([
    'waiting',
    'planned',
    'queued',
    'acknowledged',
    'verified',
    'failed',
    'lost',
    'unsupported',
    'available',
    'disabled',
  ]),
  /** One sentence for people. */
  reason: z.string(),
  /** Which rule decided, as in `priority`, `newest`, `window`, `deadline`, `back-off`, `drift`. */
  rule: z.string(),
  winnerDeploymentId: deploymentIdSchema.nullable(),
  decidedAt: time,
  nextAt: time.nullable(),
  attempts: z.number().int(),
  commandId: z.uuid().nullable(),
  lastError: z.string().nullable(),
  steps: policyStepsSchema,
});
export type PolicyDecision = z.output<typeof policyDecisionSchema>;
