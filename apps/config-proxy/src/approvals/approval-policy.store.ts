import type { ApprovalKind, ApprovalPolicySettings } from '@espalier/contracts';
import { rowLock, upsert, type Queryable, type Tx } from '@espalier/persistence';

/** A policy that is not as shipped. */
export interface StoredPolicy extends ApprovalPolicySettings {
  readonly kind: ApprovalKind;
  readonly version: number;
  readonly changedAt: number;
  readonly changedBy: string;
}

interface Row {
  readonly kind: ApprovalKind;
  readonly required: number;
  readonly threshold: number;
  readonly expiry_hours: number;
  readonly hourly_cap: number | null;
  readonly alone_cap: number | null;
  readonly version: number;
  readonly changed_at: number;
  readonly changed_by: string;
}

const SELECT = `SELECT p.kind, p.required, p.threshold, p.expiry_hours, p.hourly_cap, p.alone_cap, p.version,
  p.changed_at, p.changed_by FROM {approval_policy} p`;

/** The only user of the table `approval_policy`. */
export class ApprovalPolicyStore {
  async all(on: Queryable): Promise<StoredPolicy[]> {
    return (await on.query<Row>(SELECT)).map(toPolicy);
  }

  async find(on: Queryable, kind: ApprovalKind): Promise<StoredPolicy | undefined> {
    const [row] = await on.query<Row>(`${SELECT} WHERE p.kind = :kind`, { kind });
    return row && toPolicy(row);
  }

  async lock(tx: Tx, kind: ApprovalKind): Promise<StoredPolicy | undefined> {
    const { hint, end } = rowLock(tx.dialect, 'p', 'update');
    const [row] = await tx.query<Row>(`${SELECT} ${hint} WHERE p.kind = :kind ${end}`, { kind });
    return row && toPolicy(row);
  }

  async put(tx: Tx, policy: StoredPolicy): Promise<void> {
    await upsert(tx, 'approval_policy', {
      key: ['kind'],
      rows: [
        {
          kind: policy.kind,
          required: policy.required ? 1 : 0,
          threshold: policy.threshold,
          expiry_hours: policy.expiryHours,
          hourly_cap: policy.hourlyCap,
          alone_cap: policy.aloneCap ?? null,
          version: policy.version,
          changed_at: policy.changedAt,
          changed_by: policy.changedBy,
        },
      ],
    });
  }
}

const toPolicy = (row: Row): StoredPolicy => ({
  kind: row.kind,
  required: row.required === 1,
  threshold: row.threshold,
  expiryHours: row.expiry_hours,
  hourlyCap: row.hourly_cap,
  aloneCap: row.alone_cap,
  version: row.version,
  changedAt: row.changed_at,
  changedBy: row.changed_by,
});
