import type { AdministratorKind, RoleAssignment, RoleId } from '@espalier/contracts';
import { findRole } from '../roles/role.catalogue.js';
import type { Rights } from '../roles/rights.js';

/** The built-in administrator: the bootstrap token and those of before there were administrators belong to it. */
export const SITE_ADMINISTRATOR_ID = '00000000-0000-4000-8000-000000000001';

/** Stands for the whole site where a collection is named otherwise. */
export const WHOLE_SITE = '*';

/** An administrator as the gate needs to know them, without how they sign in. */
export interface KnownAdministrator {
  readonly id: string;
  /** Logon name. */
  readonly name: string;
  readonly kind: AdministratorKind;
  readonly isEnabled: boolean;
  readonly assignments: readonly RoleAssignment[];
  /** What the assignments come to. */
  readonly rights: Rights;
}

/** A row of `administrator`. */
export interface AdministratorRow {
  readonly id: string;
  readonly name: string;
  readonly display_name: string;
  readonly kind: AdministratorKind;
  readonly is_enabled: number;
  readonly is_built_in: number;
  readonly version: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** A row of `administrator_assignment`. */
export interface AssignmentRow {
  readonly administrator_id: string;
  readonly role_id: string;
  readonly collection_id: string;
}

/** What rows say; a role that this version does not know gives nothing. */
export function toAssignments(
  rows: readonly Pick<AssignmentRow, 'role_id' | 'collection_id'>[],
): RoleAssignment[] {
  const byRole = Map.groupBy(rows, ({ role_id }) => role_id);
  return [...byRole].flatMap(([roleId, places]): RoleAssignment[] => {
    if (findRole(roleId) === undefined) return [];
    const ids = places.map(({ collection_id }) => collection_id).sort();
    return [{ roleId: roleId as RoleId, collectionIds: ids.includes(WHOLE_SITE) ? null : ids }];
  });
}
