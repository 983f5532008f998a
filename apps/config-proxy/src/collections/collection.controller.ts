import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  collectionDefinitionSchema,
  collectionDetailSchema,
  collectionIdSchema,
  collectionPageSchema,
  collectionPreviewBodySchema,
  collectionPreviewSchema,
  conditionalHeaders,
  jobSchema,
  listQuery,
  newCollectionSchema,
  queryClassesSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import { approvalResponseHeaders, GATED, gatedHeaders, passGate } from '../approvals/approval.http.js';
import { ChangeGate } from '../approvals/change-gate.js';
import { checkIfMatch, setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { CollectionService, type Asker } from './collection.service.js';
import { PreviewService } from './preview.service.js';
import { QueryClassService } from './query-class.service.js';

export const collectionTag = 'Collections';
export const collectionParams = z.object({ id: collectionIdSchema });
/** Of changes that may have to wait for a second person. */
export const gatedAnswer = `Where something is deployed to it, or to a collection that depends on it, those who join and leave count. ${GATED}`;
export const etagHeaders = { ETag: 'Version of the definition: send it as If-Match with a change.' } as const;
const read = { scope: 'collections:read', tag: collectionTag } as const;
const write = { scope: 'collections:write', tag: collectionTag } as const;

const listCollections = defineEndpoint({
  ...read,
  method: 'GET',
  path: '/api/v1/collections',
  reach: 'filtered',
  summary: 'List collections',
  description:
    'By name unless told. Fields for filter and orderBy: id, kind, name, limitingId, isBuiltIn, memberCount, windowCount, status, lastEvaluatedAt, lastMemberChangeAt, createdAt, changedAt.',
  query: z.object(listQuery),
  response: collectionPageSchema,
});

const listQueryClasses = defineEndpoint({
  ...read,
  method: 'GET',
  path: '/api/v1/collections/query-classes',
  reach: 'self',
  summary: 'List what query rules can ask about',
  description: 'The classes and properties of the query language, for collections of devices or of users.',
  query: z.object({ kind: z.enum(['device', 'user']).default('device') }),
  response: queryClassesSchema,
});

const createCollection = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections',
  reach: 'filtered',
  summary: 'Make a collection',
  description:
    'Its members are evaluated at once. Members are those whom direct, query or include rules give, without those whom an exclude rule gives, as far as they are in the limiting collection.',
  headers: idempotencyHeaders,
  body: newCollectionSchema,
  response: collectionDetailSchema,
  status: 201,
  responseHeaders: { ...etagHeaders, Location: 'The collection.' },
  example: {
    kind: 'device',
    name: 'Macs of the laboratory',
    limitingId: 'SMS00001',
    rules: [{ kind: 'query', name: 'by name', query: 'select * from SMS_R_System where Name like "lab-%"' }],
  },
});

const previewCollection = defineEndpoint({
  ...read,
  method: 'POST',
  path: '/api/v1/collections/preview',
  reach: 'filtered',
  summary: 'See who would join and leave',
  description:
    'Evaluates a definition that is not saved, for a new collection or in place of one that exists; changes nothing. Direct rules are those given or, where the definition names none, those that are stored.',
  body: collectionPreviewBodySchema,
  response: collectionPreviewSchema,
  status: 200,
});

const evaluateCollections = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/evaluate',
  reach: 'site',
  summary: 'Evaluate all collections',
  description: 'Evaluates every member of every collection; the job shows how far it is.',
  response: jobSchema,
  status: 202,
});

const getCollection = defineEndpoint({
  ...read,
  method: 'GET',
  path: '/api/v1/collections/:id',
  reach: { collection: 'id' },
  summary: 'See a collection with its rules',
  description: 'Direct rules have a list of their own, for there may be many.',
  params: collectionParams,
  response: collectionDetailSchema,
  responseHeaders: etagHeaders,
});

const replaceCollection = defineEndpoint({
  ...write,
  method: 'PUT',
  path: '/api/v1/collections/:id',
  reach: { collection: 'id' },
  summary: 'Change a collection',
  description: `Replaces the whole definition; members are evaluated where they may have changed. Direct rules stay where directResourceIds is left out. ${gatedAnswer}`,
  params: collectionParams,
  headers: gatedHeaders,
  body: collectionDefinitionSchema,
  response: z.union([collectionDetailSchema, approvalSchema]),
  responseHeaders: { ...etagHeaders, ...approvalResponseHeaders },
});

const deleteCollection = defineEndpoint({
  ...write,
  method: 'DELETE',
  path: '/api/v1/collections/:id',
  reach: { collection: 'id' },
  summary: 'Delete a collection',
  description:
    'Refused while other collections refer to it or something is deployed to it. Its maintenance windows and variables go with it.',
  params: collectionParams,
  headers: conditionalHeaders,
});

const evaluateCollection = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/:id/evaluate',
  reach: { collection: 'id' },
  summary: 'Evaluate a collection',
  description:
    'Evaluates all members, also of those collections that depend on it; the job shows how far it is.',
  params: collectionParams,
  response: jobSchema,
  status: 202,
});

/** Who asks, as services need to know it. */
export const askerOf = (caller: Caller): Asker => ({ id: caller.credentialId, title: caller.title });

/** Lets a change through that was made to the version at hand. */
export const matching =
  (headers: { readonly 'if-match'?: string | undefined }) =>
  (version: number): void =>
    checkIfMatch(headers['if-match'], version);

@Controller()
export class CollectionController {
  constructor(
    @Inject(CollectionService) private readonly collections: CollectionService,
    @Inject(PreviewService) private readonly previews: PreviewService,
    @Inject(QueryClassService) private readonly queryClasses: QueryClassService,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ChangeGate) private readonly gate: ChangeGate,
  ) {}

  @Endpoint(listCollections)
  async listCollections(
    @Input() { query }: InputOf<typeof listCollections>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listCollections>> {
    const within = await this.visibility.collections(caller, 'collections:read', 'c.collection_id');
    return this.collections.list(query, within);
  }

  @Endpoint(listQueryClasses)
  listQueryClasses(@Input() { query }: InputOf<typeof listQueryClasses>): ResultOf<typeof listQueryClasses> {
    return this.queryClasses.list(query.kind);
  }

  @Endpoint(createCollection)
  async createCollection(
    @Input() { body, headers }: InputOf<typeof createCollection>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createCollection>> {
    await this.visibility.requireDefinition(body, caller.reach('collections:write'));
    const made = await this.collections.create(body, askerOf(caller), headers['idempotency-key']);
    void reply.header('location', `/api/v1/collections/${made.id}`);
    setEtag(reply, made.version);
    return made;
  }

  @Endpoint(previewCollection)
  async previewCollection(
    @Input() { body }: InputOf<typeof previewCollection>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof previewCollection>> {
    const reach = caller.reach('collections:read');
    if (body.collectionId !== undefined) await this.visibility.requireCollections([body.collectionId], reach);
    await this.visibility.requireDefinition(body.definition, reach);
    return this.previews.preview(body.collectionId, body.definition);
  }

  @Endpoint(evaluateCollections)
  evaluateCollections(@FromCaller() caller: Caller): Promise<ResultOf<typeof evaluateCollections>> {
    return this.collections.evaluateAll(caller.title);
  }

  @Endpoint(getCollection)
  async getCollection(
    @Input() { params }: InputOf<typeof getCollection>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof getCollection>> {
    const found = await this.collections.get(params.id);
    setEtag(reply, found.version);
    return found;
  }

  @Endpoint(replaceCollection)
  async replaceCollection(
    @Input() { params, headers, body }: InputOf<typeof replaceCollection>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof replaceCollection>> {
    await this.visibility.requireChangeable(params.id, caller);
    await this.visibility.requireDefinition(body, caller.reach('collections:write'));
    const asked = { what: 'define', collectionId: params.id, definition: body } as const;
    const passed = await passGate(this.gate, { params: asked, headers, caller, reply }, (weigh) =>
      this.collections.replace(params.id, body, caller.title, matching(headers), weigh),
    );
    if ('approval' in passed) return passed.approval;
    setEtag(reply, passed.done.version);
    return passed.done;
  }

  @Endpoint(deleteCollection)
  async deleteCollection(
    @Input() { params, headers }: InputOf<typeof deleteCollection>,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    await this.visibility.requireChangeable(params.id, caller);
    await this.collections.delete(params.id, matching(headers));
  }

  @Endpoint(evaluateCollection)
  evaluateCollection(
    @Input() { params }: InputOf<typeof evaluateCollection>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof evaluateCollection>> {
    return this.collections.evaluate(params.id, caller.title);
  }
}
