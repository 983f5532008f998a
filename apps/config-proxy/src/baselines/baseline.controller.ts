import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  baselineChangeSchema,
  baselineDetailSchema,
  baselinePageSchema,
  baselineRevisionPageSchema,
  baselineRevisionSchema,
  conditionalHeaders,
  newBaselineBodySchema,
  type BaselineRevision,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { approvalResponseHeaders, GATED, gatedHeaders, passGate } from '../approvals/approval.http.js';
import { ChangeGate } from '../approvals/change-gate.js';
import { checkIfMatch, setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import {
  etagHeader,
  libraryList,
  libraryListQuery,
  libraryParams,
  LOCATION,
  revisionListQuery,
  revisionParams,
} from '../library/library.http.js';
import { ThingService } from '../library/thing.service.js';
import { baselineView, pageView, revisionHead } from '../library/views.js';
import { BaselineService, type BaselineRevisionParts } from './baseline.service.js';

const tag = 'Baselines';
const read = { scope: 'library:read', reach: 'self', tag } as const;
const write = { scope: 'library:write', reach: 'site', tag } as const;
const PATH = '/api/v1/baselines';
const MEMBERS =
  'Each configuration item stands in it once, at a revision or at its latest; two of the same identifier are refused, since a device can only have one of them.';

const listBaselinesEndpoint = defineEndpoint({
  ...read,
  ...libraryList,
  method: 'GET',
  path: PATH,
  summary: 'List baselines',
  query: libraryListQuery,
  response: baselinePageSchema,
});

const createBaselineEndpoint = defineEndpoint({
  ...write,
  method: 'POST',
  path: PATH,
  summary: 'Make a baseline',
  description: `A set of configuration items that is deployed together. ${MEMBERS}`,
  headers: idempotencyHeaders,
  body: newBaselineBodySchema,
  response: baselineDetailSchema,
  status: 201,
  responseHeaders: { ...etagHeader, ...LOCATION },
});

const readBaselineEndpoint = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id`,
  summary: 'See a baseline',
  params: libraryParams,
  response: baselineDetailSchema,
  responseHeaders: etagHeader,
});

const changeBaselineEndpoint = defineEndpoint({
  ...write,
  method: 'PATCH',
  path: `${PATH}/:id`,
  summary: 'Change a baseline',
  description: `Other members make a new revision; deployments that follow the latest one get it by themselves. ${MEMBERS} ${GATED}`,
  params: libraryParams,
  headers: gatedHeaders,
  body: baselineChangeSchema,
  response: z.union([baselineDetailSchema, approvalSchema]),
  responseHeaders: { ...etagHeader, ...approvalResponseHeaders },
});

const deleteBaselineEndpoint = defineEndpoint({
  ...write,
  method: 'DELETE',
  path: `${PATH}/:id`,
  summary: 'Delete a baseline with all revisions',
  description: 'Refused while it is deployed; the answer names the deployments.',
  params: libraryParams,
  headers: conditionalHeaders,
});

const listRevisionsEndpoint = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id/revisions`,
  summary: 'List the revisions of a baseline',
  description: 'Newest first, each with its members as they were. Revisions never change.',
  params: libraryParams,
  query: revisionListQuery,
  response: baselineRevisionPageSchema,
});

const readRevisionEndpoint = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id/revisions/:revision`,
  summary: 'See a revision of a baseline',
  params: revisionParams,
  response: baselineRevisionSchema,
});

/** `/api/v1/baselines`. */
@Controller()
export class BaselineController {
  constructor(
    @Inject(BaselineService) private readonly baselines: BaselineService,
    @Inject(ThingService) private readonly things: ThingService,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
    @Inject(ChangeGate) private readonly gate: ChangeGate,
  ) {}

  @Endpoint(listBaselinesEndpoint)
  async listBaselines(
    @Input() { query }: InputOf<typeof listBaselinesEndpoint>,
  ): Promise<ResultOf<typeof listBaselinesEndpoint>> {
    return pageView(await this.things.list('baseline', query), baselineView);
  }

  @Endpoint(createBaselineEndpoint)
  async createBaseline(
    @Input() { body, headers }: InputOf<typeof createBaselineEndpoint>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createBaselineEndpoint>> {
    const { id } = await this.idempotency.run(
      { callerId: caller.credentialId, key: headers['idempotency-key'], body },
      async (tx) => ({ id: (await this.baselines.create(tx, body, caller)).id }),
    );
    void reply.header('location', `${PATH}/${id}`);
    return this.detail(id, reply);
  }

  @Endpoint(readBaselineEndpoint)
  readBaseline(
    @Input() { params }: InputOf<typeof readBaselineEndpoint>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readBaselineEndpoint>> {
    return this.detail(params.id, reply);
  }

  @Endpoint(changeBaselineEndpoint)
  async changeBaseline(
    @Input() { params, body, headers }: InputOf<typeof changeBaselineEndpoint>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof changeBaselineEndpoint>> {
    const expect = (version: number): void => checkIfMatch(headers['if-match'], version);
    const asked = { what: 'baseline', thingId: params.id, change: body } as const;
    const passed = await passGate(this.gate, { params: asked, headers, caller, reply }, (weigh) =>
      this.baselines.change(params.id, body, expect, caller, weigh),
    );
    if ('approval' in passed) return passed.approval;
    const { baseline, latest } = passed.done;
    setEtag(reply, baseline.version);
    return { item: baselineView(baseline), latest: revisionView(latest) };
  }

  @Endpoint(deleteBaselineEndpoint)
  deleteBaseline(@Input() { params, headers }: InputOf<typeof deleteBaselineEndpoint>): Promise<void> {
    return this.baselines.delete(params.id, (version) => checkIfMatch(headers['if-match'], version));
  }

  @Endpoint(listRevisionsEndpoint)
  async listBaselineRevisions(
    @Input() { params, query }: InputOf<typeof listRevisionsEndpoint>,
  ): Promise<ResultOf<typeof listRevisionsEndpoint>> {
    const { id } = await this.things.get('baseline', params.id);
    const { rows, next } = await this.things.revisions(id, query);
    const parts = { rows: await this.baselines.withMembers(rows), ...(next !== undefined && { next }) };
    return pageView(parts, revisionView);
  }

  @Endpoint(readRevisionEndpoint)
  async readBaselineRevision(
    @Input() { params }: InputOf<typeof readRevisionEndpoint>,
  ): Promise<ResultOf<typeof readRevisionEndpoint>> {
    const { id } = await this.things.get('baseline', params.id);
    return this.revision(id, params.revision);
  }

  private async detail(id: string, reply: FastifyReply): Promise<ResultOf<typeof readBaselineEndpoint>> {
    const baseline = await this.things.get('baseline', id);
    setEtag(reply, baseline.version);
    return { item: baselineView(baseline), latest: await this.revision(id, baseline.revision) };
  }

  private async revision(id: string, number: number): Promise<BaselineRevision> {
    const revision = await this.things.revision(id, number);
    const parts = await this.baselines.withMembers([revision]);
    return revisionView(parts[0] ?? { revision, members: [] });
  }
}

const revisionView = ({ revision, members }: BaselineRevisionParts): BaselineRevision => ({
  ...revisionHead(revision),
  members: [...members],
});
