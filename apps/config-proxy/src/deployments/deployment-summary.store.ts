import { assetStatusIds, complianceStates, type PolicyItem } from '@espalier/contracts';
import { rowLock, upsert, type Queryable, type Row, type Tx } from '@espalier/persistence';
import {
  itemCounters,
  summaryCounters,
  type ItemCounter,
  type SummaryCounter,
} from '../state-messages/state-intake.store.js';

export type ItemSummaryRow = Readonly<Record<ItemCounter, number>> & { readonly ci_id: string };

const statusOf: Readonly<Record<SummaryCounter, number>> = {
  success: assetStatusIds.success,
  in_progress: assetStatusIds['in-progress'],
  requirements_not_met: assetStatusIds['requirements-not-met'],
  failed: assetStatusIds.error,
};
const stateOf: Readonly<Record<ItemCounter, number>> = {
  unknown: complianceStates.unknown,
  compliant: complianceStates.compliant,
  non_compliant: complianceStates.nonCompliant,
  conflict: complianceStates.conflict,
  failed: complianceStates.error,
};

/**
 * Makes, counts anew and deletes the counters of deployments. What devices report moves them (StateIntakeStore) in
 * the transaction that stores the report.
 */
export class DeploymentSummaryStore {
  /** Counters at zero for a new deployment. */
  async create(tx: Tx, deploymentId: string, items: readonly PolicyItem[]): Promise<void> {
    await upsert(tx, 'deployment_summary', {
      key: ['deployment_id'],
      rows: [{ deployment_id: deploymentId, ...zero(summaryCounters) }],
      update: [],
    });
    await this.setItems(tx, deploymentId, items);
  }

  /** Counters for exactly these items; those that stay keep what they count. */
  async setItems(tx: Tx, deploymentId: string, items: readonly PolicyItem[]): Promise<void> {
    const wanted = new Set(items.map(({ ciId }) => ciId));
    const known = await tx.query<{ ci_id: string }>(
      'SELECT ci_id FROM {deployment_item_summary} WHERE deployment_id = :deploymentId ORDER BY ci_id',
      { deploymentId },
    );
    for (const { ci_id } of known)
      if (!wanted.has(ci_id))
        await tx.execute(
          'DELETE FROM {deployment_item_summary} WHERE deployment_id = :deploymentId AND ci_id = :ci_id',
          { deploymentId, ci_id },
        );
    const there = new Set(known.map(({ ci_id }) => ci_id));
    const added = [...wanted].filter((ci_id) => !there.has(ci_id));
    if (added.length === 0) return;
    // Where an item comes back, devices may still be noted with what they said of it.
    const counted = known.length === 0 ? NOTHING_COUNTED : await this.#countItems(tx, deploymentId);
    await upsert(tx, 'deployment_item_summary', {
      key: ['deployment_id', 'ci_id'],
      rows: added.map((ci_id) => ({
        deployment_id: deploymentId,
        ci_id,
        ...(counted.get(ci_id) ?? zero(itemCounters)),
      })),
      update: [],
    });
  }

  async delete(tx: Tx, deploymentId: string): Promise<void> {
    for (const table of ['deployment_summary', 'deployment_item_summary'])
      await tx.execute(`DELETE FROM {${table}} WHERE deployment_id = :deploymentId`, { deploymentId });
  }

  /** Each configuration item's counters. */
  items(on: Queryable, deploymentId: string): Promise<ItemSummaryRow[]> {
    return on.query(
      `SELECT ci_id, ${itemCounters.join(', ')} FROM {deployment_item_summary}
       WHERE deployment_id = :deploymentId ORDER BY ci_id`,
      { deploymentId },
    );
  }

  /**
   * Counts anew; true where a counter was wrong. The counters are locked first: a report that is stored but not
   * counted yet is not seen by the count, and is added once the lock is gone.
   */
  async recount(tx: Tx, deploymentId: string): Promise<boolean> {
    const { hint, end } = rowLock(tx.dialect, 's', 'update');
    const read = (columns: readonly string[], table: string, order: string): Promise<Row[]> =>
      tx.query<Row>(
        `SELECT ${columns.join(', ')} FROM {${table}} s ${hint} WHERE s.deployment_id = :deploymentId
         ORDER BY ${order} ${end}`,
        { deploymentId },
      );
    const [before] = await read(summaryCounters, 'deployment_summary', 's.deployment_id');
    if (before === undefined) return false;
    const itemsBefore = await read(['ci_id', ...itemCounters], 'deployment_item_summary', 's.ci_id');
    const after = await this.#count(tx, deploymentId);
    const itemsAfter = await this.#countItems(tx, deploymentId);
    let healed = await correct(tx, 'deployment_summary', { deployment_id: deploymentId }, before, after);
    for (const row of itemsBefore) {
      const counted = itemsAfter.get(String(row['ci_id'])) ?? zero(itemCounters);
      const key = { deployment_id: deploymentId, ci_id: String(row['ci_id']) };
      healed = (await correct(tx, 'deployment_item_summary', key, row, counted)) || healed;
    }
    return healed;
  }

  async #count(tx: Tx, deploymentId: string): Promise<Record<string, number>> {
    const rows = await tx.query<{ status: number; count: number }>(
      `SELECT status, COUNT(*) AS count FROM {deployment_state}
       WHERE status IN (:statuses) AND deployment_id = :deploymentId GROUP BY status`,
      { deploymentId, statuses: Object.values(statusOf) },
    );
    const counted = new Map(rows.map(({ status, count }) => [status, count]));
    return Object.fromEntries(summaryCounters.map((name) => [name, counted.get(statusOf[name]) ?? 0]));
  }

  async #countItems(tx: Tx, deploymentId: string): Promise<Map<string, Record<string, number>>> {
    const rows = await tx.query<{ ci_id: string; state: number; count: number }>(
      `SELECT ci_id, state, COUNT(*) AS count FROM {deployment_item_state}
       WHERE deployment_id = :deploymentId GROUP BY ci_id, state`,
      { deploymentId },
    );
    const items = new Map<string, Record<string, number>>();
    for (const { ci_id, state, count } of rows) {
      const name = itemCounters.find((counter) => stateOf[counter] === state);
      const counters = items.get(ci_id) ?? zero(itemCounters);
      if (name !== undefined) counters[name] = count;
      items.set(ci_id, counters);
    }
    return items;
  }
}

const NOTHING_COUNTED: ReadonlyMap<string, Record<string, number>> = new Map();

const zero = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, 0]));

/** True where something was wrong. */
async function correct(
  tx: Tx,
  table: string,
  key: Readonly<Record<string, string>>,
  before: Row,
  after: Readonly<Record<string, number>>,
): Promise<boolean> {
  const names = Object.keys(after);
  if (names.every((name) => Number(before[name]) === after[name])) return false;
  await tx.execute(
    `UPDATE {${table}} SET ${names.map((name) => `${name} = :${name}`).join(', ')}
     WHERE ${Object.keys(key)
       .map((name) => `${name} = :${name}`)
       .join(' AND ')}`,
    { ...after, ...key },
  );
  return true;
}
