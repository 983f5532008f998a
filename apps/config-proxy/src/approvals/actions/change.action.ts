import { isEspalierError, type DeploymentDetail, type NewDeployment } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { ApplicationService, PackageService } from '../../applications/software.service.js';
import type { BaselineService } from '../../baselines/baseline.service.js';
import type { CollectionReach } from '../../collections/collection-reach.js';
import type { CollectionService } from '../../collections/collection.service.js';
import type { RuleService } from '../../collections/rule.service.js';
import type { ConfigurationItemService } from '../../configuration-items/configuration-item.service.js';
import type { DeploymentService } from '../../deployments/deployment.service.js';
import type { IdempotencyService } from '../../idempotency/idempotency.service.js';
import type { ActionResult, ApprovableAction } from '../approvable-action.js';
import type { Weigh } from '../weigh.js';
import { changeParamsSchema, scopesOf, summaryOf, targetsOf, type ChangeParams } from './change.params.js';

/** The rooms whose changes reach devices. */
export interface ChangingRooms {
  readonly deployments: Pick<DeploymentService, 'create' | 'changeIn' | 'deleteIn'>;
  readonly collections: Pick<CollectionService, 'replaceIn'>;
  readonly rules: Pick<RuleService, 'editIn'>;
  readonly reach: Pick<CollectionReach, 'hold' | 'devices' | 'definitionsOf'>;
  readonly items: Pick<ConfigurationItemService, 'changeIn'>;
  readonly baselines: Pick<BaselineService, 'changeIn'>;
  readonly applications: Pick<ApplicationService, 'changeIn'>;
  readonly packages: Pick<PackageService, 'changeIn'>;
}

export interface ChangeActionOptions {
  readonly rooms: ChangingRooms;
  readonly idempotency: IdempotencyService;
  /** Lets a change through that is still what was approved. */
  readonly stillSo: (stood: ChangeParams['stood']) => Weigh;
}

const anyVersion = (): void => undefined;

/** Changes that reach many devices, made as they were asked for; once for each approval. */
export const changeAction = ({
  rooms,
  idempotency,
  stillSo,
}: ChangeActionOptions): ApprovableAction<ChangeParams> => ({
  kind: 'large-deployment',
  scopes: ['deployments:write'],
  scopesFor: scopesOf,
  params: changeParamsSchema,
  summary: summaryOf,
  targets: targetsOf,
  execute: async (params, { approvalId, title }): Promise<ActionResult> => {
    const once = { callerId: 'approval', key: approvalId, body: params.what };
    try {
      return await idempotency.run(once, async (tx) => ({
        ids: await make(rooms, tx, params, title, stillSo(params.stood)),
      }));
    } catch (error) {
      const isGone = isEspalierError(error) && error.code === 'ESP_DEPLOYMENT_UNKNOWN';
      if (params.what !== 'delete' || !isGone) throw error;
      return { outcome: 'The deployment was gone already.' };
    }
  },
});

/** Gives the ids of what was made or changed and can be looked at. */
async function make(
  rooms: ChangingRooms,
  tx: Tx,
  params: ChangeParams,
  by: string,
  weigh: Weigh,
): Promise<string[]> {
  const author = { title: by };
  switch (params.what) {
    case 'create':
      return [(await deploy(rooms, tx, params.wanted, by, weigh)).id];
    case 'change':
      await rooms.deployments.changeIn(tx, params.deploymentId, params.change, by, undefined, weigh);
      return [params.deploymentId];
    case 'delete':
      await rooms.deployments.deleteIn(tx, params.deploymentId, by, undefined, weigh);
      return [];
    case 'define':
      await rooms.collections.replaceIn(tx, params.collectionId, params.definition, by, anyVersion, weigh);
      return [params.collectionId];
    case 'edit':
      await rooms.rules.editIn(tx, { id: params.collectionId, by, check: anyVersion }, params, weigh);
      return [params.collectionId];
    case 'configuration-item':
      await rooms.items.changeIn(tx, params.thingId, params.change, anyVersion, author, weigh);
      return [params.thingId];
    case 'baseline':
      await rooms.baselines.changeIn(tx, params.thingId, params.change, anyVersion, author, weigh);
      return [params.thingId];
    case 'application':
      await rooms.applications.changeIn(tx, params.thingId, params.change, anyVersion, author, weigh);
      return [params.thingId];
    case 'package':
      await rooms.packages.changeIn(tx, params.thingId, params.change, anyVersion, author, weigh);
      return [params.thingId];
  }
}

/**
 * Makes a deployment whose collection nobody changes meanwhile: until it is deployed to, a collection is changed
 * without anybody being asked.
 */
export async function deploy(
  { deployments, reach }: Pick<ChangingRooms, 'deployments' | 'reach'>,
  tx: Tx,
  wanted: NewDeployment,
  by: string,
  weigh: Weigh,
): Promise<DeploymentDetail> {
  await reach.hold(tx);
  return deployments.create(tx, wanted, by, async (_tx, reached) =>
    weigh(tx, { ...reached, seen: [reached.seen, await reach.definitionsOf(tx, wanted.collectionId)] }),
  );
}
