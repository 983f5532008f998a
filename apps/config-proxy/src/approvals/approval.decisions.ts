import { approvalErrors, type Approval } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import { checkIfMatch } from '../http/etag.js';
import type { JobService } from '../jobs/job.service.js';
import type { Accountability } from './accountability.js';
import type { ActionCatalogue } from './action.catalogue.js';
import type { Person, TakenBack } from './approvable-action.js';
import type { ApprovalChecks } from './approval.checks.js';
import { EXECUTION_KIND } from './approval.execution.js';
import type { ApprovalJournal } from './approval.journal.js';
import { shown, type StoredApproval } from './approval.rows.js';
import { isSamePerson, type SecondPerson } from './second-person.js';

export interface ApprovalDecisionsOptions {
  readonly db: Database;
  readonly actions: ActionCatalogue;
  readonly checks: ApprovalChecks;
  readonly journal: ApprovalJournal;
  readonly jobs: Pick<JobService, 'create'>;
  readonly accounts: Accountability;
  readonly secondPerson: SecondPerson;
}

/** What somebody says with a decision. */
export interface Decision {
  readonly reason: string | undefined;
  readonly ifMatch: string | undefined;
}

/** Approves, rejects and cancels. Repeating a decision is harmless. */
export class ApprovalDecisions {
  constructor(private readonly options: ApprovalDecisionsOptions) {}

  /**
   * Lets the action be carried out, as a job.
   * @throws EspalierError ESP_APPROVAL_UNKNOWN, ESP_APPROVAL_OWN, ESP_APPROVAL_NOT_A_PERSON, ESP_APPROVAL_TOO_NEW,
   * ESP_APPROVAL_REQUESTER_TOO_NEW, ESP_APPROVAL_NOT_OPEN, ESP_APPROVAL_RIGHTS_LOST, ESP_APPROVAL_CAP_REACHED, ESP_APPROVAL_CAP_EXCEEDED, ESP_SITE_CHANGED_MEANWHILE
   */
  async approve(id: string, person: Person, decision: Decision): Promise<Approval> {
    const { jobs, journal, checks, secondPerson } = this.options;
    return this.#decide(id, async (tx, at, approval) => {
      refuseOwn(approval, person);
      const mine = approval.decidedBy?.id === person.administrator.id;
      if (mine && (approval.state === 'approved' || approval.state === 'completed')) return approval;
      if (approval.state !== 'needs-approval') throw notOpen(approval);
      checkIfMatch(decision.ifMatch, approval.version);
      await secondPerson.check(tx, person);
      await this.#checkRequester(tx, approval);
      await checks.requester(tx, approval);
      await checks.count(tx, approval, at);
      const job = await jobs.create(tx, {
        kind: EXECUTION_KIND,
        title: `Approval ${id}`,
        params: { approvalId: id },
        createdBy: approval.requesterTitle,
      });
      const change = { state: 'approved', jobId: job.id, ...decided(person, decision, at) } as const;
      return journal.move(tx, approval, change, at, `${person.administrator.name} approved it.`);
    });
  }

  /** @throws EspalierError ESP_APPROVAL_UNKNOWN, ESP_APPROVAL_NOT_OPEN, ESP_SITE_CHANGED_MEANWHILE */
  reject(id: string, person: Person, decision: Decision): Promise<Approval> {
    return this.#decide(id, async (tx, at, approval) => {
      if (approval.state === 'rejected' && approval.decidedBy?.id === person.administrator.id)
        return approval;
      if (approval.state !== 'needs-approval') throw notOpen(approval);
      checkIfMatch(decision.ifMatch, approval.version);
      const change = { state: 'rejected', finishedAt: at, ...decided(person, decision, at) } as const;
      const text = `${person.administrator.name} rejected it.`;
      return this.options.journal.move(tx, approval, change, at, text);
    });
  }

  /**
   * By whoever asked: before it is carried out, or, where it queued commands, as long as devices have not fetched them.
   * @throws EspalierError ESP_APPROVAL_UNKNOWN, ESP_APPROVAL_NOT_YOURS, ESP_APPROVAL_NOT_OPEN,
   * ESP_APPROVAL_IN_PROGRESS, ESP_APPROVAL_FETCHED with how many, ESP_SITE_CHANGED_MEANWHILE
   */
  async cancel(id: string, person: Person, decision: Decision): Promise<Approval> {
    const cancelled = await this.#decide(id, async (tx, at, approval) => {
      if (approval.requester.id !== person.administrator.id) throw approvalErrors.ESP_APPROVAL_NOT_YOURS();
      if (approval.state === 'cancelled') return approval;
      if (this.#canTakeBack(approval)) return approval;
      if (approval.state === 'approved' && approval.begunAt !== null)
        throw approvalErrors.ESP_APPROVAL_IN_PROGRESS();
      if (approval.state !== 'needs-approval' && approval.state !== 'approved') throw notOpen(approval);
      checkIfMatch(decision.ifMatch, approval.version);
      return this.#cancelled(tx, approval, person, decision, at);
    });
    return cancelled.state === 'cancelled' ? cancelled : this.#takeBack(cancelled, person, decision);
  }

  async #takeBack(approval: Approval, person: Person, decision: Decision): Promise<Approval> {
    const action = this.options.actions.of(approval.kind);
    const { actor, title } = person;
    const context = { approvalId: approval.id, actor, title };
    const result = (await action.takeBack?.(approval.resultIds, context)) ?? { takenBack: 0, tooLate: 0 };
    const after = await this.#decide(approval.id, async (tx, at, now) => {
      if (now.state !== 'completed') return now;
      if (result.tooLate === 0) return this.#cancelled(tx, now, person, decision, at);
      if (result.takenBack === 0) return now;
      const change = { state: 'completed', outcome: partly(result) } as const;
      return this.options.journal.move(tx, now, change, at, partly(result));
    });
    if (after.state !== 'cancelled') throw approvalErrors.ESP_APPROVAL_FETCHED({ detail: partly(result) });
    return after;
  }

  #canTakeBack({ state, kind, resultIds }: StoredApproval): boolean {
    if (state !== 'completed' || resultIds.length === 0) return false;
    return this.options.actions.of(kind).takeBack !== undefined;
  }

  #cancelled(
    tx: Tx,
    approval: StoredApproval,
    person: Person,
    decision: Decision,
    at: number,
  ): Promise<StoredApproval> {
    // Who approved it stays to be seen.
    const by = approval.decidedBy === null ? decided(person, decision, at) : {};
    const change = { state: 'cancelled', finishedAt: at, ...by } as const;
    return this.options.journal.move(tx, approval, change, at, `${approval.requester.name} cancelled it.`);
  }

  /** Whoever takes an account over, or makes one, could ask with it and approve with their own. */
  async #checkRequester(tx: Tx, { requester, requesterMakerId }: StoredApproval): Promise<void> {
    const behind = [requester.id, ...(requesterMakerId === null ? [] : [requesterMakerId])];
    const until = await this.options.accounts.newUntil(tx, behind);
    if (until !== undefined)
      throw approvalErrors.ESP_APPROVAL_REQUESTER_TOO_NEW({
        detail: `It can be approved from ${new Date(until).toISOString()} on.`,
      });
  }

  async #decide(
    id: string,
    decide: (tx: Tx, at: number, approval: StoredApproval) => Promise<StoredApproval>,
  ): Promise<Approval> {
    const { db, journal } = this.options;
    // By itself: a refusal below must not take the end of what has lapsed back.
    await journal.lapse();
    const { after, lapsed } = await db.transaction(async (tx) => {
      const { at, approval } = await journal.take(tx, id);
      const ended = await journal.lapseOne(tx, approval, at);
      return { after: ended ?? (await decide(tx, at, approval)), lapsed: ended !== undefined };
    });
    if (lapsed) throw notOpen(after);
    return shown(after);
  }
}

/** Nobody behind the request may be behind the decision: not with another token, nor with one they made. */
function refuseOwn(approval: StoredApproval, person: Person): void {
  if (!isSamePerson({ id: approval.requester.id, makerId: approval.requesterMakerId }, person)) return;
  const sameMaker = person.madeBy !== undefined && person.madeBy === approval.requesterMakerId;
  throw approvalErrors.ESP_APPROVAL_OWN(
    sameMaker ? { detail: 'The same administrator made both tokens, and could use both.' } : {},
  );
}

const decided = (person: Person, { reason }: Decision, at: number) => ({
  decidedAt: at,
  decidedBy: person.administrator,
  decisionReason: reason ?? null,
});

const notOpen = ({ state }: StoredApproval): Error =>
  approvalErrors.ESP_APPROVAL_NOT_OPEN({ detail: `It is ${state}.` });

const partly = ({ takenBack, tooLate }: TakenBack): string =>
  `${tooLate} of ${takenBack + tooLate} devices had fetched the command; it was taken back from the others.`;
