import { upsert, type Queryable, type Tx } from '@espalier/persistence';
import { IDS_AT_ONCE } from '../agenda/agenda.store.js';
import type { Completion } from '../planner/observe.js';

/** Ends of commands that were told of before mdm's answer, which names the command, was noted. */
export class EarlyCompletionStore {
  async keep(tx: Tx, completions: ReadonlyMap<string, Completion>, now: number): Promise<void> {
    await upsert(tx, 'early_completion', {
      key: ['command_id'],
      rows: [...completions].map(([id, completion]) => ({
        command_id: id,
        completion: JSON.stringify(completion),
        heard_at: now,
      })),
    });
  }

  /** Gives and deletes. The enrolments must be locked: then none comes in between. */
  async take(tx: Tx, commandIds: readonly string[]): Promise<Map<string, Completion>> {
    const found = new Map<string, Completion>();
    for (let from = 0; from < commandIds.length; from += IDS_AT_ONCE) {
      const rows = await tx.query<{ command_id: string; completion: string }>(
        'SELECT command_id, completion FROM {early_completion} WHERE command_id IN (:ids)',
        { ids: commandIds.slice(from, from + IDS_AT_ONCE) },
      );
      for (const row of rows) found.set(row.command_id, JSON.parse(row.completion) as Completion);
    }
    const ids = [...found.keys()];
    if (ids.length > 0)
      await tx.execute('DELETE FROM {early_completion} WHERE command_id IN (:ids)', { ids });
    return found;
  }

  prune(on: Queryable, before: number): Promise<number> {
    return on.execute('DELETE FROM {early_completion} WHERE heard_at < :before', { before });
  }
}
