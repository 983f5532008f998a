import { z } from 'zod';
import { defineEvent } from '../messaging/define.js';
import { defineStatusEvent } from '../status/status-message.schema.js';
import { collectionIdSchema } from '../policy/policy.schema.js';
import { approvalKindSchema, approvalStateSchema } from './api/approval.schema.js';

const time = z.number().int();

/** A device (or user) as ConfigMgr sees it was made or changed. */
export const resourceChanged = defineEvent({
  owner: 'config-proxy',
  aggregate: 'resource',
  event: 'changed',
  payload: z.object({
    resourceId: z.number().int(),
    what: z.enum(['created', 'updated', 'obsolete', 'decommissioned', 'removed']),
    at: time,
  }),
});

/** A collection's members or its definition changed, or it was evaluated. */
export const collectionChanged = defineEvent({
  owner: 'config-proxy',
  aggregate: 'collection',
  event: 'changed',
  payload: z.object({
    collectionId: collectionIdSchema,
    what: z.enum(['created', 'updated', 'deleted', 'members', 'evaluated']),
    memberCount: z.number().int(),
    joined: z.number().int(),
    left: z.number().int(),
    at: time,
  }),
});

/** How far a long piece of work has come. */
export const jobProgressed = defineEvent({
  owner: 'config-proxy',
  aggregate: 'job',
  event: 'progressed',
  payload: z.object({
    jobId: z.uuid(),
    kind: z.string(),
    state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
    done: z.number().int(),
    total: z.number().int().nullable(),
    at: time,
  }),
});

/** An action was asked for, decided on, carried out, or lapsed: for those who approve, and for who asked. */
export const approvalChanged = defineEvent({
  owner: 'config-proxy',
  aggregate: 'approval',
  event: 'changed',
  payload: z.object({
    approvalId: z.uuid(),
    kind: approvalKindSchema,
    state: approvalStateSchema,
    summary: z.string(),
    requester: z.string(),
    deviceCount: z.number().int(),
    expiresAt: time,
    at: time,
  }),
});

export const configProxyStatusReported = defineStatusEvent('config-proxy');
