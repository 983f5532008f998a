import { Controller, Inject, Res } from '@nestjs/common';
import {
  assetStatusSchema,
  deploymentDeviceDetailSchema,
  deploymentDevicePageSchema,
  evaluationSchema,
  jobSchema,
  listQuery,
  storedStatePageSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import { DeviceStateStore } from '../state-messages/device-state.store.js';
import { DeploymentDeviceService } from './deployment-device.service.js';
import { deploymentParams } from './deployment.controller.js';
import { EvaluationService, type Asker } from './evaluation.service.js';

const tag = 'Deployments';
const resourceId = z.coerce
  .number('must be a number')
  .int()
  .min(1)
  .max(2_147_483_647)
  .meta({ description: 'ResourceId of the device or user.' });
export const resourceParams = z.object({ resourceId });

const listDeploymentDevices = defineEndpoint({
  method: 'GET',
  path: '/api/v1/deployments/:id/devices',
  reach: { deployment: 'id' },
  scope: 'deployments:read',
  tag,
  summary: 'List the devices of a deployment',
  description:
    'Each with its steps: targeted, evaluated, queued, pushed, fetched, acknowledged, verified. With a status only those that stand so.',
  params: deploymentParams,
  query: z.object({
    status: assetStatusSchema.optional().meta({ description: 'Only devices that stand so.' }),
    ...listQuery,
  }),
  response: deploymentDevicePageSchema,
});

const readDeploymentDevice = defineEndpoint({
  method: 'GET',
  path: '/api/v1/deployments/:id/devices/:resourceId',
  reach: { deployment: 'id' },
  scope: 'deployments:read',
  tag,
  summary: 'See how far a device is with a deployment',
  params: z.object({ ...deploymentParams.shape, resourceId }),
  response: deploymentDeviceDetailSchema,
});

const listDeviceStates = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/states',
  reach: { device: 'resourceId' },
  scope: 'status:read',
  tag: 'Devices',
  summary: "List a device's state messages",
  description: 'The newest of each topic. Live: follow the event state.reported of /api/v1/events.',
  params: resourceParams,
  query: z.object(listQuery),
  response: storedStatePageSchema,
});

const evaluateDevice = defineEndpoint({
  method: 'POST',
  path: '/api/v1/devices/:resourceId/evaluate',
  reach: { device: 'resourceId' },
  scope: 'devices:push',
  tag: 'Devices',
  summary: 'Have a device evaluated now',
  description: 'The policy asks the device what it has, and mends what differs.',
  params: resourceParams,
  response: evaluationSchema,
  status: 202,
});

const evaluateDeployment = defineEndpoint({
  method: 'POST',
  path: '/api/v1/deployments/:id/evaluate',
  reach: { deployment: 'id' },
  scope: 'devices:push',
  tag,
  summary: 'Have all devices of a deployment evaluated now',
  description: 'A job: see /api/v1/jobs for how far it is.',
  params: deploymentParams,
  headers: idempotencyHeaders,
  response: jobSchema,
  status: 202,
});

@Controller()
export class DeploymentDeviceController {
  constructor(
    @Inject(DeploymentDeviceService) private readonly devices: DeploymentDeviceService,
    @Inject(DeviceStateStore) private readonly states: DeviceStateStore,
    @Inject(EvaluationService) private readonly evaluations: EvaluationService,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(listDeploymentDevices)
  async listDeploymentDevices(
    @Input() { params, query: { status, ...query } }: InputOf<typeof listDeploymentDevices>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDeploymentDevices>> {
    const { rows, next } = await this.devices.list(
      params.id,
      status,
      query,
      this.visibility.devices(caller, 'deployments:read', 'r.resource_id'),
    );
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  @Endpoint(readDeploymentDevice)
  async readDeploymentDevice(
    @Input() { params }: InputOf<typeof readDeploymentDevice>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof readDeploymentDevice>> {
    await this.visibility.requireDevices([params.resourceId], caller.reach('deployments:read'));
    return this.devices.read(params.id, params.resourceId);
  }

  @Endpoint(listDeviceStates)
  async listDeviceStates(
    @Input() { params, query }: InputOf<typeof listDeviceStates>,
  ): Promise<ResultOf<typeof listDeviceStates>> {
    const { rows, next } = await this.states.listStates(params.resourceId, query);
    return { items: rows, ...(next !== undefined && { nextCursor: next }) };
  }

  @Endpoint(evaluateDevice)
  evaluateDevice(
    @Input() { params }: InputOf<typeof evaluateDevice>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof evaluateDevice>> {
    return this.evaluations.device(params.resourceId, askerOf(caller));
  }

  @Endpoint(evaluateDeployment)
  async evaluateDeployment(
    @Input() { params, headers }: InputOf<typeof evaluateDeployment>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof evaluateDeployment>> {
    const key = idempotencyKey(headers);
    void reply.header('idempotency-key', key);
    const job = await this.evaluations.deployment(params.id, askerOf(caller), key);
    void reply.header('location', `/api/v1/jobs/${job.id}`);
    return job;
  }
}

const askerOf = (caller: Caller): Asker => ({
  callerId: caller.credentialId,
  title: caller.title,
  origin: caller.origin,
});
