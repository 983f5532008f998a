import type { ClassModel } from '@espalier/conditions';
import type { Actor, AuditOutcome, AuditRecord, AuditTarget } from '@espalier/contracts';
import {
  insertRows,
  limitSql,
  type Database,
  type Page,
  type Queryable,
  type Tx,
} from '@espalier/persistence';
import { listPage } from '@espalier/query';
import { canonicalJson } from './audit.canonical.js';
import type { AuditDetail } from './audit.entry.js';

/** What a list is asked for: `listQuery` as it came, and exact conditions that an index serves. */
export interface AuditListRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly filter?: string | undefined;
  readonly orderBy?: string | undefined;
  readonly actorId?: string | undefined;
  readonly target?: { readonly type: string; readonly id: string } | undefined;
}

interface Row {
  readonly sequence: number;
  readonly at: number;
  readonly action: string;
  readonly outcome: string;
  readonly actor_type: string | null;
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly actor_ip: string | null;
  readonly actor_auth: string | null;
  readonly credential_id: string | null;
  readonly address: string;
  readonly request_id: string;
  readonly approval_id: string | null;
  readonly error_code: string | null;
  readonly targets: string;
  readonly details: string;
  readonly prev_hash: string;
  readonly hash: string;
}

/** What lists can be filtered and ordered by; texts are compared exactly. */
const model: ClassModel = {
  name: 'AuditRecord',
  table: 'audit_record',
  keyColumn: 'sequence',
  single: true,
  properties: [
    { name: 'sequence', type: 'integer', column: 'sequence' },
    { name: 'at', type: 'time', column: 'at' },
    ...(
      [
        ['action', 'action'],
        ['outcome', 'outcome'],
        ['actorType', 'actor_type'],
        ['actorId', 'actor_id'],
        ['actorName', 'actor_name'],
        ['credentialId', 'credential_id'],
        ['address', 'address'],
        ['requestId', 'request_id'],
        ['approvalId', 'approval_id'],
        ['errorCode', 'error_code'],
      ] as const
    ).map(([name, column]) => ({ name, type: 'text' as const, column })),
  ],
};

const COLUMNS = `r.sequence, r.at, r.action, r.outcome, r.actor_type, r.actor_id, r.actor_name, r.actor_ip,
  r.actor_auth, r.credential_id, r.address, r.request_id, r.approval_id, r.error_code, r.targets, r.details,
  r.prev_hash, r.hash`;

/**
 * The only user of `audit_record` and `audit_target`. Nothing here changes a record, and nothing but retention
 * deletes any.
 */
export class AuditStore {
  constructor(private readonly db: Database) {}

  /** Appends records, which must follow the head; whoever calls holds it. */
  async insert(tx: Tx, records: readonly AuditRecord[]): Promise<void> {
    await insertRows(tx, 'audit_record', records.map(toRow));
    const targets = records.flatMap(({ sequence, targets: about }) => [
      ...new Map(about.map(({ type, id }) => [`${type}:${id}`, { type, target_id: id, sequence }])).values(),
    ]);
    if (targets.length > 0) await insertRows(tx, 'audit_target', targets);
  }

  /** Newest first unless ordered otherwise. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(request: AuditListRequest): Promise<Page<AuditRecord>> {
    const { actorId, target, ...rest } = request;
    const join =
      target === undefined
        ? ''
        : 'JOIN {audit_target} t ON t.sequence = r.sequence AND t.type = :targetType AND t.target_id = :targetId';
    const where = actorId === undefined ? '' : 'WHERE r.actor_id = :actorId';
    const { rows, next } = await listPage<Row>(this.db, {
      ...rest,
      model,
      sql: `SELECT ${COLUMNS} FROM {audit_record} r ${join} ${where}`,
      params: {
        ...(target !== undefined && { targetType: target.type, targetId: target.id }),
        ...(actorId !== undefined && { actorId }),
      },
      defaultOrder: ['sequence desc'],
    });
    return { rows: rows.map(toRecord), ...(next !== undefined && { next }) };
  }

  async find(sequence: number): Promise<AuditRecord | undefined> {
    const [record] = await this.read(this.db, sequence, sequence, 1);
    return record;
  }

  /** Records in the order of the chain. */
  async read(on: Queryable, from: number, through: number, limit: number): Promise<AuditRecord[]> {
    const rows = await on.query<Row>(
      `SELECT ${COLUMNS} FROM {audit_record} r WHERE r.sequence >= :from AND r.sequence <= :through
       ORDER BY r.sequence ${limitSql(on.dialect, limit)}`,
      { from, through },
    );
    return rows.map(toRecord);
  }

  /** Sequence of the oldest record that is left. */
  async oldest(on: Queryable): Promise<number | undefined> {
    const [row] = await on.query<{ sequence: number | null }>(
      'SELECT MIN(sequence) AS sequence FROM {audit_record}',
    );
    return row?.sequence ?? undefined;
  }

  /** Sequence of the newest record; 0 where there is none. */
  async newest(on: Queryable): Promise<number> {
    const [row] = await on.query<{ sequence: number | null }>(
      'SELECT MAX(sequence) AS sequence FROM {audit_record}',
    );
    return row?.sequence ?? 0;
  }

  /** For retention alone; how many records went. */
  async deleteThrough(tx: Tx, sequence: number): Promise<number> {
    await tx.execute('DELETE FROM {audit_target} WHERE sequence <= :sequence', { sequence });
    return tx.execute('DELETE FROM {audit_record} WHERE sequence <= :sequence', { sequence });
  }
}

const toRow = (record: AuditRecord) => ({
  sequence: record.sequence,
  at: record.at,
  action: record.action,
  outcome: record.outcome,
  actor_type: record.actor?.type ?? null,
  actor_id: record.actor?.id ?? null,
  actor_name: record.actor?.name ?? null,
  actor_ip: record.actor?.ip ?? null,
  actor_auth: record.actor?.auth ?? null,
  credential_id: record.credentialId,
  address: record.address,
  request_id: record.requestId,
  approval_id: record.approvalId,
  error_code: record.errorCode,
  targets: canonicalJson(record.targets),
  details: canonicalJson(record.details),
  prev_hash: record.prevHash,
  hash: record.hash,
});

/** What stands in the row, however it came there: telling whether it is what was written is for the hash. */
const toRecord = (row: Row): AuditRecord => ({
  sequence: row.sequence,
  at: row.at,
  action: row.action,
  outcome: row.outcome as AuditOutcome,
  actor:
    row.actor_type === null
      ? null
      : {
          type: row.actor_type as Actor['type'],
          id: row.actor_id ?? '',
          name: row.actor_name ?? '',
          ip: row.actor_ip,
          auth: row.actor_auth,
        },
  credentialId: row.credential_id,
  address: row.address,
  targets: parsed<AuditTarget[]>(row.targets, (text) => [{ type: UNREADABLE, id: text, name: null }]),
  requestId: row.request_id,
  approvalId: row.approval_id,
  errorCode: row.error_code,
  details: parsed<Record<string, AuditDetail>>(row.details, (text) => ({ [UNREADABLE]: text })),
  prevHash: row.prev_hash,
  hash: row.hash,
});

/** Type of a target, or key of a detail, that was overwritten with what is no JSON: never written by us. */
const UNREADABLE = '(unreadable)';

function parsed<T>(text: string, unreadable: (text: string) => T): T {
  try {
    const value: unknown = JSON.parse(text);
    // Other spellings of the same value were not written by us, nor other shapes.
    if (canonicalJson(value) === text && shapeOf(value) === shapeOf(unreadable(''))) return value as T;
  } catch {
    return unreadable(text);
  }
  return unreadable(text);
}

const shapeOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
