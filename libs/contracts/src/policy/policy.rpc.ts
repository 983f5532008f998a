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
