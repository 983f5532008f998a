import type { Readable } from 'node:stream';
import { createHash } from 'node:crypto';
import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  conditionalHeaders,
  configurationItemChangeSchema,
  configurationItemDetailSchema,
  configurationItemPageSchema,
  configurationItemRevisionPageSchema,
  configurationItemRevisionSchema,
  importProfileQuerySchema,
  newConfigurationItemBodySchema,
} from '@espalier/contracts';
import {
  BodyStream,
  defineEndpoint,
  Endpoint,
  Input,
  readBodyStream,
  type InputOf,
  type ResultOf,
} from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import {
  approvalResponseHeaders,
  GATED,
  gatedHeaders,
  passGate,
  type GatedRequest,
} from '../approvals/approval.http.js';
import { ChangeGate } from '../approvals/change-gate.js';
import { checkIfMatch, setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import {
  asAttachment,
  etagHeader,
  libraryList,
  libraryListQuery,
  libraryParams,
  LOCATION,
  revisionListQuery,
  revisionParams,
} from '../library/library.http.js';
import { ThingService } from '../library/thing.service.js';
import { itemRevisionView, itemView, pageView } from '../library/views.js';
import type { Revision, Thing } from '../library/thing.js';
import { ConfigurationItemService, type NewConfigurationItem } from './configuration-item.service.js';
import { MAX_PROFILE_BYTES, readItemContent, readProfileContent } from './item-content.js';

const tag = 'Configuration items';
const read = { scope: 'library:read', reach: 'self', tag } as const;
const write = { scope: 'library:write', reach: 'site', tag } as const;
const PATH = '/api/v1/configuration-items';
const PROFILE_TYPE = 'application/x-apple-aspen-config';
const CHECKS = `Refused are: what is no configuration profile, what is encrypted, enrolment (com.apple.mdm), and more than ${MAX_PROFILE_BYTES / 1_024} KiB. What does not fit Apple's schema is named in the warnings.`;

const gated = {
  params: libraryParams,
  headers: gatedHeaders,
  response: z.union([configurationItemDetailSchema, approvalSchema]),
  responseHeaders: { ...etagHeader, ...approvalResponseHeaders },
} as const;

const listItems = defineEndpoint({
  ...read,
  ...libraryList,
  method: 'GET',
  path: PATH,
  summary: 'List configuration items',
  query: libraryListQuery,
  response: configurationItemPageSchema,
});

const createItem = defineEndpoint({
  ...write,
  method: 'POST',
  path: PATH,
  summary: 'Make a configuration item',
  description: `Of a profile (base64), a declaration or a script. ${CHECKS}`,
  headers: idempotencyHeaders,
  body: newConfigurationItemBodySchema,
  response: configurationItemDetailSchema,
  status: 201,
  responseHeaders: { ...etagHeader, ...LOCATION },
});

const importItem = defineEndpoint({
  ...write,
  method: 'POST',
  path: `${PATH}/import`,
  summary: 'Make a configuration item of a .mobileconfig',
  description: `The body is the file itself, plain or signed. ${CHECKS}`,
  headers: idempotencyHeaders,
  query: importProfileQuerySchema,
  streams: [PROFILE_TYPE],
  response: configurationItemDetailSchema,
  status: 201,
  responseHeaders: { ...etagHeader, ...LOCATION },
});

const readItem = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id`,
  summary: 'See a configuration item',
  params: libraryParams,
  response: configurationItemDetailSchema,
  responseHeaders: etagHeader,
});

const changeItem = defineEndpoint({
  ...write,
  method: 'PATCH',
  path: `${PATH}/:id`,
  summary: 'Change a configuration item',
  description: `Other content or other platforms make a new revision; baselines and deployments that follow the latest one get it by themselves. The identifier, the scope and the kind stay. ${GATED}`,
  ...gated,
  body: configurationItemChangeSchema,
});

const importRevision = defineEndpoint({
  ...write,
  method: 'POST',
  path: `${PATH}/:id/revisions/import`,
  summary: 'Make a new revision of a .mobileconfig',
  description: `The body is the file itself. It must keep the PayloadIdentifier; a signed one needs a new PayloadUUID for other content. The very same file makes no revision. ${GATED}`,
  ...gated,
  query: importProfileQuerySchema.pick({ note: true }),
  streams: [PROFILE_TYPE],
});

const deleteItem = defineEndpoint({
  ...write,
  method: 'DELETE',
  path: `${PATH}/:id`,
  summary: 'Delete a configuration item with all revisions',
  description: 'Refused while it is deployed or in a baseline; the answer names them.',
  params: libraryParams,
  headers: conditionalHeaders,
});

const listItemRevisions = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id/revisions`,
  summary: 'List the revisions of a configuration item',
  description: 'Newest first. Revisions never change.',
  params: libraryParams,
  query: revisionListQuery,
  response: configurationItemRevisionPageSchema,
});

const readItemRevision = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id/revisions/:revision`,
  summary: 'See a revision of a configuration item',
  params: revisionParams,
  response: configurationItemRevisionSchema,
});

const exportItemRevision = defineEndpoint({
  ...read,
  method: 'GET',
  path: `${PATH}/:id/revisions/:revision/content`,
  // Profiles hold passwords of networks and the like.
  reach: 'site',
  summary: 'Export the content of a revision',
  description:
    'A profile as the .mobileconfig that was uploaded, byte for byte; a declaration or a script as JSON.',
  params: revisionParams,
  contentType: [PROFILE_TYPE, 'application/json'],
  ownAnswer: true,
});

/** `/api/v1/configuration-items`. */
@Controller()
export class ConfigurationItemController {
  constructor(
    @Inject(ConfigurationItemService) private readonly items: ConfigurationItemService,
    @Inject(ThingService) private readonly things: ThingService,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
    @Inject(ChangeGate) private readonly gate: ChangeGate,
  ) {}

  @Endpoint(listItems)
  async listConfigurationItems(
    @Input() { query }: InputOf<typeof listItems>,
  ): Promise<ResultOf<typeof listItems>> {
    return pageView(await this.things.list('configuration-item', query), itemView);
  }

  @Endpoint(createItem)
  createConfigurationItem(
    @Input() { body, headers }: InputOf<typeof createItem>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createItem>> {
    const asked = { ...body, content: readItemContent(body.content) };
    return this.create(asked, { body, key: headers['idempotency-key'] }, caller, reply);
  }

  @Endpoint(importItem)
  async importConfigurationItem(
    @Input() { query, headers }: InputOf<typeof importItem>,
    @BodyStream() stream: Readable,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof importItem>> {
    const bytes = await readBodyStream(stream, MAX_PROFILE_BYTES);
    const asked = { ...query, description: '', categories: [], content: readProfileContent(bytes) };
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return this.create(asked, { body: { query, sha256 }, key: headers['idempotency-key'] }, caller, reply);
  }

  @Endpoint(readItem)
  async readConfigurationItem(
    @Input() { params }: InputOf<typeof readItem>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readItem>> {
    const item = await this.things.get('configuration-item', params.id);
    return answer(item, await this.things.revision(item.id, item.revision), reply);
  }

  @Endpoint(changeItem)
  async changeConfigurationItem(
    @Input() { params, body, headers }: InputOf<typeof changeItem>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof changeItem>> {
    return this.change({ headers, caller, reply }, params.id, body);
  }

  @Endpoint(importRevision)
  async importConfigurationItemRevision(
    @Input() { params, query, headers }: InputOf<typeof importRevision>,
    @BodyStream() stream: Readable,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof importRevision>> {
    const profile = (await readBodyStream(stream, MAX_PROFILE_BYTES)).toString('base64');
    return this.change({ headers, caller, reply }, params.id, {
      ...query,
      content: { kind: 'profile', profile },
    });
  }

  @Endpoint(deleteItem)
  deleteConfigurationItem(@Input() { params, headers }: InputOf<typeof deleteItem>): Promise<void> {
    return this.items.delete(params.id, (version) => checkIfMatch(headers['if-match'], version));
  }

  @Endpoint(listItemRevisions)
  async listConfigurationItemRevisions(
    @Input() { params, query }: InputOf<typeof listItemRevisions>,
  ): Promise<ResultOf<typeof listItemRevisions>> {
    const { id } = await this.things.get('configuration-item', params.id);
    return pageView(await this.things.revisions(id, query), itemRevisionView);
  }

  @Endpoint(readItemRevision)
  async readConfigurationItemRevision(
    @Input() { params }: InputOf<typeof readItemRevision>,
  ): Promise<ResultOf<typeof readItemRevision>> {
    const { id } = await this.things.get('configuration-item', params.id);
    return itemRevisionView(await this.things.revision(id, params.revision));
  }

  @Endpoint(exportItemRevision)
  async exportConfigurationItemRevision(
    @Input() { params }: InputOf<typeof exportItemRevision>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { kind, name, content } = await this.items.readContent(params.id, params.revision);
    const isProfile = kind === 'profile';
    asAttachment(reply, `${name}.${isProfile ? 'mobileconfig' : 'json'}`);
    void reply.header('content-type', isProfile ? PROFILE_TYPE : 'application/json').send(content);
  }

  private async change(
    request: Omit<GatedRequest, 'params'>,
    thingId: string,
    change: InputOf<typeof changeItem>['body'],
  ): Promise<ResultOf<typeof changeItem>> {
    const { headers, caller, reply } = request;
    const params = { what: 'configuration-item', thingId, change } as const;
    const expect = (version: number): void => checkIfMatch(headers['if-match'], version);
    const passed = await passGate(this.gate, { ...request, params }, (weigh) =>
      this.items.change(thingId, change, expect, caller, weigh),
    );
    return 'approval' in passed ? passed.approval : answer(passed.done.item, passed.done.latest, reply);
  }

  private async create(
    asked: NewConfigurationItem,
    request: { readonly body: unknown; readonly key: string | undefined },
    caller: Caller,
    reply: FastifyReply,
  ): Promise<z.output<typeof configurationItemDetailSchema>> {
    const { id } = await this.idempotency.run({ callerId: caller.credentialId, ...request }, async (tx) => ({
      id: (await this.items.create(tx, asked, caller)).id,
    }));
    void reply.header('location', `${PATH}/${id}`);
    const item = await this.things.get('configuration-item', id);
    return answer(item, await this.things.revision(id, item.revision), reply);
  }
}

function answer(
  item: Thing,
  latest: Revision,
  reply: FastifyReply,
): z.output<typeof configurationItemDetailSchema> {
  setEtag(reply, item.version);
  return { item: itemView(item), latest: itemRevisionView(latest) };
}
