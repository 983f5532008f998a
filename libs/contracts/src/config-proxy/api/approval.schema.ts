import { z } from 'zod';
import { nextCursorSchema } from '../console-api.schema.js';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';

const time = (description: string): z.ZodNumber =>
  z
    .number()
    .int()
    .meta({ description: `${description} Epoch milliseconds, UTC.` });

/** What a policy can want a second person for, each with what it says to people. */
export const approvalKinds = {
  erase: 'Erase devices.',
  'remove-management': 'Remove a profile by command: the enrolment profile takes all management with it.',
  'disruptive-command':
    'Lock devices, restart them, or send another command that interrupts people or takes something away.',
  'unknown-command': 'Send a command that is not known here.',
  'run-script': 'Run a script on many devices.',
  'retire-device': 'Decommission a device: it loses everything that is deployed to it.',
  'delete-device': 'Delete the record of a device.',
  'large-deployment':
    'Reach many devices: by a deployment that is made, changed or ended, by a new revision of what is deployed, or by a change of a collection that something is deployed to.',
  'policy-change': 'Change what needs an approval.',
} as const satisfies Readonly<Record<string, string>>;

export type ApprovalKind = keyof typeof approvalKinds;
export const allApprovalKinds = Object.keys(approvalKinds) as readonly ApprovalKind[];
export const approvalKindSchema = z.enum(Object.keys(approvalKinds) as [ApprovalKind, ...ApprovalKind[]]);

/**
 * Where an approval stands. `needs-approval` waits for a second person, `approved` is about to be carried out; the
 * others are final, but that `completed` commands that no device has fetched can still be cancelled.
 */
export const approvalStateSchema = z.enum([
  'needs-approval',
  'approved',
  'completed',
  'rejected',
  'cancelled',
  'expired',
  'failed',
]);
export type ApprovalState = z.output<typeof approvalStateSchema>;

/** Something that an action is about. */
export const approvalTargetSchema = z.object({
  type: z.enum(['enrollment', 'device', 'collection', 'deployment', 'thing', 'policy']),
  id: z.string(),
  name: z.string().optional(),
});
export type ApprovalTarget = z.output<typeof approvalTargetSchema>;

const personSchema = z.object({
  id: z.string().meta({ description: 'Id of the administrator.' }),
  name: z.string(),
});

/** An action that somebody asked for, and what became of it. Arguments that may hold secrets are not shown. */
export const approvalSchema = z
  .object({
    id: z.uuid(),
    kind: approvalKindSchema,
    state: approvalStateSchema,
    summary: z.string().meta({ description: 'What will be done, in one sentence.' }),
    reason: z.string().meta({ description: 'Why, in the words of who asked.' }),
    targets: z.array(approvalTargetSchema),
    deviceCount: z.number().int().meta({ description: 'Devices that the action reaches.' }),
    requester: personSchema,
    createdAt: time('When it was asked for.'),
    expiresAt: time('When the request, or an approval that was not carried out by then, lapses.'),
    decidedBy: personSchema.nullable().meta({ description: 'Who approved, rejected or cancelled it.' }),
    decidedAt: time('When that was.').nullable(),
    decisionReason: z.string().nullable(),
    finishedAt: time('When it came to its end.').nullable(),
    outcome: z.string().nullable().meta({ description: 'How it ended, where there is more to say.' }),
    resultIds: z.array(z.string()).meta({ description: 'Commands or the deployment that came of it.' }),
    jobId: z.uuid().nullable().meta({ description: 'The job that carries it out.' }),
    version: z.number().int().meta({ description: 'Grows with every change; the ETag.' }),
  })
  .meta({
    id: 'Approval',
    description: 'An action that needs a second person. Times are epoch milliseconds, UTC.',
  });
export type Approval = z.output<typeof approvalSchema>;

export const approvalPageSchema = z.object({ items: z.array(approvalSchema), nextCursor: nextCursorSchema });

/** The most devices that a policy lets one person act on within an hour. */
export const MAX_HOURLY_CAP = 10_000;
/** The same for what a site does with all of its devices, and a second person has approved. */
export const MAX_FLEET_CAP = 1_000_000;

const policySettings = {
  required: z.boolean().meta({ description: 'True: a second person must approve.' }),
  threshold: z.number().int().min(0).max(1_000_000).meta({
    description: 'Actions on so many devices, or fewer, need no approval. 0: every one does.',
  }),
  expiryHours: z
    .number()
    .int()
    .min(1)
    .max(30 * 24)
    .meta({ description: 'Hours until a request, and an approval that was not carried out, lapses.' }),
  aloneCap: z.number().int().min(1).max(MAX_HOURLY_CAP).nullable().optional().meta({
    description:
      'Devices that one person may reach within an hour without a second person, in requests of which none is over the threshold; each further request needs one. null, where the kind allows it: as many as hourlyCap lets pass. Left out in a change, it stays.',
  }),
  hourlyCap: z.number().int().min(1).max(MAX_FLEET_CAP).nullable().meta({
    description:
      'Devices that one person may act on within an hour, with and without approval: up to 10,000, and for large-deployment up to 1,000,000; null, where the kind allows it: as many as they like.',
  }),
};

export const approvalPolicyBodySchema = z.strictObject(policySettings);
export type ApprovalPolicySettings = z.output<typeof approvalPolicyBodySchema>;

/** When a kind of action needs a second person, and how much of it one person may do within an hour. */
export const approvalPolicySchema = z
  .object({
    kind: approvalKindSchema,
    description: z.string(),
    ...policySettings,
    version: z.number().int().meta({ description: 'The ETag; 0 as long as it is as shipped.' }),
    changedAt: time('When it was last changed.').nullable(),
    changedBy: z.string().nullable(),
  })
  .meta({ id: 'ApprovalPolicy', description: 'What needs a second person, by kind of action.' });
export type ApprovalPolicy = z.output<typeof approvalPolicySchema>;

/** `off`: nothing waits for a second person; the limits per hour hold all the same. */
export const approvalModeSchema = z.enum(['required', 'off']);
export type ApprovalMode = z.output<typeof approvalModeSchema>;

export const approvalPoliciesSchema = z.object({
  mode: approvalModeSchema.meta({
    description: 'The setting ESPALIER_APPROVALS: off means that nothing waits for a second person.',
  }),
  items: z.array(approvalPolicySchema),
});

/** What a person says with a decision; asked for where something is refused. */
export const approvalReasonSchema = plainTextSchema.trim().min(5).max(500);
export const approvalDecisionBodySchema = z.strictObject({
  reason: approvalReasonSchema.optional().meta({ description: 'Why; shown to who asked.' }),
});
