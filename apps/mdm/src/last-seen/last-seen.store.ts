import { upsert, type Database } from '@espalier/persistence';

/** When enrolments were last heard of: a narrow table, so that such writes lock and bloat no rows of enrolments. */
export class LastSeenStore {
  constructor(private readonly db: Database) {}

  /** @param seen epoch milliseconds by enrolment id */
  async write(seen: ReadonlyMap<string, number>): Promise<void> {
    await upsert(this.db, 'last_seen', {
      key: ['enrollment_id'],
      rows: [...seen].map(([enrollment_id, seen_at]) => ({ enrollment_id, seen_at })),
    });
  }
}
