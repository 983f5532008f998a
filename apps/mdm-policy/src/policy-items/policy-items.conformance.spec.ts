import type { Database } from '@espalier/persistence';
import { describeOnEachDatabase } from '@espalier/testing';
import { mdmPolicyMigrations } from '../migrations/index.js';
import type { ManagedItem } from '../planner/planner.types.js';
import { NoticeStore } from '../rollouts/notice.store.js';
import { AssignmentStore, type AssignmentRow } from './assignment.store.js';
import { EarlyCompletionStore } from './early-completion.store.js';
import { ManagedItemStore } from './managed-item.store.js';

const T = 1_000_000;

/** What is remembered of items and of deployments to enrolments, and what is to be said or heard once. */
describeOnEachDatabase('the stores of policy items', { migrations: mdmPolicyMigrations }, (open) => {
  let db: Database;
  beforeEach(async () => {
    db = await open();
  });

  it('finds items whose commands wait for long, page by page, and none that is over', async () => {
    const store = new ManagedItemStore();
    const queued = (identifier: string, queuedAt: number): ManagedItem =>
      ({ kind: 'profile', identifier, phase: 'queued', queuedAt }) as ManagedItem;
    const items = new Map([
      ['A', [queued('x', T), queued('y', T), { ...queued('z', T), phase: 'acknowledged' } as ManagedItem]],
      ['B', [queued('x', T + 1), queued('y', T + 9)]],
    ]);
    await db.transaction((tx) => store.replace(tx, new Map(), items));
    const names = (rows: readonly { enrollmentId: string; item: ManagedItem }[]): string[] =>
      rows.map(({ enrollmentId, item }) => `${enrollmentId}${item.identifier}`);
    const first = await store.queuedBefore(db, T + 5, 2, undefined);
    expect(names(first.rows).sort()).toEqual(['Ax', 'Ay']);
    const second = await store.queuedBefore(db, T + 5, 2, first.next);
    expect(second).toMatchObject({ rows: [{ enrollmentId: 'B' }] });
    expect(second.next).toBeUndefined();
    const [x, y] = items.get('A') as [ManagedItem, ManagedItem];
    const over = new Map([['A', [{ ...x, phase: 'acknowledged' } as ManagedItem, y]]]);
    await db.transaction((tx) => store.replace(tx, items, over));
    expect(names((await store.queuedBefore(db, T + 1, 9, undefined)).rows)).toEqual(['Ay']);
  });

  it('replaces the items of enrolments: what is new is written, what is gone deleted', async () => {
    const store = new ManagedItemStore();
    const [one, two] = ['a', 'b'].map(
      (identifier) => ({ kind: 'profile', identifier, goal: 'present' }) as ManagedItem,
    );
    await db.transaction((tx) =>
      store.replace(
        tx,
        new Map(),
        new Map([
          ['A', [one as ManagedItem]],
          ['B', [one as ManagedItem]],
        ]),
      ),
    );
    const before = await store.load(db, ['A', 'B']);
    expect(before).toEqual(
      new Map([
        ['A', [one]],
        ['B', [one]],
      ]),
    );
    await db.transaction((tx) =>
      store.replace(
        tx,
        before,
        new Map([
          ['A', [two as ManagedItem]],
          ['B', before.get('B') ?? []],
        ]),
      ),
    );
    expect(await store.load(db, ['A', 'B'])).toEqual(
      new Map([
        ['A', [two]],
        ['B', [one]],
      ]),
    );
  });

  it('counts how a deployment stands', async () => {
    const store = new AssignmentStore();
    const row = (enrollment_id: string, outcome: AssignmentRow['outcome']): AssignmentRow => ({
      enrollment_id,
      deployment_id: 'D',
      targeted_at: T,
      evaluated_at: null,
      outcome,
      told: { 302: 'x' },
    });
    await db.transaction((tx) =>
      store.save(tx, [row('A', 'success'), row('B', 'error'), row('C', 'success')]),
    );
    expect(await store.countOutcomes(db, 'D')).toEqual({ success: 2, error: 1 });
    expect(await store.hasOutcome(db, 'D', 'in-progress')).toBe(false);
    expect(await store.hasOutcome(db, 'D', 'error')).toBe(true);
    await db.transaction((tx) => store.remove(tx, [row('A', 'success'), row('B', 'success')]));
    expect([...(await store.load(db, ['A', 'B', 'C'])).values()]).toEqual([[row('C', 'success')]]);
  });

  it('says a thing once, and keeps what came too early until it is asked for', async () => {
    const [notices, early] = [new NoticeStore(), new EarlyCompletionStore()];
    expect(await db.transaction((tx) => notices.claim(tx, 'x', T))).toBe(true);
    expect(await db.transaction((tx) => notices.claim(tx, 'x', T))).toBe(false);
    const completion = {
      state: 'acknowledged' as const,
      at: T,
      pushedAt: null,
      fetchedAt: null,
      error: null,
    };
    await db.transaction((tx) => early.keep(tx, new Map([['c', completion]]), T));
    expect(await db.transaction((tx) => early.take(tx, ['c', 'd']))).toEqual(new Map([['c', completion]]));
    expect(await db.transaction((tx) => early.take(tx, ['c']))).toEqual(new Map());
  });
});
