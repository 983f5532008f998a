import type { ApprovalState } from '@espalier/contracts';
import type { ClassModel } from '@espalier/conditions';
import { insertRows, limitSql, rowLock, type Database, type Queryable, type Tx } from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';
import { toApproval, type ApprovalRow, type StoredApproval } from './approval.rows.js';

/** What changes of an approval in its life. */
export type ApprovalChange = Partial<
  Pick<
    StoredApproval,
    | 'state'
    | 'decidedAt'
    | 'decidedBy'
    | 'decisionReason'
    | 'jobId'
    | 'begunAt'
    | 'finishedAt'
    | 'outcome'
    | 'resultIds'
  >
>;

/** Which approvals a list shows. */
export interface ApprovalView {
  /** Those that this administrator asked for. */
  readonly requestedBy?: string | undefined;
  /** Those that wait for a decision that this administrator may take. */
  readonly waitingFor?: string | undefined;
}

const COLUMNS = [
  'id, kind, state, params_sealed, summary, targets, device_count, reason, requester_id, requester_name',
  'requester_maker_id, requester_actor, requester_title, credential_id, request_key, created_at, expires_at',
  'decided_at, decided_by_id, decided_by_name, decision_reason, job_id, begun_at, finished_at, outcome',
  'result_ids, version',
].join(', ');
const SELECT = `SELECT ${COLUMNS.split(', ')
  .map((name) => `a.${name}`)
  .join(', ')} FROM {approval} a`;
const OPEN: ReadonlySet<ApprovalState> = new Set(['needs-approval', 'approved']);
const OUTCOME_LENGTH = 500;

/** What lists can be filtered and ordered by. Ids, kinds and states are lower case anyway. */
const model: ClassModel = {
  name: 'Approval',
  table: 'approval',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id', foldedColumn: 'id' },
    { name: 'kind', type: 'text', column: 'kind', foldedColumn: 'kind' },
    { name: 'state', type: 'text', column: 'state', foldedColumn: 'state' },
    { name: 'deviceCount', type: 'integer', column: 'device_count' },
    { name: 'requesterId', type: 'text', column: 'requester_id', foldedColumn: 'requester_id' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'expiresAt', type: 'time', column: 'expires_at' },
    { name: 'finishedAt', type: 'time', column: 'finished_at' },
  ],
};

/** The only user of the table `approval`. */
export class ApprovalStore {
  async insert(tx: Tx, approval: StoredApproval): Promise<void> {
    await insertRows(tx, 'approval', [
      {
        id: approval.id,
        kind: approval.kind,
        state: approval.state,
        params_sealed: approval.paramsSealed,
        summary: approval.summary,
        targets: JSON.stringify(approval.targets),
        device_count: approval.deviceCount,
        reason: approval.reason,
        requester_id: approval.requester.id,
        requester_name: approval.requester.name,
        requester_maker_id: approval.requesterMakerId,
        requester_actor: JSON.stringify(approval.requesterActor),
        requester_title: approval.requesterTitle,
        credential_id: approval.credentialId,
        request_key: approval.requestKey,
        created_at: approval.createdAt,
        expires_at: approval.expiresAt,
        result_ids: JSON.stringify(approval.resultIds),
      },
    ]);
  }

  async find(on: Queryable, id: string): Promise<StoredApproval | undefined> {
    const [row] = await on.query<ApprovalRow>(`${SELECT} WHERE a.id = :id`, { id });
    return row && toApproval(row);
  }

  async lock(tx: Tx, id: string): Promise<StoredApproval | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'a', 'update');
    const [row] = await tx.query<ApprovalRow>(`${SELECT} ${hint} WHERE a.id = :id ${end}`, { id });
    return row && toApproval(row);
  }

  async findByRequest(on: Queryable, credentialId: string, key: string): Promise<StoredApproval | undefined> {
    const [row] = await on.query<ApprovalRow>(
      `${SELECT} WHERE a.credential_id = :credentialId AND a.request_key = :key`,
      { credentialId, key },
    );
    return row && toApproval(row);
  }

  /** Ids of those that lapse at this time, oldest first. */
  async due(on: Queryable, at: number, limit: number): Promise<string[]> {
    const rows = await on.query<{ id: string }>(
      `SELECT id FROM {approval} WHERE is_open = 1 AND expires_at <= :at ORDER BY expires_at
       ${limitSql(on.dialect, limit)}`,
      { at },
    );
    return rows.map(({ id }) => id);
  }

  /** Gives the approval as it is then; the row must be locked. */
  async change(tx: Tx, before: StoredApproval, change: ApprovalChange): Promise<StoredApproval> {
    const after = { ...before, ...change, version: before.version + 1 };
    const outcome = after.outcome === null ? null : after.outcome.slice(0, OUTCOME_LENGTH);
    await tx.execute(
      `UPDATE {approval} SET state = :state, decided_at = :decidedAt, decided_by_id = :deciderId,
         decided_by_name = :deciderName, decision_reason = :decisionReason, job_id = :jobId, begun_at = :begunAt,
         finished_at = :finishedAt, outcome = :outcome, result_ids = :resultIds, version = :version, is_open = :open
       WHERE id = :id`,
      {
        id: after.id,
        state: after.state,
        decidedAt: after.decidedAt,
        deciderId: after.decidedBy?.id ?? null,
        deciderName: after.decidedBy?.name ?? null,
        decisionReason: after.decisionReason,
        jobId: after.jobId,
        begunAt: after.begunAt,
        finishedAt: after.finishedAt,
        outcome,
        resultIds: JSON.stringify(after.resultIds),
        version: after.version,
        open: OPEN.has(after.state),
      },
    );
    return { ...after, outcome };
  }

  /** Newest first unless told. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  async list(
    on: Database,
    view: ApprovalView,
    request: Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>,
  ): Promise<{ items: StoredApproval[]; nextCursor?: string }> {
    const conditions = [
      ...(view.requestedBy === undefined ? [] : ['a.requester_id = :requestedBy']),
      ...(view.waitingFor === undefined
        ? []
        : [
            `a.state = 'needs-approval' AND a.is_open = 1 AND a.requester_id <> :waitingFor
             AND (a.requester_maker_id IS NULL OR a.requester_maker_id <> :waitingFor)`,
          ]),
    ];
    const { requestedBy, waitingFor } = view;
    const { rows, next } = await listPage<ApprovalRow>(on, {
      model,
      sql: `${SELECT} ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}`,
      params: {
        ...(requestedBy !== undefined && { requestedBy }),
        ...(waitingFor !== undefined && { waitingFor }),
      },
      defaultOrder: ['createdAt desc', 'id'],
      ...request,
    });
    return { items: rows.map(toApproval), ...(next !== undefined && { nextCursor: next }) };
  }

  /** Forgets approvals that came to their end before this time (epoch ms); at most `limit` at once. */
  async prune(on: Queryable, before: number, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM {approval} WHERE id IN (SELECT id FROM {approval}
       WHERE is_open = 0 AND created_at < :before AND finished_at < :before ORDER BY created_at
       ${limitSql(on.dialect, limit)})`,
      { before },
    );
  }
}
