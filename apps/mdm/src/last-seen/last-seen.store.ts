import { upsert, type Database } from '@espalier/persistence';

/** Writes when enrolments were last heard of. */
export interface LastSeenStore {
  write(seen: ReadonlyMap<string, number>): Promise<void>;
}

/** A narrow table of its own: such writes must not lock or bloat the rows of enrolments. */
export class SqlLastSeenStore implements LastSeenStore {
  constructor(private readonly db: Database) {}

  async write(seen: ReadonlyMap<string, number>): Promise<void> {
    await upsert(this.db, 'last_seen', {
      key: ['enrollment_id'],
      rows: [...seen].map(([enrollment_id, seen_at]) => ({ enrollment_id, seen_at })),
    });
  }
}
