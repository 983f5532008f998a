import { z } from 'zod';
import { defineEvent } from '../messaging/define.js';
import { enrollmentIdSchema } from '../mdm/enrollment.schema.js';
import { defineStatusEvent } from '../status/status-message.schema.js';
import { collectionIdSchema, deploymentIdSchema, maintenanceWindowSchema } from './policy.schema.js';
import { stateMessageSchema } from './state-message.schema.js';

const time = z.number().int();

/** A deployment was made, changed or deleted; `get-policy-deployment` gives it. */
export const deploymentChanged = defineEvent({
  owner: 'config-proxy',
  aggregate: 'deployment',
  event: 'changed',
  payload: z.object({
    deploymentId: deploymentIdSchema,
    version: z.number().int(),
    collectionId: collectionIdSchema,
    deleted: z.boolean(),
    at: time,
  }),
});

/**
 * Enrolments joined or left a collection that something is deployed to. `version` grows with every change of the
 * collection: for one enrolment the highest version counts, in whatever order the events arrive.
 */
export const scopeMembersChanged = defineEvent({
  owner: 'config-proxy',
  aggregate: 'scope',
  event: 'members-changed',
  payload: z.object({
    collectionId: collectionIdSchema,
    version: z.number().int(),
    changes: z.array(z.object({ enrollmentId: enrollmentIdSchema, member: z.boolean() })).max(500),
    at: time,
  }),
});

/** Nothing is deployed to the collection any more; its members are no longer told of. */
export const scopeDropped = defineEvent({
  owner: 'config-proxy',
  aggregate: 'scope',
  event: 'dropped',
  payload: z.object({ collectionId: collectionIdSchema, version: z.number().int(), at: time }),
});

/** All maintenance windows of a collection, as they stand. Told like its members. */
export const maintenanceWindowsChanged = defineEvent({
  owner: 'config-proxy',
  aggregate: 'scope',
  event: 'windows-changed',
  payload: z.object({
    collectionId: collectionIdSchema,
    version: z.number().int(),
    windows: z.array(maintenanceWindowSchema).max(100),
    at: time,
  }),
});

/** How devices stand with what is deployed to them. */
export const policyStatesReported = defineEvent({
  owner: 'mdm-policy',
  aggregate: 'state',
  event: 'reported',
  payload: z.object({ messages: z.array(stateMessageSchema).min(1).max(500) }),
});

export const mdmPolicyStatusReported = defineStatusEvent('mdm-policy');
