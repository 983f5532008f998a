import { getPolicyContent, getPolicyDeployment, listPolicyDeployments } from '@espalier/contracts';
import type { Messaging, Registration } from '@espalier/messaging';
import type { Database } from '@espalier/persistence';
import type { PolicyContent } from '../library/library.interfaces.js';
import { toPolicy } from './deployment.record.js';
import type { DeploymentStore } from './deployment.store.js';

export interface DeploymentRpcOptions {
  readonly messaging: Pick<Messaging, 'serve'>;
  readonly db: Database;
  readonly store: DeploymentStore;
  readonly library: { content(ciId: string, revision: number): Promise<PolicyContent> };
}

/** Answers what mdm-policy asks about deployments. */
export function serveDeployments({ messaging, db, store, library }: DeploymentRpcOptions): Registration[] {
  return [
    messaging.serve(getPolicyDeployment, async ({ deploymentId }) => {
      const stored = await store.find(db, deploymentId);
      return { deployment: stored === undefined ? null : toPolicy(stored) };
    }),
    messaging.serve(listPolicyDeployments, async ({ cursor, limit }) => {
      const { rows, next } = await store.listVersions(limit, cursor);
      return {
        items: rows.map(({ id, version, collection_id }) => ({ id, version, collectionId: collection_id })),
        ...(next !== undefined && { nextCursor: next }),
      };
    }),
    messaging.serve(getPolicyContent, async ({ ciId, revision }) => ({
      content: await library.content(ciId, revision),
    })),
  ];
}
