import { Controller, Inject } from '@nestjs/common';
import { explainAnswerSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import { resourceParams } from '../deployments/deployment-device.controller.js';
import { ExplainService } from './explain.service.js';

const explainDevice = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/explain',
  reach: { device: 'resourceId' },
  scope: 'deployments:read',
  tag: 'Devices',
  summary: 'See why a device has (not) got something yet',
  description:
    'The chain from the collection to the device, each link with its time and who or what caused it; where one is missing, what would mend it. Ask about a deployment or a thing; without either, about all deployments that touch the device, newest first. It answers also while other services do not.',
  params: resourceParams,
  query: z.object({
    deployment: z.uuid().optional().meta({ description: 'Id of a deployment.' }),
    thing: z.uuid().optional().meta({
      description:
        'Id of a thing: every deployment of it, for a configuration item also those of baselines that hold it; the one that has the say comes first.',
    }),
  }),
  response: explainAnswerSchema,
});

@Controller()
export class ExplainController {
  constructor(
    @Inject(ExplainService) private readonly service: ExplainService,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(explainDevice)
  async explainDevice(
    @Input() { params, query }: InputOf<typeof explainDevice>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof explainDevice>> {
    const reach = caller.reach('deployments:read');
    if (query.deployment !== undefined) await this.visibility.requireDeployment(query.deployment, reach);
    const within = await this.visibility.collections(caller, 'deployments:read', 'd.collection_id');
    return this.service.explain(params.resourceId, { ...query, within }, caller.origin);
  }
}
