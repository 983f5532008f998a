import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalDecisionBodySchema,
  approvalErrors,
  approvalPageSchema,
  approvalSchema,
  conditionalHeaders,
  listQuery,
  type Approval,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, requireScope, type Caller } from '../access/caller.js';
import { setEtag } from '../http/etag.js';
import { ApprovalDecisions } from './approval.decisions.js';
import { personOf, withRetryAfter } from './approval.http.js';
import { ApprovalService } from './approval.service.js';

const tag = 'Approvals';
const params = z.object({ id: z.uuid() });
const decision = {
  method: 'POST',
  tag,
  params,
  headers: conditionalHeaders,
  body: approvalDecisionBodySchema,
  response: approvalSchema,
  responseHeaders: { ETag: 'Version of the approval, for If-Match.' },
  example: { reason: 'Anna called me from the lost property office.' },
} as const;

const listApprovals = defineEndpoint({
  method: 'GET',
  path: '/api/v1/approvals',
  scope: 'any',
  reach: 'self',
  tag,
  summary: 'List approvals',
  description:
    'Newest first. Without approvals:read over the whole site: those that you asked for. Live: follow the events approval.* of /api/v1/events.',
  query: z.object({
    view: z.enum(['all', 'mine', 'waiting']).default('all').meta({
      description:
        'mine: that you asked for. waiting: that wait for a decision, and not for another than yours.',
    }),
    ...listQuery,
  }),
  response: approvalPageSchema,
});

const readApproval = defineEndpoint({
  method: 'GET',
  path: '/api/v1/approvals/:id',
  scope: 'any',
  reach: 'self',
  tag,
  summary: 'See an approval',
  description: 'Without approvals:read over the whole site only what you asked for.',
  params,
  response: approvalSchema,
  responseHeaders: decision.responseHeaders,
});

const approve = defineEndpoint({
  ...decision,
  path: '/api/v1/approvals/:id/approve',
  scope: 'approvals:decide',
  reach: 'site',
  summary: 'Approve what somebody else asked for',
  description:
    'It is carried out at once, as a job. Not by who asked, with whatever token, nor by a service account, nor with an account that was made or changed a short time ago.',
});

const reject = defineEndpoint({
  ...decision,
  path: '/api/v1/approvals/:id/reject',
  scope: 'approvals:decide',
  reach: 'site',
  summary: 'Reject what somebody asked for',
});

const cancel = defineEndpoint({
  ...decision,
  path: '/api/v1/approvals/:id/cancel',
  scope: 'any',
  reach: 'self',
  summary: 'Cancel what you asked for',
  description:
    'With the scopes that it took to ask for it. Before it is carried out; commands are also taken back afterwards, from the devices that have not fetched them.',
});

@Controller()
export class ApprovalController {
  constructor(
    @Inject(ApprovalService) private readonly approvals: ApprovalService,
    @Inject(ApprovalDecisions) private readonly decisions: ApprovalDecisions,
  ) {}

  @Endpoint(listApprovals)
  listApprovals(
    @Input() { query }: InputOf<typeof listApprovals>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listApprovals>> {
    const { view, ...request } = query;
    const { id } = caller.administrator;
    const own = view === 'mine' || !seesAll(caller);
    return this.approvals.list(
      { ...(own && { requestedBy: id }), ...(view === 'waiting' && { waitingFor: id }) },
      request,
    );
  }

  @Endpoint(readApproval)
  async readApproval(
    @Input() { params: { id } }: InputOf<typeof readApproval>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readApproval>> {
    return answer(reply, await this.#visible(id, caller));
  }

  @Endpoint(approve)
  approve(
    @Input() { params: { id }, headers, body }: InputOf<typeof approve>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof approve>> {
    return withRetryAfter(reply, async () =>
      answer(
        reply,
        await this.decisions.approve(id, personOf(caller), {
          reason: body.reason,
          ifMatch: headers['if-match'],
        }),
      ),
    );
  }

  @Endpoint(reject)
  async reject(
    @Input() { params: { id }, headers, body }: InputOf<typeof reject>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof reject>> {
    const said = { reason: body.reason, ifMatch: headers['if-match'] };
    return answer(reply, await this.decisions.reject(id, personOf(caller), said));
  }

  @Endpoint(cancel)
  async cancel(
    @Input() { params: { id }, headers, body }: InputOf<typeof cancel>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof cancel>> {
    await this.#visible(id, caller);
    for (const scope of await this.approvals.scopesOf(id)) requireScope(caller.scopes, scope, reply);
    const said = { reason: body.reason, ifMatch: headers['if-match'] };
    return answer(reply, await this.decisions.cancel(id, personOf(caller), said));
  }

  /** What others asked for does not exist for whoever may not see it. */
  async #visible(id: string, caller: Caller): Promise<Approval> {
    const approval = await this.approvals.get(id);
    if (approval.requester.id !== caller.administrator.id && !seesAll(caller))
      throw approvalErrors.ESP_APPROVAL_UNKNOWN({ detail: id });
    return approval;
  }
}

const seesAll = (caller: Caller): boolean =>
  (['approvals:read', 'approvals:decide'] as const).some(
    (scope) => caller.scopes.has(scope) && caller.reach(scope) === 'site',
  );

function answer(reply: FastifyReply, approval: Approval): Approval {
  setEtag(reply, approval.version);
  return approval;
}
