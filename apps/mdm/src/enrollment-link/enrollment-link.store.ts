import { insertRows, type Database, type Tx } from '@espalier/persistence';

export interface NewEnrollmentLink {
  readonly id: string;
  readonly tokenHash: string;
  readonly maxUses: number;
  readonly signed: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
}

export interface EnrollmentLinkRow {
  readonly id: string;
  readonly signed: number;
  readonly max_uses: number;
  readonly uses: number;
  readonly expires_at: number;
}

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

  async find(tx: Tx, tokenHash: string): Promise<EnrollmentLinkRow | undefined> {
    const [row] = await tx.query<EnrollmentLinkRow>(
      'SELECT id, signed, max_uses, uses, expires_at FROM {enrollment_link} WHERE token_hash = :tokenHash',
      { tokenHash },
    );
    return row;
  }

  /** Counts one use; false where the link is used up or over. */
  async use(tx: Tx, id: string, now: number): Promise<boolean> {
    const changed = await tx.execute(
      'UPDATE {enrollment_link} SET uses = uses + 1 WHERE id = :id AND uses < max_uses AND expires_at > :now',
      { id, now },
    );
    return changed > 0;
  }

  async prune(before: number): Promise<number> {
    return this.db.execute('DELETE FROM {enrollment_link} WHERE expires_at < :before', { before });
  }
}
