import { insertIfAbsent, type Queryable, type Tx } from '@espalier/persistence';

/** What was said, so that it is said once. */
export class NoticeStore {
  /** True the first time. */
  claim(tx: Tx, subject: string, now: number): Promise<boolean> {
    return insertIfAbsent(tx, 'notice', ['subject'], { subject, said_at: now });
  }

  prune(on: Queryable, before: number): Promise<number> {
    return on.execute('DELETE FROM {notice} WHERE said_at < :before', { before });
  }
}
