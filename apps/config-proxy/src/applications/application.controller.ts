import { Controller, Inject, Res } from '@nestjs/common';
import {
  applicationChangeSchema,
  applicationDetailSchema,
  applicationPageSchema,
  applicationRevisionPageSchema,
  applicationRevisionSchema,
  newApplicationBodySchema,
  type ApplicationDefinition,
} from '@espalier/contracts';
import { Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { FromCaller, type Caller } from '../access/caller.js';
import { ChangeGate } from '../approvals/change-gate.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { ThingService } from '../library/thing.service.js';
import { SoftwareApi } from './software.api.js';
import { softwareEndpoints } from './software.endpoints.js';
import { ApplicationService } from './software.service.js';

const PATH = '/api/v1/applications';
const endpoints = softwareEndpoints(
  {
    path: PATH,
    tag: 'Applications',
    one: 'an application',
    many: 'applications',
    definition:
      'With deployment types, each of them an installer (content that was uploaded before), how it is detected, and what it requires.',
  },
  {
    create: newApplicationBodySchema,
    change: applicationChangeSchema,
    detail: applicationDetailSchema,
    page: applicationPageSchema,
    revision: applicationRevisionSchema,
    revisionPage: applicationRevisionPageSchema,
  },
);
type Endpoints = typeof endpoints;

/** `/api/v1/applications`. */
@Controller()
export class ApplicationController {
  private readonly api: SoftwareApi<ApplicationDefinition>;

  constructor(
    @Inject(ApplicationService) applications: ApplicationService,
    @Inject(ThingService) things: ThingService,
    @Inject(IdempotencyService) idempotency: IdempotencyService,
    @Inject(ChangeGate) gate: ChangeGate,
  ) {
    this.api = new SoftwareApi('application', PATH, applications, things, idempotency, gate);
  }

  @Endpoint(endpoints.list)
  listApplications(@Input() { query }: InputOf<Endpoints['list']>): Promise<ResultOf<Endpoints['list']>> {
    return this.api.list(query);
  }

  @Endpoint(endpoints.create)
  createApplication(
    @Input() { body, headers }: InputOf<Endpoints['create']>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<Endpoints['create']>> {
    return this.api.create(body, headers['idempotency-key'], caller, reply);
  }

  @Endpoint(endpoints.read)
  readApplication(
    @Input() { params }: InputOf<Endpoints['read']>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<Endpoints['read']>> {
    return this.api.read(params.id, reply);
  }

  @Endpoint(endpoints.change)
  changeApplication(
    @Input() { params, body, headers }: InputOf<Endpoints['change']>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<Endpoints['change']>> {
    const asked = { what: 'application', thingId: params.id, change: body } as const;
    return this.api.change(params.id, { params: asked, headers, caller, reply }, body);
  }

  @Endpoint(endpoints.remove)
  deleteApplication(@Input() { params, headers }: InputOf<Endpoints['remove']>): Promise<void> {
    return this.api.remove(params.id, headers['if-match']);
  }

  @Endpoint(endpoints.revisions)
  listApplicationRevisions(
    @Input() { params, query }: InputOf<Endpoints['revisions']>,
  ): Promise<ResultOf<Endpoints['revisions']>> {
    return this.api.revisions(params.id, query);
  }

  @Endpoint(endpoints.revision)
  readApplicationRevision(
    @Input() { params }: InputOf<Endpoints['revision']>,
  ): Promise<ResultOf<Endpoints['revision']>> {
    return this.api.revision(params.id, params.revision);
  }
}
