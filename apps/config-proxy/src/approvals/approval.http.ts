import {
  approvalErrors,
  approvalReasonSchema,
  conditionalHeaders,
  isEspalierError,
  type Approval,
} from '@espalier/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Caller } from '../access/caller.js';
import { setEtag } from '../http/etag.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import type { ChangeParams } from './actions/change.params.js';
import type { Person } from './approvable-action.js';
import type { ChangeGate, Passed } from './change-gate.js';
import type { Weigh } from './weigh.js';

/** Header with which every request that a policy may hold up says why. */
export const approvalHeaders = z.object({
  'approval-reason': z.string().max(4_000).optional().meta({
    description:
      'Why, in 5 to 500 characters of UTF-8: needed where a policy wants a second person, who sees it. Then the answer is 202 with the approval.',
  }),
});

/** What the answer of such an endpoint may carry besides its own. */
export const approvalResponseHeaders = {
  Location: 'What was made, or the approval that it waits for.',
} as const;

/** Headers of every change that may have to wait for a second person. */
export const gatedHeaders = z.object({
  ...conditionalHeaders.shape,
  ...idempotencyHeaders.shape,
  ...approvalHeaders.shape,
});

/** For descriptions of such endpoints. */
export const GATED =
  'Where a policy wants a second person for so many devices, the answer is 202 with the approval that it waits for.';

/** A change as it came over HTTP. */
export interface GatedRequest {
  readonly params: ChangeParams;
  readonly headers: z.output<typeof gatedHeaders>;
  readonly caller: Caller;
  readonly reply: FastifyReply;
}

/** Makes a change, or answers that it waits for a second person. @throws as `ChangeGate.pass` */
export async function passGate<T>(
  gate: ChangeGate,
  { params, headers, caller, reply }: GatedRequest,
  perform: (weigh: Weigh, key: string) => Promise<T>,
): Promise<Passed<T>> {
  const key = idempotencyKey(headers);
  void reply.header('idempotency-key', key);
  const request = { key, reason: reasonOf(headers) };
  const passed = await withRetryAfter(reply, () =>
    gate.pass(params, personOf(caller), request, (weigh) => perform(weigh, key)),
  );
  if ('approval' in passed) answerApproval(reply, passed.approval);
  return passed;
}

/**
 * The reason as its sender wrote it.
 * @throws EspalierError ESP_APPROVAL_REASON_MISSING where it is none
 */
export function reasonOf(headers: z.output<typeof approvalHeaders>): string | undefined {
  const value = headers['approval-reason'];
  if (value === undefined) return undefined;
  // Header values are bytes, which Node gives as Latin-1 (RFC 9110 §5.5); most people's terminals send UTF-8.
  const text = Buffer.from(value, 'latin1').toString('utf8');
  const reason = approvalReasonSchema.safeParse(text.includes('\ufffd') ? value : text);
  if (reason.success) return reason.data;
  throw approvalErrors.ESP_APPROVAL_REASON_MISSING({
    fields: { 'approval-reason': reason.error.issues[0]?.message ?? 'is not a reason' },
  });
}

/** Who is behind a request. */
export const personOf = (caller: Caller): Person => ({
  administrator: { id: caller.administrator.id, name: caller.administrator.name },
  credentialId: caller.credentialId,
  madeBy: caller.madeBy,
  madeAt: caller.token?.createdAt,
  title: caller.title,
  actor: caller.actor,
});

/** Answers that the action waits for a second person. */
export function answerApproval(reply: FastifyReply, approval: Approval): Approval {
  void reply.status(202).header('location', `/api/v1/approvals/${approval.id}`);
  setEtag(reply, approval.version);
  return approval;
}

/** Adds when to try again to the answer of whoever acts on too many devices. */
export async function withRetryAfter<T>(reply: FastifyReply, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const freeAt = isEspalierError(error) ? error.fields?.['freeAt'] : undefined;
    if (freeAt !== undefined)
      void reply.header(
        'retry-after',
        String(Math.max(1, Math.ceil((Date.parse(freeAt) - Date.now()) / 1_000))),
      );
    throw error;
  }
}
