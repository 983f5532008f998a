import type { DeploymentSettings, DeploymentVersion, LibraryKind, PolicyItem } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import { insertRows, limitSql, type Database, type Page, type Tx } from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { restricting, unrestricted, type Restriction } from '../access/restrict.js';
import type { ListRequest } from '../status-messages/status-message.store.js';
import { versionModel } from './deployment.models.js';
import type { StoredDeployment } from './deployment.record.js';

interface VersionRow {
  readonly deployment_id: string;
  readonly version: number;
  readonly change: string;
  readonly changed_by: string;
  readonly from_at: number;
  readonly until_at: number | null;
  readonly name: string;
  readonly thing_kind: string;
  readonly thing_id: string;
  readonly thing_name: string;
  readonly deployed_revision: number;
  readonly collection_id: string;
  readonly settings: string;
  readonly items: string;
}

/** The only user of the table `deployment_version`: what was deployed when. */
export class DeploymentHistoryStore {
  constructor(private readonly db: Database) {}

  /** Ends the version before at the time that this one begins; a deleted one has ended at once. */
  async add(tx: Tx, deployment: StoredDeployment, change: DeploymentVersion['change']): Promise<void> {
    const { id, version, changedAt, settings } = deployment;
    await tx.execute(
      'UPDATE {deployment_version} SET until_at = :changedAt WHERE deployment_id = :id AND until_at IS NULL',
      { id, changedAt },
    );
    await insertRows(tx, 'deployment_version', [
      {
        deployment_id: id,
        version,
        change,
        changed_by: deployment.changedBy,
        from_at: changedAt,
        until_at: change === 'deleted' ? changedAt : null,
        name: settings.name,
        name_folded: foldText(settings.name),
        thing_kind: deployment.thingKind,
        thing_id: deployment.thingId,
        thing_name: deployment.thingName,
        deployed_revision: deployment.deployedRevision,
        collection_id: deployment.collectionId,
        settings: JSON.stringify(settings),
        items: JSON.stringify(deployment.items),
      },
    ]);
  }

  /** Newest first unless ordered otherwise. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(request: ListRequest, within: Restriction = unrestricted): Promise<Page<DeploymentVersion>> {
    const { rows, next } = await listPage<VersionRow>(this.db, {
      model: versionModel,
      sql: `SELECT v.*, LOWER(v.collection_id) AS collection_id_folded FROM {deployment_version} v${restricting('WHERE', within)}`,
      params: within.params,
      ...request,
      defaultOrder: ['fromAt desc', 'deploymentId', 'version desc'],
    });
    return { rows: rows.map(toVersion), ...(next !== undefined && { next }) };
  }

  /** Deployments that were deleted before `before` (epoch ms), as far as they are remembered. */
  async deletedBefore(before: number): Promise<string[]> {
    const rows = await this.db.query<{ deployment_id: string }>(
      `SELECT deployment_id FROM {deployment_version} WHERE until_at IS NOT NULL AND until_at < :before AND change = 'deleted'`,
      { before },
    );
    return rows.map((row) => row.deployment_id);
  }

  /** Forgets versions that ended before `before` (epoch ms); how many, at most `limit`. */
  async prune(before: number, limit: number): Promise<number> {
    const rows = await this.db.query<{ deployment_id: string; version: number }>(
      `SELECT deployment_id, version FROM {deployment_version} WHERE until_at IS NOT NULL AND until_at < :before
       ORDER BY until_at ${limitSql(this.db.dialect, limit)}`,
      { before },
    );
    for (const { deployment_id, version } of rows)
      await this.db.execute(
        'DELETE FROM {deployment_version} WHERE deployment_id = :deployment_id AND version = :version',
        { deployment_id, version },
      );
    return rows.length;
  }
}

const toVersion = (row: VersionRow): DeploymentVersion => ({
  deploymentId: row.deployment_id,
  version: row.version,
  change: row.change as DeploymentVersion['change'],
  changedBy: row.changed_by,
  fromAt: row.from_at,
  untilAt: row.until_at,
  name: row.name,
  thingKind: row.thing_kind as LibraryKind,
  thingId: row.thing_id,
  thingName: row.thing_name,
  deployedRevision: row.deployed_revision,
  collectionId: row.collection_id,
  settings: JSON.parse(row.settings) as DeploymentSettings,
  items: JSON.parse(row.items) as PolicyItem[],
});
