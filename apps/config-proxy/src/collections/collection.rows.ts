import type { CollectionKind, CollectionRefresh, CollectionStatus } from '@espalier/contracts';

/** A row of `collection`. */
export interface CollectionRow {
  readonly collection_id: string;
  readonly kind: CollectionKind;
  readonly name: string;
  readonly comment: string;
  readonly limiting_id: string | null;
  readonly is_built_in: number;
  readonly refresh_type: number;
  readonly schedule: string | null;
  readonly version: number;
  readonly next_rule_id: number;
  readonly member_count: number;
  readonly window_count: number;
  readonly status: CollectionStatus;
  readonly last_evaluated_at: number | null;
  readonly last_member_change_at: number | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** A row of `collection_rule`. */
export interface RuleRow {
  readonly collection_id: string;
  readonly rule_id: number;
  readonly kind: 'query' | 'include' | 'exclude';
  readonly name: string;
  readonly query: string | null;
  readonly target_id: string | null;
}

/** A collection with all that its evaluation needs. */
export interface StoredDefinition {
  readonly collection_id: string;
  readonly kind: CollectionKind;
  readonly name: string;
  readonly limiting_id: string | null;
  readonly refresh_type: number;
  readonly rules: readonly RuleRow[];
}

/** ConfigMgr's RefreshType. */
export const refreshTypes: Readonly<Record<CollectionRefresh, number>> = {
  manual: 1,
  periodic: 2,
  incremental: 4,
  both: 6,
};

const names = new Map(Object.entries(refreshTypes).map(([name, type]) => [type, name as CollectionRefresh]));

export const refreshOf = (type: number): CollectionRefresh => names.get(type) ?? 'manual';

export const isIncremental = (type: number): boolean => (type & refreshTypes.incremental) !== 0;

/** Ids of users begin here; those of devices are lower. */
const FIRST_USER_ID = 2_063_597_569;

export const kindOfResource = (resourceId: number): CollectionKind =>
  resourceId < FIRST_USER_ID ? 'device' : 'user';

/** Ids from and to which resources of a kind can have, both ends included. */
export const idRange: Readonly<Record<CollectionKind, { readonly from: number; readonly to: number }>> = {
  device: { from: 1, to: FIRST_USER_ID - 1 },
  user: { from: FIRST_USER_ID, to: 2_147_483_647 },
};
