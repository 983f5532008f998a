import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalKindSchema,
  approvalPoliciesSchema,
  approvalPolicyBodySchema,
  approvalPolicySchema,
  approvalSchema,
  conditionalHeaders,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { setEtag } from '../http/etag.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import { ApprovalPolicyService } from './approval-policy.service.js';
import { answerApproval, approvalHeaders, personOf, reasonOf } from './approval.http.js';

const tag = 'Approvals';

const listPolicies = defineEndpoint({
  method: 'GET',
  path: '/api/v1/approval-policies',
  scope: 'any',
  reach: 'self',
  tag,
  summary: 'See what needs an approval',
  description: 'For each kind of action: whether a second person is wanted, and how much one person may do.',
  response: approvalPoliciesSchema,
});

const replacePolicy = defineEndpoint({
  method: 'PUT',
  path: '/api/v1/approval-policies/:kind',
  scope: 'administrators:admin',
  reach: 'site',
  tag,
  summary: 'Change what needs an approval',
  description: 'Needs an approval itself (policy-change): the answer is 202 with it then.',
  params: z.object({ kind: approvalKindSchema }),
  headers: z.object({ ...conditionalHeaders.shape, ...idempotencyHeaders.shape, ...approvalHeaders.shape }),
  body: approvalPolicyBodySchema,
  response: z.union([approvalPolicySchema, approvalSchema]),
  responseHeaders: { ETag: 'Version of the policy or of the approval.' },
  example: { required: true, threshold: 0, expiryHours: 24, hourlyCap: 5 },
});

@Controller()
export class ApprovalPolicyController {
  constructor(@Inject(ApprovalPolicyService) private readonly policies: ApprovalPolicyService) {}

  @Endpoint(listPolicies)
  listPolicies(): Promise<ResultOf<typeof listPolicies>> {
    return this.policies.list();
  }

  @Endpoint(replacePolicy)
  async replacePolicy(
    @Input() { params: { kind }, headers, body }: InputOf<typeof replacePolicy>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof replacePolicy>> {
    const key = idempotencyKey(headers);
    void reply.header('idempotency-key', key);
    const request = { key, reason: reasonOf(headers), ifMatch: headers['if-match'] };
    const answer = await this.policies.replace({ kind, settings: body }, personOf(caller), request);
    if ('state' in answer) return answerApproval(reply, answer);
    setEtag(reply, answer.version);
    return answer;
  }
}
