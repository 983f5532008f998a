import { Controller, Inject } from '@nestjs/common';
import {
  commandPageSchema,
  deviceDetailSchema,
  devicePageSchema,
  deviceQuerySchema,
  enrollmentIdSchema,
  getEnrollment,
  listCommands,
  listEnrollments,
  pageQuery,
  pushEnrollment,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { MdmClient } from '../mdm/mdm.client.js';

const tag = 'Devices';
export const deviceParams = z.object({
  id: enrollmentIdSchema.meta({ description: 'Id of the enrolment, percent-encoded.' }),
});

const listDevices = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices',
  scope: 'devices:read',
  tag,
  summary: 'List devices',
  description: 'Enrolments in the order of their ids, a page at a time.',
  query: deviceQuerySchema,
  response: devicePageSchema,
});

const getDevice = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:id',
  scope: 'devices:read',
  tag,
  summary: 'See one device',
  params: deviceParams,
  response: deviceDetailSchema,
});

const listDeviceCommands = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:id/commands',
  scope: 'commands:read',
  tag,
  summary: "List a device's commands",
  description: 'Newest first.',
  params: deviceParams,
  query: z.object(pageQuery),
  response: commandPageSchema,
});

const pushDevice = defineEndpoint({
  method: 'POST',
  path: '/api/v1/devices/:id/push',
  scope: 'devices:push',
  tag,
  summary: 'Wake a device',
  description: 'Asks Apple to wake the device although nothing new waits for it.',
  params: deviceParams,
  response: z.object({ scheduled: z.boolean() }),
  status: 202,
});

@Controller()
export class DeviceController {
  constructor(@Inject(MdmClient) private readonly mdm: MdmClient) {}

  @Endpoint(listDevices)
  listDevices(
    @Input() { query }: InputOf<typeof listDevices>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDevices>> {
    return this.mdm.ask(listEnrollments, query, caller.origin);
  }

  @Endpoint(getDevice)
  async getDevice(
    @Input() { params }: InputOf<typeof getDevice>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof getDevice>> {
    const { enrollment, openCommands } = await this.mdm.ask(getEnrollment, params, caller.origin);
    return { ...enrollment, openCommands };
  }

  @Endpoint(listDeviceCommands)
  listDeviceCommands(
    @Input() { params, query }: InputOf<typeof listDeviceCommands>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDeviceCommands>> {
    return this.mdm.ask(listCommands, { enrollmentId: params.id, ...query }, caller.origin);
  }

  @Endpoint(pushDevice)
  pushDevice(
    @Input() { params }: InputOf<typeof pushDevice>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof pushDevice>> {
    return this.mdm.insist(pushEnrollment, params, caller.origin);
  }
}
