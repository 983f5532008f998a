import { z } from 'zod';
import { defineRpc } from '../messaging/define.js';
import { enrollmentIdSchema, plainTextSchema } from '../mdm/enrollment.schema.js';
import {
  collectionIdSchema,
  configurationItemIdSchema,
  deploymentIdSchema,
  policyDecisionSchema,
  policyDeploymentSchema,
} from './policy.schema.js';

/** A deployment as it stands; null where it was deleted. */
export const getPolicyDeployment = defineRpc({
  service: 'config-proxy',
  verb: 'get-policy-deployment',
  request: z.object({ deploymentId: deploymentIdSchema }),
  response: z.object({ deployment: policyDeploymentSchema.nullable() }),
});

/** Every deployment with its version, to find what was missed. */
export const listPolicyDeployments = defineRpc({
  service: 'config-proxy',
  verb: 'list-policy-deployments',
  request: z.object({
    cursor: z.string().max(2_000).optional(),
    limit: z.number().int().min(1).max(500).default(500),
  }),
  response: z.object({
    items: z.array(
      z.object({
        id: deploymentIdSchema,
        version: z.number().int(),
        collectionId: collectionIdSchema,
      }),
    ),
    nextCursor: z.string().optional(),
  }),
});

/** What a revision is made of. Not stored on the way: profiles hold secrets. */
export const getPolicyContent = defineRpc({
  service: 'config-proxy',
  verb: 'get-policy-content',
  request: z.object({ ciId: configurationItemIdSchema, revision: z.number().int().min(1) }),
  response: z.object({
    content: z.discriminatedUnion('kind', [
      /** The .mobileconfig as it is to be installed, base64. */
      z.object({ kind: z.literal('profile'), payload: z.base64() }),
      z.object({ kind: z.literal('declaration'), type: z.string(), payload: z.record(z.string(), z.json()) }),
      /** Nothing that MDM could carry out. */
      z.object({ kind: z.literal('none') }),
    ]),
  }),
});

/** Sends all members and the maintenance windows of a collection again as events. */
export const republishScope = defineRpc({
  service: 'config-proxy',
  verb: 'republish-scope',
  request: z.object({ collectionIds: z.array(collectionIdSchema).min(1).max(100) }),
  response: z.object({ accepted: z.array(collectionIdSchema) }),
});

/**
 * Compares in which collections enrolments are, as the policy has it, with what is so: of the enrolments in a range of
 * ids, those named and those that the policy knows nothing of. Changes nothing.
 */
export const compareScopes = defineRpc({
  service: 'config-proxy',
  verb: 'compare-scopes',
  request: z.object({
    /** The range begins behind this id; empty: with the first. */
    after: z.string().max(400),
    /** The last id of the range; null: there is no end. */
    through: enrollmentIdSchema.nullable(),
    /** Those in the range that are in a collection; each with the sum of `scopeTag` over its collections. */
    enrollments: z.array(z.object({ id: enrollmentIdSchema, digest: z.number().int() })).max(500),
  }),
  response: z.object({
    /** Enrolments of which something else is so; some that are named may be all right by the time they are looked at. */
    differing: z.array(enrollmentIdSchema),
    /** How far the range was looked at; null: to its end. */
    through: enrollmentIdSchema.nullable(),
  }),
});

/** Tells by events what is so where the policy has something else: who is in a collection, and who is not. */
export const correctScopes = defineRpc({
  service: 'config-proxy',
  verb: 'correct-scopes',
  request: z.object({
    /** In which collections they are, as the policy has it. */
    enrollments: z
      .array(z.object({ id: enrollmentIdSchema, collectionIds: z.array(collectionIdSchema).max(2_000) }))
      .min(1)
      .max(25),
    /** The highest version that the policy has heard of any collection: what is told has a higher one. */
    version: z.number().int(),
  }),
  /** How many memberships were told of. */
  response: z.object({ corrected: z.number().int() }),
  timeoutMs: 10_000,
});

/** Tells by events which maintenance windows collections have, of a range of ids, where the policy has others. */
export const correctWindows = defineRpc({
  service: 'config-proxy',
  verb: 'correct-windows',
  request: z.object({
    /** The range begins behind this id; empty: with the first. */
    after: z.string().max(8),
    /** The last id of the range; null: there is no end. */
    through: collectionIdSchema.nullable(),
    /** Those in the range that the policy knows, with `windowsTag` and the version of what it has; -1: of nothing. */
    collections: z
      .array(z.object({ id: collectionIdSchema, digest: z.number().int(), version: z.number().int() }))
      .max(500),
  }),
  /** How many collections were told of. */
  response: z.object({ corrected: z.number().int() }),
  timeoutMs: 10_000,
});

/** What the policy thinks of an enrolment, of all deployments or of one. */
export const explainPolicy = defineRpc({
  service: 'mdm-policy',
  verb: 'explain-policy',
  request: z.object({ enrollmentId: enrollmentIdSchema, deploymentId: deploymentIdSchema.optional() }),
  response: z.object({
    /** False: the policy has never heard of the enrolment. */
    known: z.boolean(),
    /** Deployments whose collection the enrolment is a member of, as far as the policy knows. */
    inScope: z.array(z.object({ deploymentId: deploymentIdSchema, since: z.number().int() })),
    evaluatedAt: z.number().int().nullable(),
    dueAt: z.number().int().nullable(),
    decisions: z.array(policyDecisionSchema),
  }),
});

/** Looks at enrolments anew: asks the devices what they have, and plans. */
export const evaluatePolicy = defineRpc({
  service: 'mdm-policy',
  verb: 'evaluate-policy',
  request: z.object({
    enrollmentIds: z.array(enrollmentIdSchema).min(1).max(1_000),
    requestedBy: plainTextSchema.min(1).max(255),
  }),
  response: z.object({ scheduled: z.number().int() }),
});
