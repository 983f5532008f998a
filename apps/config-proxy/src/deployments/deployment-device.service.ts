import {
  deploymentErrors,
  type AssetStatus,
  type DeploymentDevice,
  type DeploymentDeviceDetail,
} from '@espalier/contracts';
import type { Database, Page } from '@espalier/persistence';
import type { Restriction } from '../access/restrict.js';
import type { DeploymentTarget, DeviceStateStore } from '../state-messages/device-state.store.js';
import type { ListRequest } from '../status-messages/status-message.store.js';
import type { StoredDeployment } from './deployment.record.js';
import type { DeploymentStore } from './deployment.store.js';

export interface DeploymentDeviceOptions {
  readonly db: Database;
  readonly deployments: DeploymentStore;
  readonly states: DeviceStateStore;
}

/** Shows how far each device has come with a deployment. */
export class DeploymentDeviceService {
  constructor(private readonly options: DeploymentDeviceOptions) {}

  /** @throws EspalierError ESP_DEPLOYMENT_UNKNOWN, ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(
    deploymentId: string,
    status: AssetStatus | undefined,
    request: ListRequest,
    within?: Restriction,
  ): Promise<Page<DeploymentDevice>> {
    const { target } = await this.#find(deploymentId);
    return this.options.states.listDevices(target, status, request, within);
  }

  /** @throws EspalierError ESP_DEPLOYMENT_UNKNOWN, ESP_DEPLOYMENT_DEVICE_NOT_TARGETED */
  async read(deploymentId: string, resourceId: number): Promise<DeploymentDeviceDetail> {
    const { db, states } = this.options;
    const { deployment, target } = await this.#find(deploymentId);
    const devices = await states.device(db, target, resourceId);
    if (devices.length === 0)
      throw deploymentErrors.ESP_DEPLOYMENT_DEVICE_NOT_TARGETED({ detail: String(resourceId) });
    const ids = devices.flatMap(({ enrollmentId }) => enrollmentId ?? []);
    const items = await states.items(db, deploymentId, ids);
    const names = new Map(deployment.items.map(({ ciId, displayName }) => [ciId, displayName]));
    return {
      resourceId,
      deploymentId,
      enrollments: devices.map((device) => ({
        ...device,
        items: items
          .filter(({ enrollmentId }) => enrollmentId === device.enrollmentId)
          .map(({ ciId, state, reason, errorCode, at }) => ({
            ciId,
            displayName: names.get(ciId) ?? ciId,
            state,
            reason,
            errorCode,
            at,
          })),
      })),
    };
  }

  async #find(deploymentId: string): Promise<{ deployment: StoredDeployment; target: DeploymentTarget }> {
    const { db, deployments } = this.options;
    const deployment = await deployments.find(db, deploymentId);
    const collection = deployment && (await deployments.findCollection(db, deployment.collectionId));
    if (deployment === undefined || collection === undefined)
      throw deploymentErrors.ESP_DEPLOYMENT_UNKNOWN({ detail: deploymentId });
    const { collectionId } = deployment;
    return { deployment, target: { deploymentId, collectionId, collectionKind: collection.kind } };
  }
}
