import { z } from 'zod';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { collectionIdSchema, maintenanceWindowSchema } from '../../policy/policy.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';

const time = (description: string): z.ZodNumber =>
  z
    .number()
    .int()
    .meta({ description: `${description} Epoch milliseconds, UTC.` });

/** Some letters become several in the form in which names are compared. */
const LONGEST_FOLDED = 400;
const nameSchema = plainTextSchema
  .trim()
  .min(1)
  .max(255)
  .refine((name) => name.normalize('NFC').toLowerCase().length <= LONGEST_FOLDED, 'is too long');
/** PostgreSQL stores neither NUL nor halves of surrogate pairs. */
const linesSchema = z.string().regex(/^[^\0\p{Cs}]*$/u, 'must be well-formed and not hold NUL');
/** Devices from 16777219, users from 2063597569. */
const resourceIdSchema = z.number().int().min(1).max(2_147_483_647);

export const collectionKindSchema = z.enum(['device', 'user']);
export type CollectionKind = z.output<typeof collectionKindSchema>;

/** When members are evaluated besides on request. ConfigMgr's RefreshType 1, 2, 4 and 6. */
export const collectionRefreshSchema = z.enum(['manual', 'periodic', 'incremental', 'both']);
export type CollectionRefresh = z.output<typeof collectionRefreshSchema>;

const timeOfDay = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'must be a time such as 23:30')
  .meta({ description: 'UTC.' });

/** When all members are evaluated, for refresh periodic and both. */
export const collectionScheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('interval'), minutes: z.number().int().min(15).max(44_640) }),
  z.strictObject({ kind: z.literal('daily'), at: timeOfDay }),
  z.strictObject({
    kind: z.literal('weekly'),
    weekday: z.number().int().min(0).max(6).meta({ description: '0 Sunday to 6 Saturday.' }),
    at: timeOfDay,
  }),
]);
export type CollectionSchedule = z.output<typeof collectionScheduleSchema>;

const queryText = linesSchema.min(1).max(8_000).meta({
  description: 'A query of the query language, as in "select * from SMS_R_System where Name like \'lab-%\'".',
});

/** A rule as it is given. Direct rules have their own, for there may be many. */
export const newCollectionRuleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('query'), name: nameSchema, query: queryText }),
  z.strictObject({ kind: z.literal('include'), collectionId: collectionIdSchema }),
  z.strictObject({ kind: z.literal('exclude'), collectionId: collectionIdSchema }),
]);
export type NewCollectionRule = z.output<typeof newCollectionRuleSchema>;

const ruleId = z.number().int().meta({ description: 'Unique in its collection.' });

export const collectionRuleSchema = z
  .discriminatedUnion('kind', [
    z.object({ ruleId, kind: z.literal('query'), name: z.string(), query: z.string() }),
    z.object({
      ruleId,
      kind: z.literal('include'),
      collectionId: collectionIdSchema,
      collectionName: z.string(),
    }),
    z.object({
      ruleId,
      kind: z.literal('exclude'),
      collectionId: collectionIdSchema,
      collectionName: z.string(),
    }),
  ])
  .meta({ id: 'CollectionRule', description: 'A query, include or exclude rule. Exclude wins.' });
export type CollectionRule = z.output<typeof collectionRuleSchema>;

const definition = {
  name: nameSchema,
  comment: linesSchema.max(1_000).default(''),
  limitingId: collectionIdSchema.meta({ description: 'Members can only be members of this collection.' }),
  refresh: collectionRefreshSchema.default('incremental'),
  schedule: collectionScheduleSchema.nullable().default(null).meta({
    description: 'Needed for refresh periodic and both.',
  }),
  rules: z.array(newCollectionRuleSchema).max(500).default([]),
  directResourceIds: z.array(resourceIdSchema).max(10_000).optional().meta({
    description: 'All direct rules. Left out, they stay as they are.',
  }),
};

const needsSchedule = ({ refresh, schedule }: { refresh: CollectionRefresh; schedule: unknown }): boolean =>
  (refresh === 'periodic' || refresh === 'both') === (schedule !== null);
const SCHEDULE_ISSUE = {
  path: ['schedule'],
  message: 'must be given for refresh periodic and both, and only for those',
};

export const newCollectionSchema = z
  .strictObject({ kind: collectionKindSchema, ...definition })
  .refine(needsSchedule, SCHEDULE_ISSUE);
export type NewCollection = z.output<typeof newCollectionSchema>;

export const collectionDefinitionSchema = z.strictObject(definition).refine(needsSchedule, SCHEDULE_ISSUE);
export type CollectionDefinition = z.output<typeof collectionDefinitionSchema>;

/** `awaiting`: an evaluation is asked for. `evaluating`: it is under way. */
export const collectionStatusSchema = z.enum(['ready', 'awaiting', 'evaluating']);
export type CollectionStatus = z.output<typeof collectionStatusSchema>;

const summary = {
  id: collectionIdSchema,
  kind: collectionKindSchema,
  name: z.string(),
  comment: z.string(),
  limitingId: collectionIdSchema.nullable(),
  limitingName: z.string().nullable(),
  isBuiltIn: z.boolean(),
  refresh: collectionRefreshSchema,
  schedule: collectionScheduleSchema.nullable(),
  memberCount: z.number().int(),
  windowCount: z.number().int().meta({ description: 'Maintenance windows.' }),
  status: collectionStatusSchema,
  lastEvaluatedAt: time('When all members were last evaluated.').nullable(),
  lastMemberChangeAt: time('When somebody last joined or left.').nullable(),
  createdAt: time('When it was made.'),
  createdBy: z.string(),
  changedAt: time('When its definition last changed.'),
  changedBy: z.string(),
  version: z.number().int().meta({ description: 'Of the definition: the ETag.' }),
};

export const collectionSchema = z
  .object(summary)
  .meta({ id: 'Collection', description: 'A set of devices or of users.' });
export type Collection = z.output<typeof collectionSchema>;

export const collectionDetailSchema = z
  .object({
    ...summary,
    rules: z.array(collectionRuleSchema),
    hints: z.array(z.string()).meta({
      description: 'What to know of the rules, for example that one changes with time by itself.',
    }),
  })
  .meta({ id: 'CollectionDetail', description: 'A collection with its rules.' });
export type CollectionDetail = z.output<typeof collectionDetailSchema>;

export const collectionPageSchema = z.object({
  items: z.array(collectionSchema),
  nextCursor: nextCursorSchema,
});

export const collectionMemberSchema = z
  .object({
    resourceId: z.number().int(),
    name: z.string(),
    isDirect: z.boolean().meta({ description: 'True where a direct rule names it.' }),
    joinedAt: time('When it became a member.'),
  })
  .meta({ id: 'CollectionMember', description: 'A device or user in a collection.' });
export type CollectionMember = z.output<typeof collectionMemberSchema>;

export const collectionMemberPageSchema = z.object({
  items: z.array(collectionMemberSchema),
  nextCursor: nextCursorSchema,
});

export const directRuleSchema = z
  .object({
    resourceId: z.number().int(),
    createdAt: time('When the rule was made.'),
    createdBy: z.string(),
  })
  .meta({ id: 'DirectRule', description: 'A rule that names one device or user.' });
export type DirectRule = z.output<typeof directRuleSchema>;

export const directRulePageSchema = z.object({
  items: z.array(directRuleSchema),
  nextCursor: nextCursorSchema,
});

/** Direct rules in bulk: all of them in one transaction. */
export const directRulesBodySchema = z.strictObject({
  resourceIds: z.array(resourceIdSchema).min(1).max(10_000),
});

export const directRulesResultSchema = z.object({
  changed: z
    .number()
    .int()
    .meta({ description: 'Rules that were added or removed; the rest was so already.' }),
  version: z.number().int(),
});

/** A definition to try: of a new collection, or of one that exists. */
export const collectionPreviewBodySchema = z.strictObject({
  collectionId: collectionIdSchema.optional().meta({ description: 'The collection that would change.' }),
  definition: newCollectionSchema,
});

const previewSideSchema = z.object({
  count: z.number().int(),
  first: z.array(z.object({ resourceId: z.number().int(), name: z.string() })).max(100),
});

export const collectionPreviewSchema = z
  .object({
    joins: previewSideSchema,
    leaves: previewSideSchema,
    evaluated: z.number().int().meta({ description: 'Devices or users that were looked at.' }),
    isComplete: z.boolean().meta({
      description: 'False where time ran out: the counts are of those that were looked at.',
    }),
    hints: z.array(z.string()),
  })
  .meta({ id: 'CollectionPreview', description: 'Who would join and leave. Nothing is changed.' });
export type CollectionPreview = z.output<typeof collectionPreviewSchema>;

/** Why somebody is, or is not, a member. */
export const membershipReasonSchema = z.object({
  kind: z.enum([
    'built-in',
    'direct',
    'query',
    'include',
    'exclude',
    'limiting',
    'inactive',
    'no-rule',
    'pending',
  ]),
  ruleId: z.number().int().nullable(),
  collectionId: collectionIdSchema.nullable(),
  /** One sentence for people. */
  text: z.string(),
});
export type MembershipReason = z.output<typeof membershipReasonSchema>;

export const membershipSchema = z
  .object({
    collectionId: collectionIdSchema,
    collectionName: z.string(),
    isMember: z.boolean(),
    joinedAt: time('When it became a member.').nullable(),
    reasons: z.array(membershipReasonSchema),
  })
  .meta({ id: 'Membership', description: 'Whether somebody is in a collection, and which rules say so.' });
export type Membership = z.output<typeof membershipSchema>;

export const membershipsSchema = z.object({ items: z.array(membershipSchema), nextCursor: nextCursorSchema });

/** A variable as it is given. */
export const newVariableSchema = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?!__proto__$)[A-Za-z_][A-Za-z0-9_.-]{0,254}$/,
      'must be letters, digits, "_", "." and "-", a letter or "_" first',
    ),
  value: linesSchema.max(4_000).optional().meta({
    description: 'Left out for a masked variable: the value that is stored stays.',
  }),
  isMasked: z.boolean().default(false).meta({ description: 'True: sealed, and never shown again.' }),
});
export type NewVariable = z.output<typeof newVariableSchema>;

export const variablesBodySchema = z.strictObject({ variables: z.array(newVariableSchema).max(200) });

export const variablesSchema = z
  .object({
    variables: z.array(
      z.object({
        name: z.string(),
        value: z.string().nullable().meta({ description: 'Null where it is masked.' }),
        isMasked: z.boolean(),
      }),
    ),
    version: z.number().int(),
  })
  .meta({ id: 'Variables', description: 'All variables of a collection or of a device.' });
export type Variables = z.output<typeof variablesSchema>;

/** A maintenance window as it is given. */
export const newMaintenanceWindowSchema = z.strictObject({
  ...maintenanceWindowSchema.omit({ id: true }).shape,
  name: nameSchema,
  enabled: z.boolean().default(true),
  type: z.enum(['general', 'updates']).default('general'),
  localTime: z.boolean().default(false),
});
export type NewMaintenanceWindow = z.output<typeof newMaintenanceWindowSchema>;

export const storedMaintenanceWindowSchema = maintenanceWindowSchema
  .extend({ version: z.number().int() })
  .meta({ id: 'MaintenanceWindow', description: 'A time span in which required work may be done.' });
export type StoredMaintenanceWindow = z.output<typeof storedMaintenanceWindowSchema>;

export const maintenanceWindowsSchema = z.object({ items: z.array(storedMaintenanceWindowSchema) });

/** What queries can ask about. */
export const queryClassesSchema = z.object({
  root: z.string().meta({ description: 'The class that a query selects from.' }),
  classes: z.array(
    z.object({
      name: z.string(),
      properties: z.array(z.object({ name: z.string(), type: z.enum(['text', 'integer', 'time', 'flag']) })),
    }),
  ),
});
