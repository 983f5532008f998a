import {
  inventoryKindSchema,
  type Enrollment,
  type InventoryKind,
  type requestInventory,
} from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { z } from 'zod';
import type { IntakeService, QueueOrder } from '../command-queue/intake.service.js';
import type { EnrollmentTarget } from '../enrollment/enrollment.store.js';
import { platformOf } from '../enrollment/platform.js';
import type { PushScheduler } from '../push/push.service.js';
import type { InventoryStore } from './inventory.store.js';
import type { StandingCommands } from './standing-commands.js';

export interface InventoryServiceOptions {
  readonly db: Database;
  readonly store: InventoryStore;
  readonly intake: IntakeService;
  readonly standing: StandingCommands;
  readonly push: PushScheduler;
  readonly now: () => Date;
  /** From 0 to 1, without 1. */
  readonly random: () => number;
  /** Time between two rounds; 0 asks nothing by itself. */
  readonly everyMs: number;
}

const DAY_MS = 86_400_000;
const ALL_KINDS = inventoryKindSchema.options;
/** A list of applications is long and changes seldom: ConfigMgr too takes software inventory once a week. */
const ROUNDS_BETWEEN_APPLICATIONS = 7;
const CREATED_BY = 'inventory';

/** Asks devices for facts: when they enrol, again and again, and on request. */
export class InventoryService {
  constructor(private readonly options: InventoryServiceOptions) {}

  /**
   * Asks for everything, as part of what enrols. The rounds begin at a time of their own for each enrolment, so that
   * devices that enrolled together do not answer together for ever.
   */
  async begin(tx: Tx, enrollment: Enrollment, at: number): Promise<void> {
    const { store, intake, random, everyMs } = this.options;
    const period = everyMs === 0 ? DAY_MS : everyMs;
    const dueAt = at + Math.round(period * (0.5 + random()));
    await store.schedule(tx, enrollment.id, dueAt, Math.floor(random() * ROUNDS_BETWEEN_APPLICATIONS));
    if (everyMs === 0) return;
    const { id, kind, state, model, productName } = enrollment;
    const target = { id, kind, state, model, product_name: productName };
    // The push comes with the token that is being stored.
    await intake.enqueue(
      tx,
      await this.#orders(tx, target, kindsFor(target, ALL_KINDS), CREATED_BY, at),
      false,
    );
  }

  /** Asks for what the enrolments are not being asked already. */
  request(
    request: z.output<typeof requestInventory.request>,
  ): Promise<z.output<typeof requestInventory.response>> {
    const { enrollmentIds, kinds, createdBy, push } = request;
    return this.options.db.transaction(async (tx) => {
      // Two requests at once must not both find that nothing waits.
      const { targets, skipped } = await this.options.intake.targets(tx, enrollmentIds, 'skip', 'update');
      const wanted = new Map(targets.map((target) => [target, kindsFor(target, kinds)]));
      return { queued: await this.#ask(tx, wanted, createdBy, push), skipped };
    });
  }

  /** Asks for it, unless that waits already, where a command wakes the devices anyway. */
  async askBehind(
    tx: Tx,
    targets: readonly EnrollmentTarget[],
    kinds: readonly InventoryKind[],
    createdBy: string,
  ): Promise<void> {
    if (kinds.length === 0) return;
    const wanted = new Map(targets.map((target) => [target, kindsFor(target, kinds)]));
    await this.#ask(tx, wanted, createdBy, false);
  }

  /** The next round of at most `limit` enrolments that are due; how many there were. */
  async askDue(limit: number): Promise<number> {
    const { db, store, intake, now, everyMs } = this.options;
    return db.transaction(async (tx) => {
      const due = await store.takeDue(tx, now().getTime(), everyMs, limit);
      if (due.length === 0) return 0;
      const roundOf = new Map(due.map((row) => [row.enrollment_id, row.rounds]));
      const { targets, skipped } = await intake.targets(tx, [...roundOf.keys()], 'skip', 'update');
      await store.unschedule(tx, skipped);
      const wanted = new Map(
        targets.map((target) => [target, kindsFor(target, kindsOfRound(roundOf.get(target.id) ?? 0))]),
      );
      await this.#ask(tx, wanted, CREATED_BY, true);
      return due.length;
    });
  }

  async #ask(
    tx: Tx,
    wanted: ReadonlyMap<EnrollmentTarget, readonly InventoryKind[]>,
    createdBy: string,
    push: boolean,
  ): Promise<number> {
    const { store, intake } = this.options;
    const asked = [...wanted].filter(([, kinds]) => kinds.length > 0);
    const ids = asked.map(([target]) => target.id);
    const waiting = await store.waiting(tx, ids);
    const at = this.options.now().getTime();
    const orders: QueueOrder[] = [];
    for (const [target, kinds] of asked) {
      const missing = kinds.filter((kind) => waiting.get(target.id)?.has(kind) !== true);
      orders.push(...(await this.#orders(tx, target, missing, createdBy, at)));
    }
    await intake.enqueue(tx, orders, false);
    // Also those that are asked already: the push that they wait for may be far away.
    if (push && ids.length > 0) await this.options.push.schedule(tx, ids);
    return orders.length;
  }

  async #orders(
    tx: Tx,
    target: EnrollmentTarget,
    kinds: readonly InventoryKind[],
    createdBy: string,
    createdAt: number,
  ): Promise<QueueOrder[]> {
    const platform = platformOf(target);
    const orders: QueueOrder[] = [];
    for (const inventory of kinds) {
      const command = await this.options.standing.of(tx, inventory, platform);
      orders.push({ ...command, enrollmentId: target.id, createdAt, createdBy, inventory });
    }
    return orders;
  }
}

/** A user channel has profiles of its own; all else is the device's to tell. */
function kindsFor(target: EnrollmentTarget, kinds: readonly InventoryKind[]): InventoryKind[] {
  const asked = ALL_KINDS.filter((kind) => kinds.includes(kind));
  return target.kind === 'device' ? asked : asked.filter((kind) => kind === 'profiles');
}

function kindsOfRound(round: number): readonly InventoryKind[] {
  return round % ROUNDS_BETWEEN_APPLICATIONS === 0
    ? ALL_KINDS
    : ALL_KINDS.filter((kind) => kind !== 'applications');
}
