import type { ClassModel } from '@espalier/conditions';
import type { EnrollmentLinkState } from '@espalier/contracts';
import { insertRows, type Database, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { listPage, type ListRequest } from '@espalier/query';

/** Which links to list. */
export type LinkQuery = Pick<ListRequest, 'filter' | 'orderBy' | 'limit' | 'cursor'>;

export interface NewEnrollmentLink {
  readonly id: string;
  readonly tokenHash: string;
  readonly maxUses: number;
  readonly signed: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
}

/** A link as it stands at a time. */
export interface EnrollmentLinkRow {
  readonly id: string;
  readonly state: EnrollmentLinkState;
  readonly signed: number;
  readonly max_uses: number;
  readonly uses: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number;
  readonly revoked_at: number | null;
  readonly revoked_by: string | null;
}

const SELECT = `SELECT id, signed, max_uses, uses, created_at, created_by, expires_at, revoked_at, revoked_by,
    CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= :now THEN 'expired'
      WHEN uses >= max_uses THEN 'used-up' ELSE 'usable' END AS state
  FROM {enrollment_link}`;

const model: ClassModel = {
  name: 'EnrollmentLink',
  table: 'enrollment_link',
  keyColumn: 'id',
  single: true,
  properties: [
    { name: 'id', type: 'text', column: 'id', foldedColumn: 'id' },
    { name: 'state', type: 'text', column: 'state', foldedColumn: 'state' },
    { name: 'maxUses', type: 'integer', column: 'max_uses' },
    { name: 'uses', type: 'integer', column: 'uses' },
    { name: 'signed', type: 'flag', column: 'signed' },
    { name: 'createdAt', type: 'time', column: 'created_at' },
    { name: 'createdBy', type: 'text', column: 'created_by' },
    { name: 'expiresAt', type: 'time', column: 'expires_at' },
    { name: 'revokedAt', type: 'time', column: 'revoked_at' },
    { name: 'revokedBy', type: 'text', column: 'revoked_by' },
  ],
};

/** Links that hand out enrolment profiles. Only the hash of a link's token is stored. */
export class EnrollmentLinkStore {
  constructor(private readonly db: Database) {}

  async insert(tx: Tx, link: NewEnrollmentLink): Promise<void> {
    await insertRows(tx, 'enrollment_link', [
      {
        id: link.id,
        token_hash: link.tokenHash,
        max_uses: link.maxUses,
        signed: link.signed,
        created_at: link.createdAt,
        created_by: link.createdBy,
        expires_at: link.expiresAt,
      },
    ]);
  }

  async byToken(on: Queryable, tokenHash: string, now: number): Promise<EnrollmentLinkRow | undefined> {
    const [row] = await on.query<EnrollmentLinkRow>(`${SELECT} WHERE token_hash = :tokenHash`, {
      tokenHash,
      now,
    });
    return row;
  }

  async find(on: Queryable, id: string, now: number): Promise<EnrollmentLinkRow | undefined> {
    const [row] = await on.query<EnrollmentLinkRow>(`${SELECT} WHERE id = :id`, { id, now });
    return row;
  }

  /** Newest first unless told. @throws EspalierError ESP_SITE_FILTER_INVALID, ESP_BAD_REQUEST */
  list(request: LinkQuery, now: number): Promise<Page<EnrollmentLinkRow>> {
    return listPage<EnrollmentLinkRow>(this.db, {
      model,
      sql: SELECT,
      params: { now },
      defaultOrder: ['createdAt desc', 'id'],
      now,
      ...request,
    });
  }

  /** Counts one use; false where the link is used up or over. */
  async use(tx: Tx, id: string, now: number): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE {enrollment_link} SET uses = uses + 1
       WHERE id = :id AND uses < max_uses AND expires_at > :now AND revoked_at IS NULL`,
      { id, now },
    );
    return changed > 0;
  }

  /** What was revoked before stays as it is. */
  async revoke(tx: Tx, id: string, by: string, now: number): Promise<void> {
    await tx.execute(
      'UPDATE {enrollment_link} SET revoked_at = :now, revoked_by = :by WHERE id = :id AND revoked_at IS NULL',
      { id, by, now },
    );
  }

  async prune(before: number): Promise<number> {
    return this.db.execute('DELETE FROM {enrollment_link} WHERE expires_at < :before', { before });
  }
}
