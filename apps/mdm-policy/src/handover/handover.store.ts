import { claimRows, insertRows, type Database, type Queryable, type Tx } from '@espalier/persistence';
import type { InventoryKind } from '@espalier/contracts';
import type { DeclaredItem } from '../planner/planner.types.js';

/** What the devices are asked behind a command, by the same call. */
export interface AskedBehind {
  readonly thenAsk?: readonly InventoryKind[];
}

/** What is asked of mdm for several enrolments at once. */
export type HandoverSpec =
  | ({ readonly type: 'install'; readonly ciId: string; readonly revision: number } & AskedBehind)
  | ({ readonly type: 'remove'; readonly identifier: string } & AskedBehind)
  /** `resync` is missing in what earlier versions noted. */
  | { readonly type: 'declare'; readonly set: readonly DeclaredItem[]; readonly resync?: boolean }
  | { readonly type: 'ask'; readonly kinds: readonly InventoryKind[] };

/** A call to mdm that is due. It is stored before it is made, so that a crash in between repeats the same call. */
export interface Handover {
  /** Also mdm's request id. */
  readonly id: string;
  readonly spec: HandoverSpec;
  readonly enrollmentIds: readonly string[];
  readonly attempts: number;
}

interface HandoverRow {
  readonly id: string;
  readonly rank: number;
  readonly created_at: number;
  readonly spec: string;
  readonly enrollment_ids: string;
  readonly attempts: number;
}

const COMMANDS_FIRST = 0;
const QUESTIONS_LAST = 1;

/** Calls to mdm that have not been answered. */
export class HandoverStore {
  constructor(private readonly db: Database) {}

  async add(tx: Tx, handovers: readonly Omit<Handover, 'attempts'>[], now: number): Promise<void> {
    await insertRows(
      tx,
      'handover',
      handovers.map(({ id, spec, enrollmentIds }) => ({
        id,
        kind: spec.type,
        rank: spec.type === 'ask' ? QUESTIONS_LAST : COMMANDS_FIRST,
        spec: JSON.stringify(spec),
        enrollment_ids: JSON.stringify(enrollmentIds),
        enrollment_count: enrollmentIds.length,
        created_at: now,
        due_at: now,
      })),
    );
  }

  /** Takes due ones, commands before questions; until `leaseUntil` no other replica gets them. */
  async claim(now: number, leaseUntil: number, limit: number): Promise<Handover[]> {
    const rows = await claimRows<HandoverRow>(this.db, {
      table: 'handover',
      where: 'due_at <= :now',
      set: 'due_at = :leaseUntil, attempts = attempts + 1',
      params: { now, leaseUntil },
      orderBy: ['rank', 'created_at', 'id'],
      columns: ['id', 'rank', 'created_at', 'spec', 'enrollment_ids', 'attempts'],
      limit,
    });
    return rows.map(({ id, spec, enrollment_ids, attempts }) => ({
      id,
      spec: JSON.parse(spec) as HandoverSpec,
      enrollmentIds: JSON.parse(enrollment_ids) as string[],
      attempts,
    }));
  }

  /** True the first time only. */
  async finish(on: Queryable, id: string): Promise<boolean> {
    return (await on.execute('DELETE FROM {handover} WHERE id = :id', { id })) > 0;
  }

  async postpone(id: string, dueAt: number): Promise<void> {
    await this.db.execute('UPDATE {handover} SET due_at = :dueAt WHERE id = :id', { id, dueAt });
  }
}
