import type { ApnsClient, PushOutcome } from '@espalier/apns';
import { enrollmentPushChanged, mdmErrors, type PushState } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { EventPublisher } from '@espalier/messaging';
import type { Keyring } from '@espalier/secrets';
import { NudgedLoop, type Logger } from '@espalier/service-kit';
import type { StatusReporter } from '../status/status-reporter.js';
import { BatchWriter } from './batch-writer.js';
import type { DuePush, PushStore, PushTarget } from './push.store.js';

/** What the rest of the service asks of pushing. */
export interface PushScheduler {
  /** Has the devices pushed as soon as the transaction is committed. */
  schedule(tx: Tx, enrollmentIds: readonly string[]): Promise<void>;
  /** The same, where something waits for the device. */
  scheduleWaiting(tx: Tx, enrollmentId: string): Promise<void>;
}

export interface PushServiceOptions {
  readonly db: Database;
  readonly store: PushStore;
  readonly apns: Pick<ApnsClient, 'push'>;
  readonly events: EventPublisher<Tx>;
  readonly status: StatusReporter;
  readonly vault: Keyring;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Seconds until a device whose commands still wait is pushed again; the last one repeats. */
  readonly retrySeconds: readonly number[];
  /** Most pushes in flight. */
  readonly batch?: number;
  /** Longest sleep between looks at the schedule: other replicas' schedules are seen by this, in ms. */
  readonly pollMs?: number;
}

/** No push takes longer, so nobody else needs to take it before. */
const LEASE_MS = 45_000;

/** Wakes devices for which something waits, until they have fetched it. */
export class PushService implements PushScheduler {
  readonly #options: PushServiceOptions;
  readonly #loop: NudgedLoop;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #accepted = new BatchWriter<DuePush>((pushes) => this.#noteAccepted(pushes));

  constructor(options: PushServiceOptions) {
    this.#options = options;
    this.#loop = new NudgedLoop({
      name: 'pushes',
      logger: options.logger,
      run: () => this.#pushDue(),
      ...(options.pollMs !== undefined && { pollMs: options.pollMs }),
    });
  }

  async schedule(tx: Tx, enrollmentIds: readonly string[]): Promise<void> {
    await this.#options.store.schedule(tx, enrollmentIds, this.#options.now().getTime(), false);
    tx.afterCommit(() => this.nudge());
  }

  async scheduleWaiting(tx: Tx, enrollmentId: string): Promise<void> {
    if (await this.#options.store.hasWaiting(tx, enrollmentId)) await this.schedule(tx, [enrollmentId]);
  }

  /** Pushes once, whether something waits or not. @throws EspalierError ESP_MDM_ENROLLMENT_NOT_ACTIVE */
  async pushNow(enrollmentId: string): Promise<void> {
    const { db, store } = this.#options;
    await db.transaction(async (tx) => {
      const state = await store.state(tx, enrollmentId);
      if (state !== 'ok')
        throw mdmErrors.ESP_MDM_ENROLLMENT_NOT_ACTIVE({
          detail: `It cannot be pushed (${state ?? 'unknown'}).`,
        });
      await store.schedule(tx, [enrollmentId], this.#options.now().getTime(), true);
      tx.afterCommit(() => this.nudge());
    });
  }

  start(): void {
    this.#loop.start();
  }

  nudge(): void {
    this.#loop.nudge();
  }

  /** Finishes the pushes under way. What is left stays in the schedule. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#inFlight);
  }

  /** Takes as many as there is room for; true where there may be more. Slow pushes hold up nobody else's. */
  async #pushDue(): Promise<boolean> {
    const { store, batch = 200 } = this.#options;
    while (this.#inFlight.size >= batch) await Promise.race(this.#inFlight);
    const room = batch - this.#inFlight.size;
    const now = this.#options.now().getTime();
    const due = await store.takeDue(now, now + LEASE_MS, room);
    if (due.length === 0) return false;
    const targets = await store.targets(due.map((push) => push.enrollmentId));
    const wanted = new Map(targets.map((target) => [target.enrollment_id, target]));
    await store.forget(
      due.filter((push) => !wanted.has(push.enrollmentId)).map((push) => push.enrollmentId),
      now + LEASE_MS,
    );
    for (const push of due) {
      const target = wanted.get(push.enrollmentId);
      if (target !== undefined) this.#launch(push, target);
    }
    return due.length === room;
  }

  #launch(push: DuePush, target: PushTarget): void {
    const running = this.#pushOne(push, target)
      .catch((error: unknown) => {
        // Its lease ends by itself, and then it is tried again.
        this.#options.logger.error({ err: error, enrollmentId: push.enrollmentId }, 'a push failed');
      })
      .finally(() => this.#inFlight.delete(running));
    this.#inFlight.add(running);
  }

  async #pushOne(push: DuePush, target: PushTarget): Promise<void> {
    const open = (column: 'token_sealed' | 'magic_sealed'): Buffer =>
      this.#options.vault.open(target[column], { table: 'push_token', column, row: target.enrollment_id });
    const outcome = await this.#options.apns.push({
      token: open('token_sealed'),
      pushMagic: open('magic_sealed').toString('utf8'),
      topic: target.topic,
      attempt: push.attempts - 1,
    });
    await this.#settle(push, target, outcome);
  }

  /** Apple, "Handling notification responses from APNs"; the decision is the gateway's, see PushOutcome. */
  async #settle(push: DuePush, target: PushTarget, outcome: PushOutcome): Promise<void> {
    const { store, status, logger } = this.#options;
    const now = this.#options.now().getTime();
    const enrollmentId = push.enrollmentId;
    switch (outcome.kind) {
      case 'accepted':
        return this.#accepted.add(push);
      case 'retry':
        return store.retryAt(enrollmentId, push.dueAt, now + outcome.afterMs);
      case 'token-invalid':
        return this.#suspend(target, 'invalid-token', outcome.reason);
      case 'unregistered':
        return this.#suspend(target, 'unregistered', outcome.reason);
      case 'certificate-problem':
      case 'rejected':
        logger.error(
          { enrollmentId, reason: outcome.reason, outcome: outcome.kind },
          'APNs does not take our pushes',
        );
        if (outcome.kind === 'certificate-problem') await status.pushesRefused(outcome.reason);
        return store.retryAt(enrollmentId, push.dueAt, now + this.#retryMs(push.attempts));
    }
  }

  /** Most pushes are accepted: they are noted together. */
  async #noteAccepted(pushes: readonly DuePush[]): Promise<void> {
    const { db, store } = this.#options;
    const now = this.#options.now().getTime();
    const groups = Map.groupBy(pushes, ({ dueAt, attempts }) => `${dueAt} ${attempts}`);
    const again = [...groups.values()].map((group) => ({
      ids: group.map((push) => push.enrollmentId),
      takenUntil: group[0]?.dueAt ?? now,
      dueAt: now + this.#retryMs(group[0]?.attempts ?? 1),
    }));
    const ids = pushes.map((push) => push.enrollmentId);
    await db.transaction((tx) => store.woken(tx, ids, now, again));
  }

  #retryMs(attempts: number): number {
    const { retrySeconds } = this.#options;
    return (retrySeconds[Math.min(attempts, retrySeconds.length) - 1] ?? 60) * 1_000;
  }

  async #suspend(target: PushTarget, state: PushState, reason: string): Promise<void> {
    const { db, store, events, status, logger } = this.#options;
    const at = this.#options.now().getTime();
    await db.transaction(async (tx) => {
      if (!(await store.suspend(tx, target, state, at))) return;
      logger.warn(
        { enrollmentId: target.enrollment_id, reason },
        'APNs refuses the token; no pushes until the device sends a new one',
      );
      await events.publish(tx, enrollmentPushChanged, { id: target.enrollment_id, push: state, reason, at });
      await status.tokenRefused(tx, target.enrollment_id, reason, at);
    });
  }
}
