import { isEspalierError } from '@espalier/contracts';
import { z } from 'zod';
import type { ResourceService } from '../../resources/resource.service.js';
import type { ApprovableAction } from '../approvable-action.js';

const deviceParamsSchema = z.object({ resourceId: z.number().int() });
type DeviceParams = z.output<typeof deviceParamsSchema>;

const targets = ({ resourceId }: DeviceParams) => [{ type: 'device' as const, id: String(resourceId) }];

/** Takes devices out of use and deletes their records; repeating either changes nothing more. */
export const deviceActions = (
  resources: Pick<ResourceService, 'decommission' | 'remove'>,
): readonly ApprovableAction<DeviceParams>[] => [
  {
    kind: 'retire-device',
    scopes: ['devices:write'],
    params: deviceParamsSchema,
    summary: ({ resourceId }) => `Decommission the device with ResourceId ${resourceId}.`,
    targets,
    execute: async ({ resourceId }) => {
      await resources.decommission(resourceId, undefined);
      return {};
    },
  },
  {
    kind: 'delete-device',
    scopes: ['devices:write'],
    params: deviceParamsSchema,
    summary: ({ resourceId }) => `Delete the record of the device with ResourceId ${resourceId}.`,
    targets,
    execute: async ({ resourceId }) => {
      try {
        await resources.remove(resourceId, undefined);
        return {};
      } catch (error) {
        if (!isEspalierError(error) || error.code !== 'ESP_RESOURCE_UNKNOWN') throw error;
        return { outcome: 'The record was gone already.' };
      }
    },
  },
];
