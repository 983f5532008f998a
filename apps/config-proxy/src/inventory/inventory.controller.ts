import { Controller, Inject } from '@nestjs/common';
import {
  inventoryGroupSchema,
  inventoryInstanceSchema,
  inventorySchema,
  resourceIdParamSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { inventoryClasses } from './inventory.catalogue.js';
import { InventoryService } from './inventory.service.js';

const tag = 'Inventory';
const params = z.object({ resourceId: resourceIdParamSchema });
const groups = inventoryClasses.map(({ group }) => group).join(', ');

const listGroups = defineEndpoint({
  method: 'GET',
  path: '/api/v1/inventory-groups',
  reach: 'self',
  scope: 'devices:read',
  tag,
  summary: 'See what inventory can hold',
  description: 'Every group with its properties, as the API, WQL and the reporting views spell them.',
  response: z.object({ items: z.array(inventoryGroupSchema) }),
});

const readInventory = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/inventory',
  reach: { device: 'resourceId' },
  scope: 'devices:read',
  tag,
  summary: 'See the inventory of a device',
  description: 'Everything that it reported, group by group, and when it last did.',
  params,
  response: inventorySchema,
});

const readGroup = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/inventory/:group',
  reach: { device: 'resourceId' },
  scope: 'devices:read',
  tag,
  summary: 'See one group of the inventory of a device',
  description: `Groups: ${groups}. With history=true what it was before, newest first, the last 1,000.`,
  params: params.extend({ group: z.string().min(1).max(64) }),
  query: z.object({
    history: z
      .enum(['true', 'false'])
      .default('false')
      .meta({ description: 'True: what was replaced, instead of what is.' }),
  }),
  response: z.object({ items: z.array(inventoryInstanceSchema) }),
});

@Controller()
export class InventoryController {
  constructor(@Inject(InventoryService) private readonly inventory: InventoryService) {}

  @Endpoint(listGroups)
  listGroups(): ResultOf<typeof listGroups> {
    return { items: this.inventory.groups() };
  }

  @Endpoint(readInventory)
  readInventory(
    @Input() { params: { resourceId } }: InputOf<typeof readInventory>,
  ): Promise<ResultOf<typeof readInventory>> {
    return this.inventory.inventory(resourceId);
  }

  @Endpoint(readGroup)
  async readGroup(
    @Input() { params: { resourceId, group }, query }: InputOf<typeof readGroup>,
  ): Promise<ResultOf<typeof readGroup>> {
    return { items: await this.inventory.group(resourceId, group, query.history === 'true') };
  }
}
