import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  conditionalHeaders,
  deviceDetailSchema,
  devicePageSchema,
  extensionDataBodySchema,
  extensionDataSchema,
  extensionNameSchema,
  listQuery,
  resourceIdParamSchema,
  type Approval,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import {
  answerApproval,
  approvalHeaders,
  approvalResponseHeaders,
  personOf,
  reasonOf,
  withRetryAfter,
} from '../approvals/approval.http.js';
import { SiteApprovals } from '../approvals/site-approvals.js';
import { setEtag } from '../http/etag.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import { ResourceService } from './resource.service.js';

const tag = 'Devices';
const params = z.object({ resourceId: resourceIdParamSchema });
const responseHeaders = { ETag: 'Version of the record, for If-Match.' };
const retirement = {
  headers: z.object({ ...conditionalHeaders.shape, ...idempotencyHeaders.shape, ...approvalHeaders.shape }),
  responseHeaders: { ...responseHeaders, ...approvalResponseHeaders },
};
const WAITS = 'Where a policy wants a second person, the answer is 202 with the approval that it waits for.';

const listDevices = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices',
  reach: 'filtered',
  scope: 'devices:read',
  tag,
  summary: 'List devices',
  description:
    'One record per device, a page at a time. Filter and order by its fields, as in "platform eq \'mac\' and osMajorVersion lt 15".',
  query: z.object(listQuery),
  response: devicePageSchema,
});

const readDevice = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId',
  reach: { device: 'resourceId' },
  scope: 'devices:read',
  tag,
  summary: 'See one device',
  description: 'With its enrolments, where its facts come from, and who uses it.',
  params,
  response: deviceDetailSchema,
  responseHeaders,
});

const decommissionDevice = defineEndpoint({
  method: 'POST',
  path: '/api/v1/devices/:resourceId/decommission',
  reach: { device: 'resourceId' },
  scope: 'devices:write',
  tag,
  summary: 'Decommission a device',
  description:
    'The record stays with its history but leaves all collections. It becomes active again when the device enrols. What was deployed to it is taken off. ' +
    WAITS,
  params,
  ...retirement,
  response: z.union([deviceDetailSchema, approvalSchema]),
});

const deleteDevice = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/devices/:resourceId',
  reach: { device: 'resourceId' },
  scope: 'devices:write',
  tag,
  summary: 'Delete the record of a device',
  description:
    'With its inventory and history; only where no enrolment is active. A device that enrols again gets a new record. ' +
    WAITS,
  params,
  ...retirement,
  response: approvalSchema.optional(),
  status: 204,
});

const readExtensionData = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/extension-data',
  reach: { device: 'resourceId' },
  scope: 'devices:read',
  tag,
  summary: 'See the extension data of a device',
  description: 'Properties of your own, which queries see as SMS_G_System_ExtensionData.',
  params,
  response: extensionDataSchema,
  responseHeaders,
});

const setExtensionData = defineEndpoint({
  method: 'PUT',
  path: '/api/v1/devices/:resourceId/extension-data',
  reach: { device: 'resourceId' },
  scope: 'devices:write',
  tag,
  summary: 'Set extension data of a device',
  description: 'Sets the properties that are named; others stay. Answers with all of them.',
  params,
  headers: conditionalHeaders,
  body: extensionDataBodySchema,
  response: extensionDataSchema,
  responseHeaders,
  example: { extensionData: { AssetTag: 'A-1001' } },
});

const deleteExtensionData = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/devices/:resourceId/extension-data',
  reach: { device: 'resourceId' },
  scope: 'devices:write',
  tag,
  summary: 'Delete extension data of a device',
  description: 'One property, or all where none is named.',
  params,
  query: z.object({ name: extensionNameSchema.optional() }),
  headers: conditionalHeaders,
});

@Controller()
export class DeviceController {
  constructor(
    @Inject(ResourceService) private readonly resources: ResourceService,
    @Inject(SiteApprovals) private readonly approvals: SiteApprovals,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(listDevices)
  listDevices(
    @Input() { query }: InputOf<typeof listDevices>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDevices>> {
    return this.resources.list(query, this.visibility.devices(caller, 'devices:read', 'd.resource_id'));
  }

  @Endpoint(readDevice)
  async readDevice(
    @Input() { params: { resourceId } }: InputOf<typeof readDevice>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readDevice>> {
    const device = await this.resources.get(resourceId);
    setEtag(reply, device.version);
    return device;
  }

  @Endpoint(decommissionDevice)
  async decommissionDevice(
    @Input() { params: { resourceId }, headers }: InputOf<typeof decommissionDevice>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof decommissionDevice>> {
    const approval = await this.need('retire-device', resourceId, headers, caller, reply);
    if (approval !== 'no') return answerApproval(reply, approval);
    const device = await this.resources.decommission(resourceId, headers['if-match']);
    setEtag(reply, device.version);
    return device;
  }

  @Endpoint(deleteDevice)
  async deleteDevice(
    @Input() { params: { resourceId }, headers }: InputOf<typeof deleteDevice>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof deleteDevice>> {
    const approval = await this.need('delete-device', resourceId, headers, caller, reply);
    if (approval !== 'no') return answerApproval(reply, approval);
    await this.resources.remove(resourceId, headers['if-match']);
    return undefined;
  }

  @Endpoint(readExtensionData)
  async readExtensionData(
    @Input() { params: { resourceId } }: InputOf<typeof readExtensionData>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readExtensionData>> {
    const { data, version } = await this.resources.extensionData(resourceId);
    setEtag(reply, version);
    return data;
  }

  @Endpoint(setExtensionData)
  async setExtensionData(
    @Input() { params: { resourceId }, body, headers }: InputOf<typeof setExtensionData>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof setExtensionData>> {
    const { data, version } = await this.resources.setExtensionData(resourceId, body.extensionData, {
      by: caller.title,
      ifMatch: headers['if-match'],
    });
    setEtag(reply, version);
    return data;
  }

  @Endpoint(deleteExtensionData)
  deleteExtensionData(
    @Input() { params: { resourceId }, query, headers }: InputOf<typeof deleteExtensionData>,
  ): Promise<void> {
    return this.resources.removeExtensionData(
      resourceId,
      query.name === undefined ? undefined : [query.name],
      headers['if-match'],
    );
  }

  private need(
    kind: 'retire-device' | 'delete-device',
    resourceId: number,
    headers: InputOf<typeof deleteDevice>['headers'],
    caller: Caller,
    reply: FastifyReply,
  ): Promise<'no' | Approval> {
    const request = {
      key: idempotencyKey(headers),
      reason: reasonOf(headers),
      ifMatch: headers['if-match'],
    };
    return withRetryAfter(reply, () => this.approvals.device(kind, resourceId, personOf(caller), request));
  }
}
