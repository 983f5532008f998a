import { z } from 'zod';
import { enrollmentIdSchema, plainTextSchema } from '../../mdm/enrollment.schema.js';
import { collectionIdSchema, policyItemSchema } from '../../policy/policy.schema.js';
import { policyStepsSchema, stateTopicSchema } from '../../policy/state-message.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';
import { libraryKindSchema } from './library.schema.js';

export * from './explain.schema.js';

const time = (description: string): z.ZodNumber =>
  z
    .number()
    .int()
    .meta({ description: `${description} Epoch milliseconds, UTC.` });
/** Whoever changed something, as it is shown to people. */
const person = z.string();

/** How a device stands with a deployment; ConfigMgr's asset status numbers are in {@link assetStatusIds}. */
export const assetStatusSchema = z.enum([
  'success',
  'in-progress',
  'requirements-not-met',
  'unknown',
  'error',
]);
export type AssetStatus = z.output<typeof assetStatusSchema>;

/** ConfigMgr's numbers of asset statuses (sccm.md §5). */
export const assetStatusIds = {
  success: 1,
  'in-progress': 2,
  'requirements-not-met': 3,
  unknown: 4,
  error: 5,
} as const satisfies Record<AssetStatus, number>;

/** What of a deployment can be changed. */
const settings = {
  name: plainTextSchema
    .trim()
    .min(1)
    .max(255)
    .meta({ description: 'Default: the names of thing and collection, and what is done.' }),
  comment: plainTextSchema.max(1_000),
  intent: z.enum(['required', 'available']).meta({
    description: 'required: it is put on the devices. available: people may choose it.',
  }),
  action: z.enum(['install', 'uninstall']),
  enabled: z.boolean().meta({ description: 'False: devices keep what they have; nothing more is done.' }),
  startAt: time('When it becomes available. With localTime the wall-clock time of each device, as if UTC.'),
  deadlineAt: time(
    'When it is enforced, for required ones; null: as soon as it is available. With localTime as startAt.',
  ).nullable(),
  localTime: z.boolean().meta({ description: 'True: startAt and deadlineAt are local to each device.' }),
  priority: z.number().int().min(0).max(2).meta({
    description: '0 low, 1 medium, 2 high: of two things that exclude each other the higher one wins.',
  }),
  overrideWindows: z.boolean().meta({ description: 'True: does not wait for maintenance windows.' }),
  notify: z.boolean().meta({ description: 'True: people at the device are told.' }),
  revision: z.number().int().min(1).nullable().meta({
    description: 'Revision of the thing that is deployed; null: always the newest.',
  }),
};

export const newDeploymentBodySchema = z.strictObject({
  thingKind: libraryKindSchema,
  thingId: z.uuid().meta({ description: 'Id of the baseline, configuration item, application or package.' }),
  collectionId: collectionIdSchema,
  name: settings.name.optional(),
  comment: settings.comment.default(''),
  intent: settings.intent,
  action: settings.action.default('install'),
  enabled: settings.enabled.default(true),
  startAt: settings.startAt.optional().meta({ description: 'Default: now.' }),
  deadlineAt: settings.deadlineAt.default(null),
  localTime: settings.localTime.default(false),
  priority: settings.priority.default(1),
  overrideWindows: settings.overrideWindows.default(false),
  notify: settings.notify.default(true),
  revision: settings.revision.default(null),
});
export type NewDeployment = z.output<typeof newDeploymentBodySchema>;

/** Everything that can be changed of a deployment: PUT. Thing and collection stay what they are. */
export const deploymentSettingsBodySchema = z.strictObject(settings);
export type DeploymentSettings = z.output<typeof deploymentSettingsBodySchema>;

/** Some of it: PATCH. */
export const deploymentChangeBodySchema = deploymentSettingsBodySchema.partial();
export type DeploymentChange = z.output<typeof deploymentChangeBodySchema>;

/** How many devices (for a user collection: enrolments of its users) stand how with a deployment. */
export const deploymentCountsSchema = z.object({
  targeted: z.number().int(),
  success: z.number().int(),
  inProgress: z.number().int(),
  requirementsNotMet: z.number().int(),
  error: z.number().int(),
  unknown: z.number().int().meta({ description: 'Targeted, but nothing was heard of them.' }),
});
export type DeploymentCounts = z.output<typeof deploymentCountsSchema>;

/** A deployment as lists show it. */
export const deploymentSchema = z
  .object({
    id: z.uuid(),
    assignmentId: z.number().int().meta({ description: 'Number of the assignment, as ConfigMgr counts.' }),
    thingKind: libraryKindSchema,
    thingId: z.uuid(),
    thingName: z.string(),
    collectionId: collectionIdSchema,
    collectionName: z.string(),
    ...settings,
    deployedRevision: z.number().int().meta({ description: 'Revision of the thing that is out now.' }),
    version: z.number().int().meta({ description: 'Grows with every change; the ETag.' }),
    createdAt: time('When it was made.'),
    createdBy: person,
    changedAt: time('When it was last changed.'),
    changedBy: person,
    counts: deploymentCountsSchema,
  })
  .meta({ id: 'Deployment', description: 'A thing deployed to a collection, with how its devices stand.' });
export type Deployment = z.output<typeof deploymentSchema>;

export const deploymentDetailSchema = deploymentSchema
  .extend({
    items: z.array(policyItemSchema).meta({ description: 'What it is made of, at the revisions deployed.' }),
  })
  .meta({ id: 'DeploymentDetail', description: 'A deployment with what it is made of.' });
export type DeploymentDetail = z.output<typeof deploymentDetailSchema>;

export const deploymentPageSchema = z.object({
  items: z.array(deploymentSchema),
  nextCursor: nextCursorSchema,
});

/** How many devices stand how with one configuration item of a deployment. */
export const itemComplianceSchema = z.object({
  ciId: z.uuid(),
  revision: z.number().int(),
  displayName: z.string(),
  compliant: z.number().int(),
  nonCompliant: z.number().int(),
  conflict: z.number().int(),
  error: z.number().int(),
  unknown: z.number().int(),
});
export type ItemCompliance = z.output<typeof itemComplianceSchema>;

export const deploymentSummarySchema = z
  .object({
    deploymentId: z.uuid(),
    counts: deploymentCountsSchema,
    compliantPercentage: z.number().meta({ description: 'success of targeted, 0 to 100, one decimal.' }),
    items: z.array(itemComplianceSchema),
    countedAt: time('When the counters were last checked by counting anew.'),
  })
  .meta({ id: 'DeploymentSummary', description: 'How the devices of a deployment stand.' });
export type DeploymentSummary = z.output<typeof deploymentSummarySchema>;

/** One device (or enrolment of a user) of a deployment. */
export const deploymentDeviceSchema = z
  .object({
    resourceId: z.number().int(),
    name: z.string(),
    enrollmentId: enrollmentIdSchema.nullable().meta({ description: 'Null: not enrolled (any more).' }),
    status: assetStatusSchema,
    complianceState: z.number().int().nullable().meta({ description: 'State of topic 300.' }),
    enforcementState: z.number().int().nullable().meta({ description: 'State of topic 301.' }),
    reason: z.string().nullable(),
    errorCode: z.string().nullable(),
    commandId: z.uuid().nullable(),
    steps: policyStepsSchema,
    updatedAt: time('When the device was last heard of about it.').nullable(),
  })
  .meta({
    id: 'DeploymentDevice',
    description: 'How far a device has come with a deployment, each step with its time.',
  });
export type DeploymentDevice = z.output<typeof deploymentDeviceSchema>;

export const deploymentDevicePageSchema = z.object({
  items: z.array(deploymentDeviceSchema),
  nextCursor: nextCursorSchema,
});

export const deploymentDeviceDetailSchema = z
  .object({
    resourceId: z.number().int(),
    deploymentId: z.uuid(),
    enrollments: z.array(
      deploymentDeviceSchema.extend({
        items: z.array(
          z.object({
            ciId: z.uuid(),
            displayName: z.string(),
            state: z.number().int().meta({ description: 'State of topic 401.' }),
            reason: z.string().nullable(),
            errorCode: z.string().nullable(),
            at: time('When it was reported.'),
          }),
        ),
      }),
    ),
  })
  .meta({
    id: 'DeploymentDeviceDetail',
    description: 'A device with a deployment and each of its configuration items.',
  });
export type DeploymentDeviceDetail = z.output<typeof deploymentDeviceDetailSchema>;

/** What was deployed from one time to another. */
export const deploymentVersionSchema = z
  .object({
    deploymentId: z.uuid(),
    version: z.number().int(),
    change: z.enum(['created', 'changed', 'content', 'deleted']).meta({
      description: 'content: the thing that is deployed got a new revision.',
    }),
    changedBy: person,
    fromAt: time('From when on it stood like this.'),
    untilAt: time('Until when; null: it stands like this now.').nullable(),
    name: z.string(),
    thingKind: libraryKindSchema,
    thingId: z.uuid(),
    thingName: z.string(),
    deployedRevision: z.number().int(),
    collectionId: collectionIdSchema,
    settings: deploymentSettingsBodySchema,
    items: z.array(policyItemSchema),
  })
  .meta({ id: 'DeploymentVersion', description: 'A deployment as it stood for some time.' });
export type DeploymentVersion = z.output<typeof deploymentVersionSchema>;

export const deploymentVersionPageSchema = z.object({
  items: z.array(deploymentVersionSchema),
  nextCursor: nextCursorSchema,
});

/** A state message as it is kept: the newest of its topic. */
export const storedStateSchema = z
  .object({
    enrollmentId: enrollmentIdSchema,
    topicType: stateTopicSchema,
    topicId: z.string(),
    stateId: z.number().int(),
    stateName: z.string(),
    at: time('When it was so.'),
    reason: z.string().nullable(),
    errorCode: z.string().nullable(),
  })
  .meta({ id: 'StateMessage', description: 'The newest state message of one topic.' });
export type StoredState = z.output<typeof storedStateSchema>;

export const storedStatePageSchema = z.object({
  items: z.array(storedStateSchema),
  nextCursor: nextCursorSchema,
});

export const evaluationSchema = z.object({
  scheduled: z.number().int().meta({ description: 'Enrolments that will be looked at anew.' }),
});
