import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  deploymentChangeBodySchema,
  deploymentDetailSchema,
  deploymentPageSchema,
  deploymentSettingsBodySchema,
  deploymentSummarySchema,
  deploymentVersionPageSchema,
  listQuery,
  newDeploymentBodySchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import { approvalResponseHeaders, GATED, gatedHeaders, passGate } from '../approvals/approval.http.js';
import { ChangeGate } from '../approvals/change-gate.js';
import { setEtag } from '../http/etag.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { DeploymentHistoryStore } from './deployment-history.store.js';
import { toDeployment } from './deployment.record.js';
import { DeploymentService } from './deployment.service.js';
import { DeploymentStore } from './deployment.store.js';

const tag = 'Deployments';
export const deploymentParams = z.object({ id: z.uuid() });
const etag = { ETag: 'Version of the deployment: send it as If-Match with a change.' } as const;
const newHeaders = gatedHeaders.omit({ 'if-match': true });
const changed = {
  headers: gatedHeaders,
  response: z.union([deploymentDetailSchema, approvalSchema]),
  responseHeaders: { ...etag, ...approvalResponseHeaders },
};
const FITS =
  'System-scope things go to collections of devices, user-scope ones to collections of users. A change takes effect by itself.';

const listDeployments = defineEndpoint({
  method: 'GET',
  path: '/api/v1/deployments',
  reach: 'filtered',
  scope: 'deployments:read',
  tag,
  summary: 'List deployments',
  description: 'Newest first, each with how many devices stand how.',
  query: z.object(listQuery),
  response: deploymentPageSchema,
});

const createDeployment = defineEndpoint({
  method: 'POST',
  path: '/api/v1/deployments',
  reach: 'filtered',
  scope: 'deployments:write',
  tag,
  summary: 'Deploy something to a collection',
  description: `${FITS} ${GATED}`,
  headers: newHeaders,
  body: newDeploymentBodySchema,
  response: changed.response,
  status: 201,
  responseHeaders: changed.responseHeaders,
  example: {
    thingKind: 'baseline',
    thingId: '7d5e9c0e-3f0b-4a94-9d2e-0c8ce0f1a001',
    collectionId: 'ESP00014',
    intent: 'required',
  },
});

const readDeployment = defineEndpoint({
  method: 'GET',
  path: '/api/v1/deployments/:id',
  reach: { deployment: 'id' },
  scope: 'deployments:read',
  tag,
  summary: 'See a deployment',
  params: deploymentParams,
  response: deploymentDetailSchema,
  responseHeaders: etag,
});

const replaceSettings = defineEndpoint({
  method: 'PUT',
  path: '/api/v1/deployments/:id',
  reach: { deployment: 'id' },
  scope: 'deployments:write',
  tag,
  summary: "Replace a deployment's settings",
  description: `All of them; what is deployed where stays. ${FITS} ${GATED}`,
  params: deploymentParams,
  ...changed,
  body: deploymentSettingsBodySchema,
});

const changeSettings = defineEndpoint({
  method: 'PATCH',
  path: '/api/v1/deployments/:id',
  reach: { deployment: 'id' },
  scope: 'deployments:write',
  tag,
  summary: "Change some of a deployment's settings",
  description: `What is not named stays. ${FITS} ${GATED}`,
  params: deploymentParams,
  ...changed,
  body: deploymentChangeBodySchema,
});

const deleteDeployment = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/deployments/:id',
  reach: { deployment: 'id' },
  scope: 'deployments:write',
  tag,
  summary: 'End a deployment',
  description: `Devices lose what it had put on them, where no other deployment wants it. ${GATED}`,
  params: deploymentParams,
  headers: gatedHeaders,
  response: approvalSchema.optional(),
  status: 204,
});

const readSummary = defineEndpoint({
  method: 'GET',
  path: '/api/v1/deployments/:id/summary',
  reach: { deployment: 'id' },
  scope: 'deployments:read',
  tag,
  summary: 'See how the devices of a deployment stand',
  description: 'How many comply, and for each configuration item of a baseline.',
  params: deploymentParams,
  response: deploymentSummarySchema,
});

const listHistory = defineEndpoint({
  method: 'GET',
  path: '/api/v1/deployment-history',
  reach: 'filtered',
  scope: 'deployments:read',
  tag,
  summary: 'See what was deployed when',
  description:
    'Every version of every deployment, deleted ones too, newest first. What stood at a time T: filter "fromAt le T and (untilAt gt T or untilAt eq null)".',
  query: z.object(listQuery),
  response: deploymentVersionPageSchema,
});

@Controller()
export class DeploymentController {
  constructor(
    @Inject(DeploymentService) private readonly deployments: DeploymentService,
    @Inject(DeploymentStore) private readonly store: DeploymentStore,
    @Inject(DeploymentHistoryStore) private readonly history: DeploymentHistoryStore,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
    @Inject(ChangeGate) private readonly gate: ChangeGate,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(listDeployments)
  async listDeployments(
    @Input() { query }: InputOf<typeof listDeployments>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDeployments>> {
    const within = await this.visibility.collections(caller, 'deployments:read', 'd.collection_id');
    const { rows, next } = await this.store.list(query, within);
    return { items: rows.map(toDeployment), ...(next !== undefined && { nextCursor: next }) };
  }

  @Endpoint(createDeployment)
  async createDeployment(
    @Input() { body, headers }: InputOf<typeof createDeployment>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createDeployment>> {
    await this.visibility.requireCollections([body.collectionId], caller.reach('deployments:write'));
    const params = { what: 'create', collectionId: body.collectionId, wanted: body } as const;
    const passed = await passGate(this.gate, { params, headers, caller, reply }, (weigh, key) =>
      this.idempotency.run({ callerId: caller.credentialId, key, body }, (tx) =>
        this.gate.deploy(tx, body, caller.title, weigh),
      ),
    );
    if ('approval' in passed) return passed.approval;
    const made = passed.done;
    void reply.header('location', `/api/v1/deployments/${made.id}`);
    setEtag(reply, made.version);
    return made;
  }

  @Endpoint(readDeployment)
  async readDeployment(
    @Input() { params }: InputOf<typeof readDeployment>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readDeployment>> {
    const found = await this.deployments.read(params.id);
    setEtag(reply, found.version);
    return found;
  }

  @Endpoint(replaceSettings)
  replaceSettings(
    @Input() { params, headers, body }: InputOf<typeof replaceSettings>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof replaceSettings>> {
    return this.change(params.id, body, headers, caller, reply);
  }

  @Endpoint(changeSettings)
  changeSettings(
    @Input() { params, headers, body }: InputOf<typeof changeSettings>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof changeSettings>> {
    return this.change(params.id, body, headers, caller, reply);
  }

  @Endpoint(deleteDeployment)
  async deleteDeployment(
    @Input() { params, headers }: InputOf<typeof deleteDeployment>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof deleteDeployment>> {
    const { collectionId } = await this.deployments.read(params.id);
    const asked = { what: 'delete', collectionId, deploymentId: params.id } as const;
    const passed = await passGate(this.gate, { params: asked, headers, caller, reply }, (weigh) =>
      this.deployments.delete(params.id, caller.title, headers['if-match'], weigh),
    );
    if ('approval' in passed) return passed.approval;
    return undefined;
  }

  @Endpoint(readSummary)
  readSummary(@Input() { params }: InputOf<typeof readSummary>): Promise<ResultOf<typeof readSummary>> {
    return this.deployments.summary(params.id);
  }

  @Endpoint(listHistory)
  async listHistory(
    @Input() { query }: InputOf<typeof listHistory>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listHistory>> {
    const within = await this.visibility.collections(caller, 'deployments:read', 'v.collection_id');
    const { rows, next } = await this.history.list(query, within);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  private async change(
    id: string,
    change: InputOf<typeof changeSettings>['body'],
    headers: z.output<typeof gatedHeaders>,
    caller: Caller,
    reply: FastifyReply,
  ): Promise<ResultOf<typeof changeSettings>> {
    const { collectionId } = await this.deployments.read(id);
    const params = { what: 'change', collectionId, deploymentId: id, change } as const;
    const passed = await passGate(this.gate, { params, headers, caller, reply }, (weigh) =>
      this.deployments.change(id, change, caller.title, headers['if-match'], weigh),
    );
    if ('approval' in passed) return passed.approval;
    setEtag(reply, passed.done.version);
    return passed.done;
  }
}
