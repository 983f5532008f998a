import type { ApprovalKind } from '@espalier/contracts';
import { insertIfAbsent, rowLock, type Queryable, type Tx } from '@espalier/persistence';

/** Devices of one minute (epoch minutes). */
export type MinuteCount = readonly [minute: number, devices: number];

/** What is counted: that somebody asked for an action, that it was set going, or that they did it without a second person. */
export type CountPhase = 'asked' | 'done' | 'alone';

export interface CountKey {
  readonly administratorId: string;
  readonly kind: ApprovalKind;
  readonly phase: CountPhase;
}

const KEY = ['administrator_id', 'kind', 'phase'] as const;
const WHERE = 'administrator_id = :administratorId AND kind = :kind AND phase = :phase';

/** The only user of the table `action_count`. */
export class ActionCountStore {
  /** The counts of one person; nobody else sees or changes them until the transaction ends. */
  async lock(tx: Tx, key: CountKey, at: number): Promise<MinuteCount[]> {
    await insertIfAbsent(tx, 'action_count', KEY, {
      administrator_id: key.administratorId,
      kind: key.kind,
      phase: key.phase,
      minutes: '[]',
      counted_at: at,
    });
    const { hint, end } = rowLock(tx.dialect, 'a', 'update');
    const [row] = await tx.query<{ minutes: string }>(
      `SELECT a.minutes FROM {action_count} a ${hint} WHERE ${WHERE} ${end}`,
      { ...key },
    );
    return JSON.parse(row?.minutes ?? '[]') as MinuteCount[];
  }

  async put(tx: Tx, key: CountKey, minutes: readonly MinuteCount[], at: number): Promise<void> {
    await tx.execute(`UPDATE {action_count} SET minutes = :minutes, counted_at = :at WHERE ${WHERE}`, {
      ...key,
      minutes: JSON.stringify(minutes),
      at,
    });
  }

  /** Forgets who has done nothing since `before` (epoch ms). */
  prune(on: Queryable, before: number): Promise<number> {
    return on.execute('DELETE FROM {action_count} WHERE counted_at < :before', { before });
  }
}
