import { devicesSeen } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import { upsert, type Database, type Tx } from '@espalier/persistence';

export interface LastSeenStoreOptions {
  readonly db: Database;
  readonly events: EventPublisher<Tx>;
}

/** Others need not know to the second. */
const TOLD_EVERY_MS = 60_000;
/** Ids may be long: so many fit into a message in any case. */
const TOLD_AT_ONCE = 500;

/** When enrolments were last heard of: a narrow table, so that such writes lock and bloat no rows of enrolments. */
export class LastSeenStore {
  /** When others were last told of an enrolment, for those of the last minute. */
  readonly #told = new Map<string, number>();

  constructor(private readonly options: LastSeenStoreOptions) {}

  /** @param seen epoch milliseconds by enrolment id */
  async write(seen: ReadonlyMap<string, number>): Promise<void> {
    const { db, events } = this.options;
    const news = [...seen].filter(([id, at]) => at - (this.#told.get(id) ?? -TOLD_EVERY_MS) >= TOLD_EVERY_MS);
    await db.transaction(async (tx) => {
      await upsert(tx, 'last_seen', {
        key: ['enrollment_id'],
        rows: [...seen].map(([enrollment_id, seen_at]) => ({ enrollment_id, seen_at })),
      });
      const messages: { seen: { enrollmentId: string; at: number }[] }[] = [];
      for (let from = 0; from < news.length; from += TOLD_AT_ONCE)
        messages.push({
          seen: news.slice(from, from + TOLD_AT_ONCE).map(([enrollmentId, at]) => ({ enrollmentId, at })),
        });
      await events.publishAll(tx, devicesSeen, messages);
    });
    this.#remember(news);
  }

  #remember(news: readonly (readonly [string, number])[]): void {
    const newest = news.reduce((latest, [, at]) => Math.max(latest, at), 0);
    for (const [id, at] of this.#told) if (newest - at >= TOLD_EVERY_MS) this.#told.delete(id);
    for (const [id, at] of news) this.#told.set(id, at);
  }
}
