import { Controller, Inject, Res } from '@nestjs/common';
import {
  packageChangeSchema,
  packageDetailSchema,
  packagePageSchema,
  packageRevisionPageSchema,
  packageRevisionSchema,
  newPackageBodySchema,
  type PackageDefinition,
} from '@espalier/contracts';
import { Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { FromCaller, type Caller } from '../access/caller.js';
import { ChangeGate } from '../approvals/change-gate.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { ThingService } from '../library/thing.service.js';
import { SoftwareApi } from './software.api.js';
import { softwareEndpoints } from './software.endpoints.js';
import { PackageService } from './software.service.js';

const PATH = '/api/v1/packages';
const endpoints = softwareEndpoints(
  {
    path: PATH,
    tag: 'Packages',
    one: 'a package',
    many: 'packages',
    definition: 'With programs (command lines), and the content that they need, which was uploaded before.',
  },
  {
    create: newPackageBodySchema,
    change: packageChangeSchema,
    detail: packageDetailSchema,
    page: packagePageSchema,
    revision: packageRevisionSchema,
    revisionPage: packageRevisionPageSchema,
  },
);
type Endpoints = typeof endpoints;

/** `/api/v1/packages`. */
@Controller()
export class PackageController {
  private readonly api: SoftwareApi<PackageDefinition>;

  constructor(
    @Inject(PackageService) packages: PackageService,
    @Inject(ThingService) things: ThingService,
    @Inject(IdempotencyService) idempotency: IdempotencyService,
    @Inject(ChangeGate) gate: ChangeGate,
  ) {
    this.api = new SoftwareApi('package', PATH, packages, things, idempotency, gate);
  }

  @Endpoint(endpoints.list)
  listPackages(@Input() { query }: InputOf<Endpoints['list']>): Promise<ResultOf<Endpoints['list']>> {
    return this.api.list(query);
  }

  @Endpoint(endpoints.create)
  createPackage(
    @Input() { body, headers }: InputOf<Endpoints['create']>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<Endpoints['create']>> {
    return this.api.create(body, headers['idempotency-key'], caller, reply);
  }

  @Endpoint(endpoints.read)
  readPackage(
    @Input() { params }: InputOf<Endpoints['read']>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<Endpoints['read']>> {
    return this.api.read(params.id, reply);
  }

  @Endpoint(endpoints.change)
  changePackage(
    @Input() { params, body, headers }: InputOf<Endpoints['change']>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<Endpoints['change']>> {
    const asked = { what: 'package', thingId: params.id, change: body } as const;
    return this.api.change(params.id, { params: asked, headers, caller, reply }, body);
  }

  @Endpoint(endpoints.remove)
  deletePackage(@Input() { params, headers }: InputOf<Endpoints['remove']>): Promise<void> {
    return this.api.remove(params.id, headers['if-match']);
  }

  @Endpoint(endpoints.revisions)
  listPackageRevisions(
    @Input() { params, query }: InputOf<Endpoints['revisions']>,
  ): Promise<ResultOf<Endpoints['revisions']>> {
    return this.api.revisions(params.id, query);
  }

  @Endpoint(endpoints.revision)
  readPackageRevision(
    @Input() { params }: InputOf<Endpoints['revision']>,
  ): Promise<ResultOf<Endpoints['revision']>> {
    return this.api.revision(params.id, params.revision);
  }
}
