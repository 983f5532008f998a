import type { ClassModel } from '@espalier/conditions';
import type { Administrator, RoleAssignment } from '@espalier/contracts';
import { foldText } from '@espalier/conditions';
import { insertRows, rowLock, textListSql, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';
import { Rights } from '../roles/rights.js';
import {
  SITE_ADMINISTRATOR_ID,
  toAssignments,
  WHOLE_SITE,
  type AdministratorRow,
  type AssignmentRow,
  type KnownAdministrator,
} from './administrator.rows.js';

export type AdministratorQuery = Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>;

/** What is written of an administrator besides identities and assignments. */
export type AdministratorFields = Pick<Administrator, 'name' | 'displayName' | 'isEnabled'>;

const COLUMNS = `a.id, a.name, a.display_name, a.kind, a.is_enabled, a.is_built_in, a.version, a.created_at,
  a.created_by, a.changed_at, a.changed_by`;

/** The only user of the tables `administrator`, `administrator_identity` and `administrator_assignment`. */
export class AdministratorStore {
  /** With what they may do; for every look-up of the gate. */
  async known(on: Queryable, id: string): Promise<KnownAdministrator | undefined> {
    const rows = await on.prepared<AdministratorRow & { role_id: string | null; collection_id: string }>(
      'known_administrator',
      `SELECT a.id, a.name, a.kind, a.is_enabled, s.role_id, s.collection_id FROM {administrator} a
       LEFT JOIN {administrator_assignment} s ON s.administrator_id = a.id WHERE a.id = :id`,
      { id },
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    const assignments = toAssignments(
      rows.flatMap(({ role_id, collection_id }) => (role_id === null ? [] : [{ role_id, collection_id }])),
    );
    return {
      id,
      name: first.name,
      kind: first.kind,
      isEnabled: first.is_enabled === 1,
      assignments,
      rights: Rights.of(assignments),
    };
  }

  /** Id of the administrator who signs in with this identity. */
  async idOf(on: Queryable, identityKey: string): Promise<string | undefined> {
    const [row] = await on.prepared<{ administrator_id: string; identity_key: string }>(
      'administrator_of_identity',
      'SELECT administrator_id, identity_key FROM {administrator_identity} WHERE identity_key = :identityKey',
      { identityKey },
    );
    // SQL Server takes texts for the same that differ in blanks at the end.
    return row?.identity_key === identityKey ? row.administrator_id : undefined;
  }

  /** By name unless told. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(on: Queryable, request: AdministratorQuery): Promise<Page<Administrator>> {
    const { rows, next } = await listPage<AdministratorRow>(on, {
      model: administratorModel,
      sql: `SELECT ${COLUMNS}, a.name_folded, a.display_name_folded FROM {administrator} a`,
      defaultOrder: ['name', 'id'],
      ...request,
    });
    return { rows: await this.#complete(on, rows), ...(next !== undefined && { next }) };
  }

  async find(on: Queryable, id: string): Promise<Administrator | undefined> {
    const rows = await on.query<AdministratorRow>(
      `SELECT ${COLUMNS} FROM {administrator} a WHERE a.id = :id`,
      { id },
    );
    return (await this.#complete(on, rows))[0];
  }

  /**
   * Lets one change of administrators happen at a time, on all replicas: whether somebody is left who may do
   * everything depends on all of them.
   */
  async lock(tx: Tx): Promise<void> {
    const { hint, end } = rowLock(tx.dialect, 'a', 'update');
    await tx.query(`SELECT a.id FROM {administrator} a ${hint} WHERE a.id = :id ${end}`, {
      id: SITE_ADMINISTRATOR_ID,
    });
  }

  /** Fails with a unique violation where the name is taken. */
  async insert(
    tx: Tx,
    administrator: Omit<Administrator, 'assignments' | 'identities' | 'version' | 'changedAt' | 'changedBy'>,
  ): Promise<void> {
    const { id, kind, isBuiltIn, createdAt, createdBy } = administrator;
    await insertRows(tx, 'administrator', [
      {
        id,
        ...columnsOf(administrator),
        kind,
        is_built_in: isBuiltIn,
        version: 1,
        created_at: createdAt,
        created_by: createdBy,
        changed_at: createdAt,
        changed_by: createdBy,
      },
    ]);
  }

  /** Fails with a unique violation where the name is taken. */
  async update(tx: Tx, id: string, fields: AdministratorFields): Promise<void> {
    const columns = columnsOf(fields);
    const set = Object.keys(columns).map((column) => `${column} = :${column}`);
    await tx.execute(`UPDATE {administrator} SET ${set.join(', ')} WHERE id = :id`, { ...columns, id });
  }

  /** A new version, by somebody. */
  async changed(tx: Tx, id: string, at: number, by: string): Promise<void> {
    await tx.execute(
      `UPDATE {administrator} SET version = version + 1, changed_at = :at, changed_by = :by WHERE id = :id`,
      { id, at, by },
    );
  }

  /** Fails with a unique violation where one belongs to somebody else. */
  async setIdentities(tx: Tx, id: string, keys: readonly string[]): Promise<void> {
    await tx.execute('DELETE FROM {administrator_identity} WHERE administrator_id = :id', { id });
    const rows = keys.toSorted().map((key) => ({ identity_key: key, administrator_id: id }));
    if (rows.length > 0) await insertRows(tx, 'administrator_identity', rows);
  }

  async setAssignments(tx: Tx, id: string, assignments: readonly RoleAssignment[]): Promise<void> {
    await tx.execute('DELETE FROM {administrator_assignment} WHERE administrator_id = :id', { id });
    const places = assignments.flatMap(({ roleId, collectionIds }) =>
      (collectionIds ?? [WHOLE_SITE]).map((place) => `${roleId} ${place}`),
    );
    const rows = [...new Set(places)].map((place) => {
      const [role_id = '', collection_id = ''] = place.split(' ');
      return { administrator_id: id, role_id, collection_id };
    });
    if (rows.length > 0) await insertRows(tx, 'administrator_assignment', rows);
  }

  /** With identities and assignments. */
  async delete(tx: Tx, id: string): Promise<void> {
    for (const table of ['administrator_assignment', 'administrator_identity'])
      await tx.execute(`DELETE FROM {${table}} WHERE administrator_id = :id`, { id });
    await tx.execute('DELETE FROM {administrator} WHERE id = :id', { id });
  }

  /** How many are enabled and have the role for the whole site. */
  async countEnabled(on: Queryable, roleId: string): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      `SELECT COUNT(*) AS count FROM {administrator} a
       INNER JOIN {administrator_assignment} s ON s.administrator_id = a.id
       WHERE a.is_enabled = 1 AND s.role_id = :roleId AND s.collection_id = '${WHOLE_SITE}'`,
      { roleId },
    );
    return row?.count ?? 0;
  }

  /** Names of those who have a role in the collection. */
  async assignedTo(on: Queryable, collectionId: string): Promise<string[]> {
    const rows = await on.query<{ name: string }>(
      `SELECT DISTINCT a.name FROM {administrator} a
       INNER JOIN {administrator_assignment} s ON s.administrator_id = a.id
       WHERE s.collection_id = :collectionId ORDER BY a.name`,
      { collectionId },
    );
    return rows.map(({ name }) => name);
  }

  async #complete(on: Queryable, rows: readonly AdministratorRow[]): Promise<Administrator[]> {
    if (rows.length === 0) return [];
    const list = textListSql(on.dialect);
    const ids = list.param(rows.map(({ id }) => id));
    const assignments = await on.query<AssignmentRow>(
      `SELECT administrator_id, role_id, collection_id FROM {administrator_assignment}
       WHERE ${list.isIn('administrator_id', 'ids')} ORDER BY administrator_id, role_id, collection_id`,
      { ids },
    );
    const identities = await on.query<{ administrator_id: string; identity_key: string }>(
      `SELECT administrator_id, identity_key FROM {administrator_identity}
       WHERE ${list.isIn('administrator_id', 'ids')} ORDER BY identity_key`,
      { ids },
    );
    const assignmentsOf = Map.groupBy(assignments, ({ administrator_id }) => administrator_id);
    const identitiesOf = Map.groupBy(identities, ({ administrator_id }) => administrator_id);
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      displayName: row.display_name,
      kind: row.kind,
      isEnabled: row.is_enabled === 1,
      isBuiltIn: row.is_built_in === 1,
      assignments: toAssignments(assignmentsOf.get(row.id) ?? []),
      identities: (identitiesOf.get(row.id) ?? []).map(({ identity_key }) => identity_key),
      version: row.version,
      createdAt: row.created_at,
      createdBy: row.created_by,
      changedAt: row.changed_at,
      changedBy: row.changed_by,
    }));
  }
}

const columnsOf = ({ name, displayName, isEnabled }: AdministratorFields) => ({
  name,
  name_folded: foldText(name),
  display_name: displayName,
  display_name_folded: foldText(displayName),
  is_enabled: isEnabled,
});

const administratorModel: ClassModel = {
  name: 'Administrator',
  table: 'administrator',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id' },
    { name: 'name', type: 'text', column: 'name', foldedColumn: 'name_folded' },
    { name: 'displayName', type: 'text', column: 'display_name', foldedColumn: 'display_name_folded' },
    { name: 'kind', type: 'text', column: 'kind', foldedColumn: 'kind' },
    { name: 'isEnabled', type: 'flag', column: 'is_enabled' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'changedAt', type: 'time', column: 'changed_at' },
  ],
};
