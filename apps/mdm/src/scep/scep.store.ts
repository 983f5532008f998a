import { insertRows, type Database, type Tx } from '@espalier/persistence';

/** What a one-time challenge is good for. */
export type ChallengePurpose = 'enroll';

export interface NewChallenge {
  readonly hash: string;
  readonly purpose: ChallengePurpose;
  readonly linkId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface IssuedRow {
  readonly serial: string;
  readonly fingerprint: string;
  readonly subject: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuedAt: number;
  readonly transactionId: string;
  readonly publicKeyHash: string;
  readonly challengeHash: string;
  readonly certificate: Buffer;
}

/** Challenges and the certificates that they were turned into. */
export class ScepStore {
  constructor(private readonly db: Database) {}

  async addChallenge(tx: Tx, challenge: NewChallenge): Promise<void> {
    await insertRows(tx, 'scep_challenge', [
      {
        challenge_hash: challenge.hash,
        purpose: challenge.purpose,
        link_id: challenge.linkId,
        created_at: challenge.createdAt,
        expires_at: challenge.expiresAt,
      },
    ]);
  }

  /** Uses the challenge up; false where it is unknown, used, expired, or for another purpose. */
  async consume(tx: Tx, hash: string, purpose: ChallengePurpose, now: number): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE {scep_challenge} SET used_at = :now
       WHERE challenge_hash = :hash AND purpose = :purpose AND used_at IS NULL AND expires_at > :now`,
      { hash, purpose, now },
    );
    return changed > 0;
  }

  /** What was handed out under a link and nobody has used yet is good for nothing any more. */
  async withdraw(tx: Tx, linkId: string): Promise<void> {
    await tx.execute('DELETE FROM {scep_challenge} WHERE link_id = :linkId AND used_at IS NULL', { linkId });
  }

  async addCertificate(tx: Tx, issued: IssuedRow): Promise<void> {
    await insertRows(tx, 'identity_certificate', [
      {
        serial: issued.serial,
        fingerprint: issued.fingerprint,
        subject: issued.subject.slice(0, 400),
        not_before: issued.notBefore,
        not_after: issued.notAfter,
        issued_at: issued.issuedAt,
        transaction_id: issued.transactionId,
        public_key_hash: issued.publicKeyHash,
        challenge_hash: issued.challengeHash,
        certificate: issued.certificate,
      },
    ]);
  }

  /** The certificate that the same request was answered with before: its answer got lost on the way. */
  async issuedBefore(
    tx: Tx,
    request: {
      readonly challengeHash: string;
      readonly transactionId: string;
      readonly publicKeyHash: string;
    },
  ): Promise<Buffer | undefined> {
    const [row] = await tx.query<{ certificate: Buffer }>(
      `SELECT certificate FROM {identity_certificate}
       WHERE challenge_hash = :challengeHash AND transaction_id = :transactionId AND public_key_hash = :publicKeyHash`,
      { ...request },
    );
    return row?.certificate;
  }

  /** Forgets certificates that ended before `before`, unless a device still speaks with one. */
  async pruneCertificates(before: number): Promise<number> {
    return this.db.execute(
      `DELETE FROM {identity_certificate} WHERE not_after < :before AND NOT EXISTS
         (SELECT 1 FROM {enrollment} e WHERE e.fingerprint = {identity_certificate}.fingerprint)`,
      { before },
    );
  }

  /** Forgets challenges that expired before `before`. */
  async prune(before: number): Promise<number> {
    return this.db.execute('DELETE FROM {scep_challenge} WHERE expires_at < :before', { before });
  }
}
