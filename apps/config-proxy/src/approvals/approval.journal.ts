import {
  approvalChanged,
  approvalErrors,
  type ApprovalState,
  type StatusSeverity,
} from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { AuditEntry, AuditRecorder } from '../audit/audit.entry.js';
import type { StatusWriter } from '../status-messages/status-log.js';
import type { People } from './approval.checks.js';
import type { ApprovalClock } from './approval.clock.js';
import type { StoredApproval } from './approval.rows.js';
import type { ApprovalChange, ApprovalStore } from './approval.store.js';

export interface ApprovalJournalOptions {
  readonly db: Database;
  readonly store: ApprovalStore;
  readonly clock: ApprovalClock;
  readonly events: Pick<EventPublisher<Tx>, 'publish'>;
  readonly status: StatusWriter;
  readonly audit: Pick<AuditRecorder, 'record'>;
  readonly people: Pick<People, 'find'>;
}

/** What the audit log knows of an approval besides the requests that asked for it and decided on it. */
const recorded: Partial<Record<ApprovalState, Pick<AuditEntry, 'action' | 'outcome'>>> = {
  'needs-approval': { action: 'approval.request', outcome: 'succeeded' },
  completed: { action: 'approval.execute', outcome: 'succeeded' },
  failed: { action: 'approval.execute', outcome: 'failed' },
  expired: { action: 'approval.lapse', outcome: 'refused' },
};

const severities: Partial<Record<ApprovalState, StatusSeverity>> = {
  'needs-approval': 'warning',
  failed: 'error',
};
const LAPSED_AT_ONCE = 100;

/** Writes what becomes of approvals, in one transaction: the row, an event, a status message, the audit log. */
export class ApprovalJournal {
  constructor(private readonly options: ApprovalJournalOptions) {}

  async open(tx: Tx, approval: StoredApproval): Promise<void> {
    await this.options.store.insert(tx, approval);
    await this.#tell(tx, approval, approval.createdAt, `${approval.requester.name} asks: ${approval.reason}`);
  }

  /** The row must be locked. */
  async move(
    tx: Tx,
    before: StoredApproval,
    change: ApprovalChange & { readonly state: ApprovalState },
    at: number,
    text: string,
  ): Promise<StoredApproval> {
    const after = await this.options.store.change(tx, before, change);
    await this.#tell(tx, after, at, text);
    return after;
  }

  /** Marks that somebody is at it: from here on it may have happened. */
  async begin(tx: Tx, before: StoredApproval, at: number): Promise<StoredApproval> {
    const after = await this.options.store.change(tx, before, { begunAt: at });
    await this.#record(tx, after, { action: 'approval.execute', outcome: 'begun' });
    return after;
  }

  /**
   * The approval, locked, and the time by which it is judged.
   * @throws EspalierError ESP_APPROVAL_UNKNOWN
   */
  async take(tx: Tx, id: string): Promise<{ at: number; approval: StoredApproval }> {
    // The clock first, always: whoever holds it waits for nobody else's approvals.
    const at = await this.options.clock.tick(tx);
    const approval = await this.options.store.lock(tx, id);
    if (approval === undefined) throw approvalErrors.ESP_APPROVAL_UNKNOWN({ detail: id });
    return { at, approval };
  }

  /** Ends what has lapsed. */
  async lapse(): Promise<void> {
    const { db, store, clock } = this.options;
    for (;;) {
      const due = await store.due(db, await clock.peek(db), LAPSED_AT_ONCE);
      for (const id of due)
        await db.transaction(async (tx) => {
          const { at, approval } = await this.take(tx, id);
          await this.lapseOne(tx, approval, at);
        });
      if (due.length < LAPSED_AT_ONCE) return;
    }
  }

  /** Ends it where it has lapsed; undefined where it has not. */
  async lapseOne(tx: Tx, approval: StoredApproval, at: number): Promise<StoredApproval | undefined> {
    const { state, begunAt, expiresAt } = approval;
    if ((state !== 'needs-approval' && state !== 'approved') || at < expiresAt) return undefined;
    if (begunAt === null)
      return this.move(tx, approval, { state: 'expired', finishedAt: at }, at, 'It has expired.');
    // Whoever began to carry it out died over it, or is at it still: nobody begins again, and nobody knows.
    const outcome =
      'It expired while it was being carried out: look at the commands of the devices for how far it came.';
    return this.move(tx, approval, { state: 'failed', finishedAt: at, outcome }, at, outcome);
  }

  async #tell(tx: Tx, approval: StoredApproval, at: number, text: string): Promise<void> {
    const { events, status } = this.options;
    const { id, kind, state, summary, requester, deviceCount, expiresAt } = approval;
    await events.publish(tx, approvalChanged, {
      approvalId: id,
      kind,
      state,
      summary,
      requester: requester.name,
      deviceCount,
      expiresAt,
      at,
    });
    await status.write(tx, {
      severity: severities[state] ?? 'information',
      component: 'approvals',
      messageId: `approval-${state}`,
      text: `Approval ${id}: ${summary} ${text}`,
    });
    const entry = recorded[state];
    if (entry !== undefined) await this.#record(tx, approval, entry);
  }

  async #record(
    tx: Tx,
    approval: StoredApproval,
    entry: Pick<AuditEntry, 'action' | 'outcome'>,
  ): Promise<void> {
    const { id, kind, reason, requester, requesterActor, credentialId, targets, deviceCount, outcome } =
      approval;
    const known = await this.options.people.find(tx, requester.id);
    await this.options.audit.record(tx, {
      ...entry,
      // The person or service account, whichever token they used: that is `credentialId`.
      actor: { ...requesterActor, type: known?.kind ?? 'person', id: requester.id, name: requester.name },
      credentialId,
      address: requesterActor.ip ?? '',
      targets,
      requestId: `approval:${id}`,
      approvalId: id,
      details: { kind, count: deviceCount, reason: outcome ?? reason },
    });
  }
}
