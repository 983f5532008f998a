import {
  collectionIdSchema,
  deploymentChangeBodySchema,
  isEspalierError,
  newDeploymentBodySchema,
  type ApprovalTarget,
} from '@espalier/contracts';
import { z } from 'zod';
import type { DeploymentService } from '../../deployments/deployment.service.js';
import type { IdempotencyService } from '../../idempotency/idempotency.service.js';
import type { ActionResult, ApprovableAction, ExecutionContext } from '../approvable-action.js';

const place = { collectionId: collectionIdSchema };
export const deploymentParamsSchema = z.discriminatedUnion('what', [
  z.object({ what: z.literal('create'), ...place, wanted: newDeploymentBodySchema }),
  z.object({
    what: z.literal('change'),
    ...place,
    deploymentId: z.uuid(),
    change: deploymentChangeBodySchema,
  }),
  z.object({ what: z.literal('delete'), ...place, deploymentId: z.uuid() }),
]);
export type DeploymentParams = z.output<typeof deploymentParamsSchema>;

export interface DeploymentActionOptions {
  readonly deployments: Pick<DeploymentService, 'create' | 'change' | 'delete'>;
  readonly idempotency: IdempotencyService;
}

const verbs = { create: 'Deploy something', change: 'Change a deployment', delete: 'End a deployment' };

/** Deployments that reach many devices. */
export const deploymentAction = (options: DeploymentActionOptions): ApprovableAction<DeploymentParams> => ({
  kind: 'large-deployment',
  scopes: ['deployments:write'],
  params: deploymentParamsSchema,
  summary: ({ what, collectionId }) => `${verbs[what]} to the collection ${collectionId}.`,
  targets: (params): ApprovalTarget[] => [
    { type: 'collection', id: params.collectionId },
    ...(params.what === 'create' ? [] : [{ type: 'deployment' as const, id: params.deploymentId }]),
  ],
  execute: (params, context) => execute(options, params, context),
});

async function execute(
  { deployments, idempotency }: DeploymentActionOptions,
  params: DeploymentParams,
  { approvalId, title }: ExecutionContext,
): Promise<ActionResult> {
  switch (params.what) {
    case 'create': {
      const once = { callerId: 'approval', key: approvalId, body: params };
      const { id } = await idempotency.run(once, (tx) => deployments.create(tx, params.wanted, title));
      return { ids: [id] };
    }
    case 'change':
      await deployments.change(params.deploymentId, params.change, title, undefined);
      return { ids: [params.deploymentId] };
    case 'delete':
      try {
        await deployments.delete(params.deploymentId, title, undefined);
        return {};
      } catch (error) {
        if (!isEspalierError(error) || error.code !== 'ESP_DEPLOYMENT_UNKNOWN') throw error;
        return { outcome: 'The deployment was gone already.' };
      }
  }
}
