import type { Tx } from '@espalier/persistence';
import { deploymentStateColumns, type DeploymentStateRow } from './deployment-state.js';
import {
  addSql,
  insertMissingSql,
  keyText,
  lockedSql,
  overwriteSql,
  rowsParam,
  type JsonTable,
} from './state-rows.sql.js';

/** A row of `deployment_item_state`: one enrolment, one configuration item of a deployment (topic 401). */
export interface ItemStateRow {
  readonly deployment_id: string;
  readonly ci_id: string;
  readonly enrollment_id: string;
  /** Compliance state; -1 where it is gone. */
  readonly state: number;
  readonly sequence: number | null;
  readonly at: number | null;
  readonly reason: string | null;
  readonly error_code: string | null;
  readonly updated_at: number;
}

/** A row of `state_message`: a topic that is about no deployment. */
export interface OtherStateRow {
  readonly enrollment_id: string;
  readonly topic_type: number;
  readonly topic_id: string;
  readonly state_id: number;
  readonly at: number;
  readonly sequence: number;
  readonly reason: string | null;
  readonly error_code: string | null;
  readonly is_gone: 0 | 1;
  readonly updated_at: number;
}

/** What is added to the counters of a deployment, or of one of its items. */
export type CounterChange<Column extends string> = Readonly<Record<Column, number>> & {
  readonly deployment_id: string;
};

export const summaryCounters = ['success', 'in_progress', 'requirements_not_met', 'failed'] as const;
export type SummaryCounter = (typeof summaryCounters)[number];
export type SummaryChange = CounterChange<SummaryCounter>;

export const itemCounters = ['unknown', 'compliant', 'non_compliant', 'conflict', 'failed'] as const;
export type ItemCounter = (typeof itemCounters)[number];
export type ItemSummaryChange = CounterChange<ItemCounter> & { readonly ci_id: string };

const deploymentStates: JsonTable = {
  table: 'deployment_state',
  key: ['deployment_id', 'enrollment_id'],
  columns: deploymentStateColumns,
};
const itemStates: JsonTable = {
  table: 'deployment_item_state',
  key: ['deployment_id', 'ci_id', 'enrollment_id'],
  columns: {
    deployment_id: 'text',
    ci_id: 'text',
    enrollment_id: 'text',
    state: 'integer',
    sequence: 'integer',
    at: 'integer',
    reason: 'text',
    error_code: 'text',
    updated_at: 'integer',
  },
};
const otherStates: JsonTable = {
  table: 'state_message',
  key: ['enrollment_id', 'topic_type', 'topic_id'],
  columns: {
    enrollment_id: 'text',
    topic_type: 'integer',
    topic_id: 'text',
    state_id: 'integer',
    at: 'integer',
    sequence: 'integer',
    reason: 'text',
    error_code: 'text',
    is_gone: 'integer',
    updated_at: 'integer',
  },
};
const counters = (columns: readonly string[]): Record<string, 'integer'> =>
  Object.fromEntries(columns.map((name) => [name, 'integer']));
const summaries: JsonTable = {
  table: 'deployment_summary',
  key: ['deployment_id'],
  columns: { deployment_id: 'text', ...counters(summaryCounters) },
};
const itemSummaries: JsonTable = {
  table: 'deployment_item_summary',
  key: ['deployment_id', 'ci_id'],
  columns: { deployment_id: 'text', ci_id: 'text', ...counters(itemCounters) },
};

/** A table with one row for each thing that devices report on. */
export class StateTable<Row extends object> {
  constructor(private readonly table: JsonTable) {}

  /** What tells a row from the others. */
  keyOf(row: Partial<Row>): string {
    return keyText(row, this.table.key);
  }

  /** Those of the rows that are there, by their keys; locked until the end. */
  async lock(tx: Tx, rows: readonly Row[]): Promise<Row[]> {
    if (rows.length === 0) return [];
    const { key } = this.table;
    const keys = rows.map((row) => Object.fromEntries(key.map((name) => [name, Reflect.get(row, name)])));
    return tx.query<Row>(lockedSql(tx.dialect, this.table), rowsParam(keys, key));
  }

  /** Inserts rows unless they are there; gives the keys of those that it inserted. */
  async insert(tx: Tx, rows: readonly Row[]): Promise<Set<string>> {
    if (rows.length === 0) return new Set();
    const sql = insertMissingSql(tx.dialect, this.table);
    const inserted = await tx.query<Partial<Row>>(sql, rowsParam(rows, this.table.key));
    return new Set(inserted.map((row) => this.keyOf(row)));
  }

  /** Overwrites rows that are locked. */
  async overwrite(tx: Tx, rows: readonly Row[]): Promise<void> {
    if (rows.length > 0)
      await tx.execute(overwriteSql(tx.dialect, this.table), rowsParam(rows, this.table.key));
  }
}

/**
 * Writes what devices report: few statements, always the same, for any number of messages. Every transaction locks
 * in the same order (deployments, items, others, counters; each by key), so that replicas do not deadlock.
 */
export class StateIntakeStore {
  readonly deployments = new StateTable<DeploymentStateRow>(deploymentStates);
  readonly items = new StateTable<ItemStateRow>(itemStates);
  readonly others = new StateTable<OtherStateRow>(otherStates);

  /** Counters of a deployment that was deleted are gone, and stay so. */
  async addToSummaries(tx: Tx, changes: readonly SummaryChange[]): Promise<void> {
    await add(tx, summaries, changes);
  }

  async addToItemSummaries(tx: Tx, changes: readonly ItemSummaryChange[]): Promise<void> {
    await add(tx, itemSummaries, changes);
  }
}

async function add(tx: Tx, table: JsonTable, changes: readonly object[]): Promise<void> {
  if (changes.length === 0) return;
  const params = rowsParam(changes, table.key);
  await tx.query(lockedSql(tx.dialect, table), params);
  await tx.execute(addSql(tx.dialect, table), params);
}
