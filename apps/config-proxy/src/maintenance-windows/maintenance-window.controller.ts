import { Controller, Inject, Res } from '@nestjs/common';
import {
  collectionIdSchema,
  conditionalHeaders,
  maintenanceWindowsSchema,
  newMaintenanceWindowSchema,
  storedMaintenanceWindowSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { askerOf, collectionParams, matching } from '../collections/collection.controller.js';
import { setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { MaintenanceWindowService } from './maintenance-window.service.js';

const tag = 'Maintenance windows';
const windowParams = z.object({ id: collectionIdSchema, windowId: z.uuid() });
const answer = {
  response: storedMaintenanceWindowSchema,
  responseHeaders: { ETag: 'Version of the maintenance window.' },
} as const;

const listWindows = defineEndpoint({
  method: 'GET',
  path: '/api/v1/collections/:id/maintenance-windows',
  reach: { collection: 'id' },
  scope: 'collections:read',
  tag,
  summary: 'List the maintenance windows of a collection',
  params: collectionParams,
  response: maintenanceWindowsSchema,
});

const createWindow = defineEndpoint({
  ...answer,
  method: 'POST',
  path: '/api/v1/collections/:id/maintenance-windows',
  reach: { collection: 'id' },
  scope: 'collections:write',
  tag,
  summary: 'Make a maintenance window',
  description:
    'A device that is in a collection with maintenance windows does required work only inside one of them; of several collections all windows count.',
  params: collectionParams,
  headers: idempotencyHeaders,
  body: newMaintenanceWindowSchema,
  status: 201,
  example: {
    name: 'Nights',
    startAt: 1_800_000_000_000,
    durationMinutes: 240,
    recurrence: { kind: 'daily', every: 1 },
  },
});

const replaceWindow = defineEndpoint({
  ...answer,
  method: 'PUT',
  path: '/api/v1/collections/:id/maintenance-windows/:windowId',
  reach: { collection: 'id' },
  scope: 'collections:write',
  tag,
  summary: 'Change a maintenance window',
  params: windowParams,
  headers: conditionalHeaders,
  body: newMaintenanceWindowSchema,
});

const deleteWindow = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/collections/:id/maintenance-windows/:windowId',
  reach: { collection: 'id' },
  scope: 'collections:write',
  tag,
  summary: 'Delete a maintenance window',
  params: windowParams,
  headers: conditionalHeaders,
});

@Controller()
export class MaintenanceWindowController {
  constructor(@Inject(MaintenanceWindowService) private readonly windows: MaintenanceWindowService) {}

  @Endpoint(listWindows)
  async listWindows(@Input() { params }: InputOf<typeof listWindows>): Promise<ResultOf<typeof listWindows>> {
    return { items: await this.windows.list(params.id) };
  }

  @Endpoint(createWindow)
  async createWindow(
    @Input() { params, headers, body }: InputOf<typeof createWindow>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createWindow>> {
    const made = await this.windows.create(params.id, body, askerOf(caller), headers['idempotency-key']);
    setEtag(reply, made.version);
    return made;
  }

  @Endpoint(replaceWindow)
  async replaceWindow(
    @Input() { params, headers, body }: InputOf<typeof replaceWindow>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof replaceWindow>> {
    const changed = await this.windows.replace(params.id, params.windowId, body, matching(headers));
    setEtag(reply, changed.version);
    return changed;
  }

  @Endpoint(deleteWindow)
  async deleteWindow(@Input() { params, headers }: InputOf<typeof deleteWindow>): Promise<void> {
    await this.windows.remove(params.id, params.windowId, matching(headers));
  }
}
