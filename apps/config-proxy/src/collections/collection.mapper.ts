import {
  collectionScheduleSchema,
  type Collection,
  type CollectionRule,
  type CollectionSchedule,
} from '@espalier/contracts';
import type { ClassModel } from '@espalier/conditions';
import { isIncremental, refreshOf, type CollectionRow, type RuleRow } from './collection.rows.js';
import type { QueryRuleBinder } from './query-rule.binder.js';

/** A collection with the name of the one that limits it. */
export type ListedCollection = CollectionRow & { readonly limiting_name: string | null };

export const LISTED_COLLECTIONS = `SELECT c.*, l.name AS limiting_name FROM {collection} c
  LEFT JOIN {collection} l ON l.collection_id = c.limiting_id`;

/** What collections are filtered and ordered by. */
export const collectionModel: ClassModel = {
  name: 'Collection',
  table: 'collection',
  keyColumn: 'collection_id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'collection_id' },
    { name: 'kind', type: 'text', column: 'kind', foldedColumn: 'kind' },
    { name: 'name', type: 'text', column: 'name', foldedColumn: 'name_folded' },
    { name: 'limitingId', type: 'text', column: 'limiting_id' },
    { name: 'isBuiltIn', type: 'flag', column: 'is_built_in' },
    { name: 'memberCount', type: 'integer', column: 'member_count' },
    { name: 'windowCount', type: 'integer', column: 'window_count' },
    { name: 'status', type: 'text', column: 'status', foldedColumn: 'status' },
    { name: 'lastEvaluatedAt', type: 'time', column: 'last_evaluated_at' },
    { name: 'lastMemberChangeAt', type: 'time', column: 'last_member_change_at' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'changedAt', type: 'time', column: 'changed_at' },
  ],
};

export const scheduleOf = (row: CollectionRow): CollectionSchedule | null =>
  row.schedule === null ? null : collectionScheduleSchema.parse(JSON.parse(row.schedule));

export function toCollection(row: ListedCollection): Collection {
  return {
    id: row.collection_id,
    kind: row.kind,
    name: row.name,
    comment: row.comment,
    limitingId: row.limiting_id,
    limitingName: row.limiting_name,
    isBuiltIn: row.is_built_in === 1,
    refresh: refreshOf(row.refresh_type),
    schedule: scheduleOf(row),
    memberCount: row.member_count,
    windowCount: row.window_count,
    status: row.status,
    lastEvaluatedAt: row.last_evaluated_at,
    lastMemberChangeAt: row.last_member_change_at,
    createdAt: row.created_at,
    createdBy: row.created_by,
    changedAt: row.changed_at,
    changedBy: row.changed_by,
    version: row.version,
  };
}

export function toRule(row: RuleRow, names: ReadonlyMap<string, { readonly name: string }>): CollectionRule {
  const { rule_id: ruleId, kind, name, query, target_id } = row;
  if (kind === 'query') return { ruleId, kind, name, query: query ?? '' };
  const collectionId = target_id ?? '';
  return { ruleId, kind, collectionId, collectionName: names.get(collectionId)?.name ?? collectionId };
}

/** What an admin should know of query rules that changed facts alone do not keep up to date. */
export function hintsOf(
  { kind, refresh_type }: Pick<CollectionRow, 'kind' | 'refresh_type'>,
  rules: readonly RuleRow[],
  binder: QueryRuleBinder,
): string[] {
  return rules.flatMap(({ name, query }) => {
    if (query === null) return [];
    try {
      const { usesRunTime, crossesResources } = binder.bind(kind, query);
      const why = usesRunTime
        ? 'depends on the time at which it is evaluated'
        : crossesResources
          ? 'compares a resource with others'
          : undefined;
      if (why === undefined) return [];
      const advice = isIncremental(refresh_type)
        ? 'besides incremental updates give the collection a schedule'
        : 'its members are as of the last evaluation';
      return [`Rule "${name}" ${why}: ${advice}.`];
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'not valid';
      return [`Rule "${name}" is not valid any more, so members stay as they are: ${problem}`];
    }
  });
}
