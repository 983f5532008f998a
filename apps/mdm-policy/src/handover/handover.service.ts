import { isEspalierError } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import type { AgendaStore } from '../agenda/agenda.store.js';
import type { PolicyMetrics } from '../mdm-policy.metrics.js';
import { complete, refuse, type Completion } from '../planner/observe.js';
import type { ManagedItem } from '../planner/planner.types.js';
import type { EarlyCompletionStore } from '../policy-items/early-completion.store.js';
import type { ManagedItemStore } from '../policy-items/managed-item.store.js';
import type { Handover, HandoverStore } from './handover.store.js';
import { UnusableContent, type HandedCommand, type HandoverAnswer, type MdmGateway } from './mdm.gateway.js';
import type { TokenBucket } from './token-bucket.js';

export interface HandoverServiceOptions {
  readonly db: Database;
  readonly store: HandoverStore;
  readonly mdm: Pick<MdmGateway, 'carry'>;
  readonly agenda: AgendaStore;
  readonly items: ManagedItemStore;
  readonly early: EarlyCompletionStore;
  readonly pace: TokenBucket;
  readonly metrics: PolicyMetrics;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly uuid: () => string;
  /** Wakes whoever looks at what is due. */
  readonly nudgeReconcile: () => void;
}

/** Calls under way to mdm at once. */
const CALLS_AT_ONCE = 4;
/** Longer than any call takes; after a crash another replica makes the call again then. */
const LEASE_MS = 30_000;
const RETRY_BASE_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** About an hour; the planner asks anew by itself, so questions do not pile up while mdm is away. */
const QUESTION_ATTEMPTS = 60;
/** Devices that answer at once are told of when they do; that the others have a command may be told later. */
const TELL_QUEUED_AFTER_MS = 5 * 60_000;
/** It is tried again later, whatever the status: the request is the same, its surroundings may not be. */
const TEMPORARY_STATUSES: ReadonlySet<number> = new Set([408, 429]);

/** Makes the calls to mdm that rounds have noted, each until it is answered, and notes the answers. */
export class HandoverService {
  constructor(private readonly options: HandoverServiceOptions) {}

  /** Some calls; true where there may be more to do at once. */
  async step(): Promise<boolean> {
    const { store, pace } = this.options;
    if (!pace.open) return false;
    const now = this.options.now().getTime();
    const handovers = await store.claim(now, now + LEASE_MS, CALLS_AT_ONCE);
    const commands = handovers.filter(({ spec }) => spec.type !== 'ask');
    for (const { enrollmentIds } of commands) pace.take(enrollmentIds.length);
    await Promise.all(commands.map((handover) => this.#carry(handover)));
    // Behind the commands: the answers are to show what those did.
    const questions = handovers.filter(({ spec }) => spec.type === 'ask');
    await Promise.all(questions.map((handover) => this.#carry(handover)));
    return handovers.length === CALLS_AT_ONCE;
  }

  async #carry(handover: Handover): Promise<void> {
    const { mdm, store, metrics, logger } = this.options;
    try {
      await this.#settle(handover, await mdm.carry(handover));
    } catch (error) {
      const { id, spec, attempts } = handover;
      const code = isEspalierError(error) ? error.code : error instanceof Error ? error.name : 'unknown';
      metrics.failed(spec.type, code);
      if (isFinal(error) || (spec.type === 'ask' && attempts >= QUESTION_ATTEMPTS)) {
        logger.warn({ err: error, handover: id, action: spec.type }, 'mdm cannot be asked for this');
        return this.#refused(handover, error, code);
      }
      const delay = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(attempts - 1, 16));
      logger.warn(
        { err: error, handover: id, action: spec.type, delay },
        'mdm was not reached; trying again',
      );
      await store.postpone(id, this.options.now().getTime() + delay);
    }
  }

  async #settle(handover: Handover, { commands, skipped }: HandoverAnswer): Promise<void> {
    const now = this.options.now().getTime();
    await this.#change(handover, async (tx) => {
      const commandIds = [...commands.values()].map((command) => command.id);
      const early = await this.options.early.take(tx, commandIds);
      return (item, enrollmentId) => {
        if (skipped.has(enrollmentId)) return refuse(item, NOT_ENROLLED, now);
        const command = commands.get(enrollmentId);
        // mdm's set is the same already, so whatever the device said of it counts.
        if (command === undefined)
          return { ...item, phase: 'acknowledged', acknowledgedAt: now, actedAt: null };
        return queued(item, command, early.get(command.id), now);
      };
    });
  }

  async #refused(handover: Handover, error: unknown, code: string): Promise<void> {
    const now = this.options.now().getTime();
    const text = error instanceof Error ? error.message : String(error);
    const culprit = error instanceof UnusableContent ? error.ciId : undefined;
    await this.#change(handover, async (tx) => {
      await this.#askAlone(tx, handover, now);
      return (item) =>
        culprit === undefined || item.ciId === culprit
          ? refuse(item, { code, text: `It could not be handed over: ${text}` }, now)
          : { ...item, phase: 'idle', setback: item.setback === 'drift' ? 'drift' : null, notBefore: null };
    });
  }

  /** What was to be asked behind a command is asked also where the command never comes. */
  async #askAlone(tx: Tx, { spec, enrollmentIds }: Handover, now: number): Promise<void> {
    const { store, uuid } = this.options;
    const kinds = spec.type === 'install' || spec.type === 'remove' ? spec.thenAsk : undefined;
    if (kinds !== undefined)
      await store.add(tx, [{ id: uuid(), spec: { type: 'ask', kinds }, enrollmentIds }], now);
  }

  /** Ends a handover, once, and changes the items that went by it. */
  async #change(
    handover: Handover,
    prepare: (tx: Tx) => Promise<(item: ManagedItem, enrollmentId: string) => ManagedItem>,
  ): Promise<void> {
    const { db, store, agenda, items, nudgeReconcile } = this.options;
    const now = this.options.now().getTime();
    await db.transaction(async (tx) => {
      // Another replica made the same call when the lease of this one was over.
      if (!(await store.finish(tx, handover.id)) || handover.spec.type === 'ask') return;
      await agenda.lock(tx, handover.enrollmentIds);
      const change = await prepare(tx);
      const before = await items.load(tx, handover.enrollmentIds);
      const after = new Map<string, ManagedItem[]>();
      const settled: string[] = [];
      for (const [id, known] of before) {
        const changed = known.map((item) =>
          item.handoverId === handover.id && item.phase === 'planned' ? change(item, id) : item,
        );
        after.set(id, changed);
        if (changed.some((item, index) => item !== known[index] && item.phase !== 'queued')) settled.push(id);
      }
      await items.replace(tx, before, after);
      await agenda.remind(tx, handover.enrollmentIds, now + TELL_QUEUED_AFTER_MS);
      await agenda.remind(tx, settled, now);
      if (settled.length > 0) tx.afterCommit(nudgeReconcile);
    });
  }
}

const NOT_ENROLLED = {
  code: 'ESP_MDM_ENROLLMENT_NOT_ACTIVE',
  text: 'The MDM service does not have it as enrolled.',
};

function queued(
  item: ManagedItem,
  { id, progress }: HandedCommand,
  early: Completion | undefined,
  now: number,
): ManagedItem {
  const waiting: ManagedItem = { ...item, phase: 'queued', commandId: id, queuedAt: now };
  const completion = early ?? completionOf(progress);
  return completion === undefined ? waiting : complete(waiting, completion);
}

/** A repeated call finds commands that are done. */
function completionOf(progress: HandedCommand['progress']): Completion | undefined {
  if (progress === null) return undefined;
  const { state, completedAt, pushedAt, fetchedAt } = progress;
  if (state === 'queued' || state === 'sent' || state === 'not-now' || completedAt === null) return undefined;
  return { state, at: completedAt, pushedAt, fetchedAt, error: null };
}

/** Nothing that time would mend. */
function isFinal(error: unknown): boolean {
  if (error instanceof UnusableContent) return true;
  if (!isEspalierError(error) || error.retryable) return false;
  return error.status >= 400 && error.status < 500 && !TEMPORARY_STATUSES.has(error.status);
}
