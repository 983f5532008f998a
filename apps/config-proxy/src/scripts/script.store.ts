import { foldText, type ClassModel } from '@espalier/conditions';
import {
  insertRows,
  rowLock,
  type Database,
  type Page,
  type Queryable,
  type Tx,
} from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';
import type { NewVersion, ScriptRow } from './script.rows.js';

/** Which scripts to list. */
export type ScriptQuery = Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>;

/** What changes of a script besides its versions. */
export interface ScriptHead {
  readonly id: string;
  readonly name: string;
  readonly number: number;
  readonly version: number;
  readonly at: number;
  readonly by: string;
}

export interface ScriptDecision {
  readonly state: number;
  readonly approver: { readonly id: string; readonly name: string };
  readonly at: number;
  readonly comment: string | null;
}

const HEAD = 's.id, s.name, s.name_folded, s.version, s.created_at, s.created_by, s.changed_at, s.changed_by';
const VERSION = `v.id AS version_id, v.number, v.language, v.sha256, v.length, v.parameters, v.approval_state,
  v.author_id, v.author_maker_id, v.author_name, v.approver_id, v.approver_name, v.decided_at, v.comment`;
const WORD = `CASE v.approval_state WHEN 3 THEN 'approved' WHEN 1 THEN 'denied' ELSE 'waiting' END AS approval_word`;
const CURRENT = `SELECT ${HEAD}, ${VERSION}, ${WORD} FROM {script} s
  INNER JOIN {script_version} v ON v.script_id = s.id AND v.number = s.current_number`;

/** What lists can be filtered and ordered by. */
const model: ClassModel = {
  name: 'Script',
  table: 'script',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id', foldedColumn: 'id' },
    { name: 'name', type: 'text', column: 'name', foldedColumn: 'name_folded' },
    { name: 'language', type: 'text', column: 'language', foldedColumn: 'language' },
    { name: 'approvalState', type: 'text', column: 'approval_word', foldedColumn: 'approval_word' },
    { name: 'sha256', type: 'text', column: 'sha256', foldedColumn: 'sha256' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'changedAt', type: 'time', column: 'changed_at' },
  ],
};

/** The only writer of the tables `script` and `script_version`. */
export class ScriptStore {
  async insert(tx: Tx, { id, name, number, version, at, by }: ScriptHead): Promise<void> {
    await insertRows(tx, 'script', [
      {
        id,
        name,
        name_folded: foldText(name),
        current_number: number,
        version,
        created_at: at,
        created_by: by,
        changed_at: at,
        changed_by: by,
      },
    ]);
  }

  async insertVersion(tx: Tx, scriptId: string, version: NewVersion): Promise<void> {
    await insertRows(tx, 'script_version', [
      {
        id: version.id,
        script_id: scriptId,
        number: version.number,
        language: version.language,
        text_sealed: version.textSealed,
        sha256: version.sha256,
        length: version.length,
        parameters: JSON.stringify(version.parameters),
        approval_state: 0,
        author_id: version.author.id,
        author_maker_id: version.author.makerId,
        author_name: version.author.name,
        written_at: version.at,
      },
    ]);
  }

  /** With its newest version. */
  async find(on: Queryable, id: string): Promise<ScriptRow | undefined> {
    const [row] = await on.query<ScriptRow>(`${CURRENT} WHERE s.id = :id`, { id });
    return row;
  }

  /** With its newest version; no version comes or is decided on until the transaction ends. */
  async lock(tx: Tx, id: string): Promise<ScriptRow | undefined> {
    const { hint, end } = rowLock(tx.dialect, 's', 'update');
    const [locked] = await tx.query(`SELECT s.id FROM {script} s ${hint} WHERE s.id = :id ${end}`, { id });
    return locked && this.find(tx, id);
  }

  /** One of its versions, also one that is not the newest. */
  async version(on: Queryable, scriptId: string, number: number): Promise<ScriptRow | undefined> {
    const [row] = await on.query<ScriptRow>(
      `SELECT ${HEAD}, ${VERSION} FROM {script} s
       INNER JOIN {script_version} v ON v.script_id = s.id AND v.number = :number WHERE s.id = :scriptId`,
      { scriptId, number },
    );
    return row;
  }

  /** As it is sealed. */
  async sealedText(on: Queryable, versionId: string): Promise<string | undefined> {
    const [row] = await on.query<{ text_sealed: string }>(
      'SELECT text_sealed FROM {script_version} WHERE id = :versionId',
      { versionId },
    );
    return row?.text_sealed;
  }

  /** The row must be locked. */
  async change(tx: Tx, { id, name, number, version, at, by }: ScriptHead): Promise<void> {
    await tx.execute(
      `UPDATE {script} SET name = :name, name_folded = :folded, current_number = :number, version = :version,
         changed_at = :at, changed_by = :by WHERE id = :id`,
      { id, name, folded: foldText(name), number, version, at, by },
    );
  }

  async decide(tx: Tx, versionId: string, { state, approver, at, comment }: ScriptDecision): Promise<void> {
    await tx.execute(
      `UPDATE {script_version} SET approval_state = :state, approver_id = :approverId,
         approver_name = :approverName, decided_at = :at, comment = :comment WHERE id = :versionId`,
      { versionId, state, approverId: approver.id, approverName: approver.name, at, comment },
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute('DELETE FROM {script} WHERE id = :id', { id });
  }

  /** By name unless told. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  list(on: Database, request: ScriptQuery): Promise<Page<ScriptRow>> {
    return listPage<ScriptRow>(on, { model, sql: CURRENT, defaultOrder: ['name', 'id'], ...request });
  }
}
