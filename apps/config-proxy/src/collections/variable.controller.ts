import { Controller, Inject, Res } from '@nestjs/common';
import { conditionalHeaders, variablesBodySchema, variablesSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { setEtag } from '../http/etag.js';
import { collectionParams, collectionTag, matching } from './collection.controller.js';
import { VariableService, type VariableOwner } from './variable.service.js';

const deviceParams = z.object({ id: z.coerce.number('must be a number').int().min(1).max(2_147_483_647) });
const answer = { response: variablesSchema, responseHeaders: { ETag: 'Version of the variables.' } } as const;
const HOW =
  'Replaces all of them. A masked variable whose value is left out keeps the value that it has; values of masked variables are never shown.';

const getCollectionVariables = defineEndpoint({
  ...answer,
  method: 'GET',
  path: '/api/v1/collections/:id/variables',
  reach: { collection: 'id' },
  scope: 'collections:read',
  tag: collectionTag,
  summary: 'See the variables of a collection',
  params: collectionParams,
});

const putCollectionVariables = defineEndpoint({
  ...answer,
  method: 'PUT',
  path: '/api/v1/collections/:id/variables',
  reach: { collection: 'id' },
  scope: 'collections:write',
  tag: collectionTag,
  summary: 'Set the variables of a collection',
  description: HOW,
  params: collectionParams,
  headers: conditionalHeaders,
  body: variablesBodySchema,
});

const getDeviceVariables = defineEndpoint({
  ...answer,
  method: 'GET',
  path: '/api/v1/devices/:id/variables',
  reach: { device: 'id' },
  scope: 'devices:read',
  tag: 'Devices',
  summary: 'See the variables of a device',
  params: deviceParams,
});

const putDeviceVariables = defineEndpoint({
  ...answer,
  method: 'PUT',
  path: '/api/v1/devices/:id/variables',
  reach: { device: 'id' },
  scope: 'devices:write',
  tag: 'Devices',
  summary: 'Set the variables of a device',
  description: HOW,
  params: deviceParams,
  headers: conditionalHeaders,
  body: variablesBodySchema,
});

@Controller()
export class VariableController {
  constructor(@Inject(VariableService) private readonly variables: VariableService) {}

  @Endpoint(getCollectionVariables)
  getCollectionVariables(
    @Input() { params }: InputOf<typeof getCollectionVariables>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof getCollectionVariables>> {
    return this.read({ collectionId: params.id }, reply);
  }

  @Endpoint(putCollectionVariables)
  putCollectionVariables(
    @Input() { params, headers, body }: InputOf<typeof putCollectionVariables>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof putCollectionVariables>> {
    return this.write({ collectionId: params.id }, { headers, body }, reply);
  }

  @Endpoint(getDeviceVariables)
  getDeviceVariables(
    @Input() { params }: InputOf<typeof getDeviceVariables>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof getDeviceVariables>> {
    return this.read({ deviceId: params.id }, reply);
  }

  @Endpoint(putDeviceVariables)
  putDeviceVariables(
    @Input() { params, headers, body }: InputOf<typeof putDeviceVariables>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof putDeviceVariables>> {
    return this.write({ deviceId: params.id }, { headers, body }, reply);
  }

  private async read(
    owner: VariableOwner,
    reply: FastifyReply,
  ): Promise<ResultOf<typeof getCollectionVariables>> {
    const found = await this.variables.get(owner);
    setEtag(reply, found.version);
    return found;
  }

  private async write(
    owner: VariableOwner,
    { headers, body }: Pick<InputOf<typeof putCollectionVariables>, 'headers' | 'body'>,
    reply: FastifyReply,
  ): Promise<ResultOf<typeof putCollectionVariables>> {
    const changed = await this.variables.replace(owner, body.variables, matching(headers));
    setEtag(reply, changed.version);
    return changed;
  }
}
