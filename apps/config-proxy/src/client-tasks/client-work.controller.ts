import { Controller, Inject, Res } from '@nestjs/common';
import {
  clientOperationSchema,
  collectionIdSchema,
  installApplicationBodySchema,
  pivotBodySchema,
  pivotDevicesBodySchema,
  type ClientOperation,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { unrestricted } from '../access/restrict.js';
import { Visibility } from '../access/visibility.service.js';
import { ApplicationService } from '../applications/software.service.js';
import { personOf, withRetryAfter } from '../approvals/approval.http.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import { ClientWorkService, type Asking } from './client-work.service.js';
import { OperationService } from './operation.service.js';

const OPERATIONS = '/api/v1/client-operations';
const query = 'OS | project Caption, Version';
const deviceIds = [16_777_219];
const begins = {
  method: 'POST',
  headers: idempotencyHeaders,
  response: clientOperationSchema,
  status: 202,
  responseHeaders: { Location: 'The operation, which says how far it is and what devices answered.' },
} as const;

const pivotDevices = defineEndpoint({
  ...begins,
  path: '/api/v1/pivot',
  scope: 'scripts:run',
  reach: 'filtered',
  tag: 'Scripts',
  summary: 'Ask devices a CMPivot query',
  description:
    'Each of them has an hour to fetch it. Devices without a Mac client are told apart at once: requirements-not-met. What one answered is in rows of its task.',
  body: pivotDevicesBodySchema,
  example: { query, deviceIds },
});

const pivotCollection = defineEndpoint({
  ...begins,
  path: '/api/v1/collections/:id/pivot',
  scope: 'scripts:run',
  reach: { collection: 'id' },
  tag: 'Scripts',
  summary: 'Ask all devices of a collection a CMPivot query',
  description: 'Its members get it by a job; otherwise as for devices that are named.',
  params: z.object({ id: collectionIdSchema }),
  body: pivotBodySchema,
  example: { query },
});

const installApplication = defineEndpoint({
  ...begins,
  path: '/api/v1/applications/:id/install',
  scope: 'deployments:write',
  reach: 'filtered',
  tag: 'Applications',
  summary: 'Install an application on devices now',
  description:
    'Once, and on these devices alone: what they are to keep is deployed. Each of them has 7 days to fetch it. Counted with deployments: on more devices than one person may reach alone, deploy it to a collection.',
  params: z.object({ id: z.uuid() }),
  body: installApplicationBodySchema,
  example: { deviceIds },
});

/** Has Mac clients answer queries and install applications. */
@Controller()
export class ClientWorkController {
  constructor(
    @Inject(ClientWorkService) private readonly work: ClientWorkService,
    @Inject(OperationService) private readonly operations: OperationService,
    @Inject(ApplicationService) private readonly applications: ApplicationService,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(pivotDevices)
  async pivotDevices(
    @Input() { body, headers }: InputOf<typeof pivotDevices>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof pivotDevices>> {
    await this.visibility.requireDevices(body.deviceIds, caller.reach('scripts:run'));
    const target = { deviceIds: body.deviceIds };
    return this.#begun(reply, await this.work.pivot(body.query, target, asking(caller, headers)));
  }

  @Endpoint(pivotCollection)
  async pivotCollection(
    @Input() { params, body, headers }: InputOf<typeof pivotCollection>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof pivotCollection>> {
    const target = { collectionId: params.id };
    return this.#begun(reply, await this.work.pivot(body.query, target, asking(caller, headers)));
  }

  @Endpoint(installApplication)
  async installApplication(
    @Input() { params, body, headers }: InputOf<typeof installApplication>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof installApplication>> {
    await this.visibility.requireDevices(body.deviceIds, caller.reach('deployments:write'));
    const application = await this.applications.get(params.id);
    const begun = await withRetryAfter(reply, () =>
      this.work.install(application, body.deviceIds, asking(caller, headers)),
    );
    return this.#begun(reply, begun);
  }

  #begun(reply: FastifyReply, operationId: number): Promise<ClientOperation> {
    void reply.header('location', `${OPERATIONS}/${operationId}`);
    return this.operations.get(operationId, unrestricted, true);
  }
}

const asking = (caller: Caller, headers: z.output<typeof idempotencyHeaders>): Asking => ({
  person: personOf(caller),
  key: idempotencyKey(headers),
});
