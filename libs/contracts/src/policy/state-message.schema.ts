import { z } from 'zod';
import { enrollmentIdSchema } from '../mdm/enrollment.schema.js';

/** ConfigMgr's topic types of state messages that this product uses. */
export const stateTopics = {
  assignmentCompliance: 300,
  assignmentEnforcement: 301,
  assignmentEvaluation: 302,
  ciCompliance: 401,
  updateInstall: 402,
  updateDetection: 500,
  updateScan: 501,
} as const;

export const stateTopicSchema = z.union([
  z.literal(300),
  z.literal(301),
  z.literal(302),
  z.literal(401),
  z.literal(402),
  z.literal(500),
  z.literal(501),
]);

/** ConfigMgr's compliance states: topic 300 and 401. */
export const complianceStates = { unknown: 0, compliant: 1, nonCompliant: 2, conflict: 3, error: 4 } as const;

/** Topic 302. */
export const evaluationStates = { unknown: 0, started: 1, succeeded: 2, failed: 3 } as const;

/** Topic 301: how far the enforcement has come. */
export const enforcementStates = {
  unknown: 0,
  started: 1,
  waitingForWindow: 4,
  failed: 6,
  requirementsNotMet: 7,
  succeeded: 10,
  waitingForDevice: 12,
  waitingForDeadline: 13,
} as const;

/** When a device passed each step on the way to a thing deployed; null where it has not. Epoch ms. */
export const policyStepsSchema = z.object({
  targetedAt: z.number().int().nullable(),
  evaluatedAt: z.number().int().nullable(),
  queuedAt: z.number().int().nullable(),
  pushedAt: z.number().int().nullable(),
  fetchedAt: z.number().int().nullable(),
  acknowledgedAt: z.number().int().nullable(),
  verifiedAt: z.number().int().nullable(),
});
export type PolicySteps = z.output<typeof policyStepsSchema>;

/**
 * A snapshot of one topic of one device: a later one (by `sequence`) replaces the earlier one, in whatever order they
 * arrive.
 */
export const stateMessageSchema = z.object({
  enrollmentId: enrollmentIdSchema,
  topicType: stateTopicSchema,
  /** 300 to 302: the deployment's id. 401: `<deployment id>/<id of the configuration item>`. */
  topicId: z.string().min(1).max(200),
  /** As the topic numbers them: {@link complianceStates}, {@link enforcementStates}. */
  stateId: z.number().int().min(0).max(255),
  at: z.number().int(),
  /** Grows with each message of the same enrolment and topic. */
  sequence: z.number().int(),
  /** Why, for people; missing where the state says it all. */
  reason: z.string().max(1_000).optional(),
  errorCode: z.string().max(128).optional(),
  /** The MDM command that it is about. */
  commandId: z.uuid().optional(),
  steps: policyStepsSchema.optional(),
  /** True: the thing is out of scope and gone; the record of this topic is to be forgotten. */
  gone: z.boolean().optional(),
});
export type StateMessage = z.output<typeof stateMessageSchema>;
