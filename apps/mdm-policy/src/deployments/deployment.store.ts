import { policyDeploymentSchema, type PolicyDeployment } from '@espalier/contracts';
import { rowLock, upsert, type Queryable, type Tx } from '@espalier/persistence';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';

export interface DeploymentRow {
  readonly id: string;
  readonly version: number;
  readonly collection_id: string;
  readonly is_deleted: number;
}

/** Deployments as they were last fetched. */
export class DeploymentStore {
  /** A definition is read for each round, and changes seldom. */
  readonly #parsed = new Map<string, PolicyDeployment>();

  /** Locks the deployment where it is known. */
  async lock(tx: Tx, id: string): Promise<DeploymentRow | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'd', 'update');
    const [row] = await tx.query<DeploymentRow>(
      `SELECT d.id, d.version, d.collection_id, d.is_deleted FROM {deployment} d ${hint} WHERE d.id = :id ${end}`,
      { id },
    );
    return row;
  }

  async save(tx: Tx, deployment: PolicyDeployment, now: number): Promise<void> {
    await this.#write(tx, {
      id: deployment.id,
      version: deployment.version,
      collection_id: deployment.collectionId,
      is_deleted: 0,
      definition: JSON.stringify(deployment),
      is_rolling_out: 1,
      changed_at: now,
    });
  }

  /** Keeps id and version, so that what is late brings it not back. */
  async saveDeleted(tx: Tx, id: string, version: number, collectionId: string, now: number): Promise<void> {
    await this.#write(tx, {
      id,
      version,
      collection_id: collectionId,
      is_deleted: 1,
      definition: null,
      is_rolling_out: 0,
      changed_at: now,
    });
  }

  async #write(tx: Tx, row: Record<string, string | number | null>): Promise<void> {
    await upsert(tx, 'deployment', { key: ['id'], rows: [row] });
  }

  /** Deployments to collections, none that is deleted. */
  async ofCollections(on: Queryable, collectionIds: readonly string[]): Promise<PolicyDeployment[]> {
    const found: PolicyDeployment[] = [];
    for (let from = 0; from < collectionIds.length; from += IDS_AT_ONCE) {
      const rows = await on.query<{ id: string; version: number; definition: string }>(
        `SELECT id, version, definition FROM {deployment}
         WHERE collection_id IN (:ids) AND is_deleted = 0 AND definition IS NOT NULL`,
        { ids: collectionIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows) found.push(this.#parse(row));
    }
    return found;
  }

  #parse({ id, version, definition }: { id: string; version: number; definition: string }): PolicyDeployment {
    const known = this.#parsed.get(id);
    if (known?.version === version) return known;
    const deployment = policyDeploymentSchema.parse(JSON.parse(definition));
    this.#parsed.set(id, deployment);
    return deployment;
  }

  /** Versions by id, those of deleted ones included. */
  async versions(on: Queryable): Promise<Map<string, DeploymentRow>> {
    const rows = await on.query<DeploymentRow>(
      'SELECT id, version, collection_id, is_deleted FROM {deployment}',
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  async names(on: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
    const rows = await on.query<{ id: string; version: number; definition: string }>(
      'SELECT id, version, definition FROM {deployment} WHERE id IN (:ids) AND definition IS NOT NULL',
      { ids },
    );
    return new Map(rows.map((row) => [row.id, this.#parse(row).name]));
  }

  rollingOut(on: Queryable): Promise<{ id: string; version: number; collection_id: string }[]> {
    return on.query('SELECT id, version, collection_id FROM {deployment} WHERE is_rolling_out = 1');
  }

  async endRollout(on: Queryable, id: string, version: number): Promise<void> {
    await on.execute('UPDATE {deployment} SET is_rolling_out = 0 WHERE id = :id AND version = :version', {
      id,
      version,
    });
  }

  /** Forgets deployments deleted before `before`. */
  prune(on: Queryable, before: number): Promise<number> {
    return on.execute('DELETE FROM {deployment} WHERE is_deleted = 1 AND changed_at < :before', { before });
  }
}
