import { insertIfAbsent, rowLock, type Database, type Queryable, type Tx } from '@espalier/persistence';

export interface ApprovalClockOptions {
  readonly now: () => Date;
  /** Milliseconds that only ever grow, whatever happens to the clock of the machine. */
  readonly uptime: () => number;
}

/**
 * The time by which grants lapse and limits are counted. It never goes back, and it never stands still: where the
 * machine's clock is behind what any replica has seen, time goes on from there.
 */
export class ApprovalClock {
  #seen: { readonly at: number; readonly uptime: number } | undefined;

  constructor(private readonly options: ApprovalClockOptions) {}

  /** The time now, and that of every later look, by any replica. Holds a lock until the transaction ends. */
  async tick(tx: Tx): Promise<number> {
    await insertIfAbsent(tx, 'approval_clock', ['id'], { id: SITE, latest_at: 0 });
    const { hint, end } = rowLock(tx.dialect, 'c', 'update');
    const at = this.#later(await this.#latest(tx, hint, end));
    await tx.execute('UPDATE {approval_clock} SET latest_at = :at WHERE id = :id AND latest_at < :at', {
      id: SITE,
      at,
    });
    return at;
  }

  /** The time now, without telling anybody. */
  async peek(on: Database): Promise<number> {
    return this.#later(await this.#latest(on, '', ''));
  }

  async #latest(on: Queryable, hint: string, end: string): Promise<number> {
    const [row] = await on.query<{ latest_at: number }>(
      `SELECT c.latest_at FROM {approval_clock} c ${hint} WHERE c.id = :id ${end}`,
      { id: SITE },
    );
    return row?.latest_at ?? 0;
  }

  #later(latest: number): number {
    const uptime = this.options.uptime();
    const since = this.#seen === undefined ? 0 : this.#seen.at + (uptime - this.#seen.uptime);
    const at = Math.floor(Math.max(this.options.now().getTime(), latest, since));
    this.#seen = { at, uptime };
    return at;
  }
}

const SITE = 'site';
