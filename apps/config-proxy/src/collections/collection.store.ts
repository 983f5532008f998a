import type { CollectionKind } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import { idListSql, insertRows, rowLock, type Queryable, type Tx } from '@espalier/persistence';
import type { CollectionRow, RuleRow, StoredDefinition } from './collection.rows.js';

/** What a definition consists of, as it is written. */
export interface DefinitionRow {
  readonly name: string;
  readonly comment: string;
  readonly limitingId: string | null;
  readonly refreshType: number;
  readonly schedule: string | null;
  readonly dueAt: number | null;
}

/** Who refers to a collection. */
export interface Reference {
  readonly kind: 'limiting' | 'include' | 'exclude';
  readonly name: string;
  readonly collection_id: string;
}

export const COLLECTION_COLUMNS = `collection_id, kind, name, comment, limiting_id, is_built_in, refresh_type,
  schedule, version, next_rule_id, member_count, window_count, status, last_evaluated_at, last_member_change_at,
  created_at, created_by, changed_at, changed_by`;

/** Definitions: `collection` and `collection_rule`. Whoever changes one holds the evaluation lock. */
export class CollectionStore {
  async find(on: Queryable, id: string): Promise<CollectionRow | undefined> {
    const [row] = await on.query<CollectionRow>(
      `SELECT ${COLLECTION_COLUMNS} FROM {collection} WHERE collection_id = :id`,
      { id },
    );
    return row;
  }

  /** As `find`, and nobody else changes or deletes it until the transaction ends. */
  async hold(tx: Tx, id: string): Promise<CollectionRow | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'c', 'update');
    await tx.query(`SELECT c.collection_id FROM {collection} c ${hint} WHERE c.collection_id = :id ${end}`, {
      id,
    });
    return this.find(tx, id);
  }

  async rules(on: Queryable, id: string): Promise<RuleRow[]> {
    return on.query<RuleRow>(
      `SELECT collection_id, rule_id, kind, name, query, target_id FROM {collection_rule}
       WHERE collection_id = :id ORDER BY rule_id`,
      { id },
    );
  }

  /** Every collection with its rules, direct ones left out. */
  async definitions(on: Queryable): Promise<StoredDefinition[]> {
    const collections = await on.query<Omit<StoredDefinition, 'rules'>>(
      'SELECT collection_id, kind, name, limiting_id, refresh_type FROM {collection} ORDER BY collection_id',
    );
    const rules = await on.query<RuleRow>(
      `SELECT collection_id, rule_id, kind, name, query, target_id FROM {collection_rule}
       ORDER BY collection_id, rule_id`,
    );
    const byCollection = Map.groupBy(rules, ({ collection_id }) => collection_id);
    return collections.map((row) => ({ ...row, rules: byCollection.get(row.collection_id) ?? [] }));
  }

  /** Names by id, of those that exist. */
  async names(
    on: Queryable,
    ids: readonly string[],
  ): Promise<Map<string, { name: string; kind: CollectionKind }>> {
    const found = new Map<string, { name: string; kind: CollectionKind }>();
    const distinct = [...new Set(ids)];
    for (let from = 0; from < distinct.length; from += CHUNK) {
      const rows = await on.query<{ collection_id: string; name: string; kind: CollectionKind }>(
        'SELECT collection_id, name, kind FROM {collection} WHERE collection_id IN (:ids)',
        { ids: distinct.slice(from, from + CHUNK) },
      );
      for (const { collection_id, name, kind } of rows) found.set(collection_id, { name, kind });
    }
    return found;
  }

  async insert(
    tx: Tx,
    id: string,
    kind: CollectionKind,
    definition: DefinitionRow,
    made: { readonly at: number; readonly by: string; readonly isBuiltIn?: boolean },
  ): Promise<void> {
    await insertRows(tx, 'collection', [
      {
        collection_id: id,
        kind,
        ...columnsOf(definition),
        is_built_in: made.isBuiltIn ?? false,
        version: 1,
        next_rule_id: 1,
        member_count: 0,
        window_count: 0,
        status: 'awaiting',
        evaluation_joined: 0,
        evaluation_left: 0,
        created_at: made.at,
        created_by: made.by,
        changed_at: made.at,
        changed_by: made.by,
      },
    ]);
  }

  async update(tx: Tx, id: string, definition: DefinitionRow): Promise<void> {
    const columns = columnsOf(definition);
    const set = Object.keys(columns).map((column) => `${column} = :${column}`);
    await tx.execute(`UPDATE {collection} SET ${set.join(', ')} WHERE collection_id = :id`, {
      ...columns,
      id,
    });
  }

  /** A new version of the definition, by somebody. */
  async changed(tx: Tx, id: string, at: number, by: string): Promise<void> {
    await tx.execute(
      `UPDATE {collection} SET version = version + 1, changed_at = :at, changed_by = :by
       WHERE collection_id = :id`,
      { id, at, by },
    );
  }

  async replaceRules(tx: Tx, id: string, rules: readonly RuleRow[], nextRuleId: number): Promise<void> {
    await tx.execute('DELETE FROM {collection_rule} WHERE collection_id = :id', { id });
    await insertRows(
      tx,
      'collection_rule',
      rules.map((rule) => ({ ...rule })),
    );
    await tx.execute('UPDATE {collection} SET next_rule_id = :nextRuleId WHERE collection_id = :id', {
      id,
      nextRuleId,
    });
  }

  /** Collections that refer to this one. */
  async references(on: Queryable, id: string): Promise<Reference[]> {
    return on.query<Reference>(
      `SELECT 'limiting' AS kind, name, collection_id FROM {collection} WHERE limiting_id = :id
       UNION ALL
       SELECT r.kind, c.name, c.collection_id FROM {collection_rule} r
       INNER JOIN {collection} c ON c.collection_id = r.collection_id
       WHERE r.target_id = :id`,
      { id },
    );
  }

  /** With its rules; members, windows and variables are others' to delete. */
  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM {collection_rule} WHERE collection_id = :id', { id });
    await tx.execute('DELETE FROM {collection} WHERE collection_id = :id', { id });
  }

  /** Names of resources, by id. */
  async resourceNames(
    on: Queryable,
    ids: readonly number[],
  ): Promise<{ resourceId: number; name: string }[]> {
    if (ids.length === 0) return [];
    const list = idListSql(on.dialect);
    const rows = await on.query<{ resource_id: number; name: string }>(
      `SELECT resource_id, name FROM {resource} WHERE ${list.isIn('resource_id', 'ids')} ORDER BY resource_id`,
      { ids: list.param(ids) },
    );
    return rows.map(({ resource_id, name }) => ({ resourceId: resource_id, name }));
  }
}

const columnsOf = (definition: DefinitionRow) => ({
  name: definition.name,
  name_folded: foldText(definition.name),
  comment: definition.comment,
  limiting_id: definition.limitingId,
  refresh_type: definition.refreshType,
  schedule: definition.schedule,
  due_at: definition.dueAt,
});

/** SQL Server takes 2,100 parameters. */
const CHUNK = 500;
