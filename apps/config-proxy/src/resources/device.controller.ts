import { Controller, Inject, Res } from '@nestjs/common';
import {
  conditionalHeaders,
  deviceDetailSchema,
  devicePageSchema,
  extensionDataBodySchema,
  extensionDataSchema,
  extensionNameSchema,
  listQuery,
  resourceIdParamSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { setEtag } from '../http/etag.js';
import { ResourceService } from './resource.service.js';

const tag = 'Devices';
const params = z.object({ resourceId: resourceIdParamSchema });
const responseHeaders = { ETag: 'Version of the record, for If-Match.' };

const listDevices = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices',
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
  scope: 'devices:write',
  tag,
  summary: 'Decommission a device',
  description:
    'The record stays with its history but leaves all collections. It becomes active again when the device enrols. The device itself is not touched.',
  params,
  headers: conditionalHeaders,
  response: deviceDetailSchema,
  responseHeaders,
});

const deleteDevice = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/devices/:resourceId',
  scope: 'devices:write',
  tag,
  summary: 'Delete the record of a device',
  description:
    'With its inventory and history; only where no enrolment is active. A device that enrols again gets a new record.',
  params,
  headers: conditionalHeaders,
});

const readExtensionData = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/extension-data',
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
  constructor(@Inject(ResourceService) private readonly resources: ResourceService) {}

  @Endpoint(listDevices)
  listDevices(@Input() { query }: InputOf<typeof listDevices>): Promise<ResultOf<typeof listDevices>> {
    return this.resources.list(query);
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
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof decommissionDevice>> {
    const device = await this.resources.decommission(resourceId, headers['if-match']);
    setEtag(reply, device.version);
    return device;
  }

  @Endpoint(deleteDevice)
  deleteDevice(@Input() { params: { resourceId }, headers }: InputOf<typeof deleteDevice>): Promise<void> {
    return this.resources.remove(resourceId, headers['if-match']);
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
    return this.resources.removeExtensionData(resourceId, query.name, headers['if-match']);
  }
}
