import { isEspalierError, type EspalierError } from '@espalier/contracts';
import type { Database, Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { z } from 'zod';
import type { JobKind, JobStepResult } from '../jobs/job.kind.js';
import type { ActionCatalogue } from './action.catalogue.js';
import type { ActionResult } from './approvable-action.js';
import type { ApprovalChecks } from './approval.checks.js';
import type { ApprovalJournal } from './approval.journal.js';
import { paramsOf, type StoredApproval } from './approval.rows.js';

export interface ApprovalExecutionOptions {
  readonly db: Database;
  readonly actions: ActionCatalogue;
  readonly checks: ApprovalChecks;
  readonly journal: ApprovalJournal;
  readonly vault: Keyring;
}

/** Kind of the jobs that carry out what was approved. */
export const EXECUTION_KIND = 'approved-action';

const paramsSchema = z.object({ approvalId: z.uuid() });
type Params = z.output<typeof paramsSchema>;

/** What was approved so long ago is counted again when it begins: the devices of an outage are no surprise at once. */
const FRESH_MS = 120_000;
const DONE: JobStepResult = { done: 1, cursor: null, finished: true };
const TITLE_LENGTH = 255;

/**
 * Carries out what was approved. Each replica may die at any line: the row says that it has begun before anything is
 * done, the action does nothing twice for one approval, and only what still stands as approved is completed.
 */
export class ApprovalExecution {
  constructor(private readonly options: ApprovalExecutionOptions) {}

  kind(): JobKind<Params> {
    return {
      kind: EXECUTION_KIND,
      params: paramsSchema,
      // Whoever asked cancels the approval.
      cancelScope: null,
      step: (job, signal) => this.#step(job.params.approvalId, signal),
      abandoned: (tx, { approvalId }) => this.#abandoned(tx, approvalId),
    };
  }

  async #step(id: string, signal: AbortSignal): Promise<JobStepResult> {
    const approval = await this.#begin(id);
    if (approval === undefined) return DONE;
    try {
      const result = await this.#execute(approval, signal);
      await this.#end(id, { state: 'completed', ...result });
      return DONE;
    } catch (error) {
      // What is wrong with the request does not become right by trying again.
      if (!isEspalierError(error) || error.status >= 500 || error.retryable) throw error;
      await this.#end(id, { state: 'failed', outcome: error.message });
      return { ...DONE, failed: 1, messages: [error.message] };
    }
  }

  /** Marks it as begun; undefined where there is nothing (any more) to do. */
  async #begin(id: string): Promise<StoredApproval | undefined> {
    const { db, journal, checks } = this.options;
    let refused: EspalierError | undefined;
    const begun = await db
      .transaction(async (tx) => {
        const { at, approval } = await journal.take(tx, id);
        if (approval.state !== 'approved' || (await journal.lapseOne(tx, approval, at)) !== undefined)
          return undefined;
        if (approval.begunAt !== null) return approval;
        await checks.requester(tx, approval);
        if (at - (approval.decidedAt ?? 0) > FRESH_MS) await checks.count(tx, approval, at);
        return journal.begin(tx, approval, at);
      })
      .catch((error: unknown) => {
        if (!isEspalierError(error) || error.status >= 500) throw error;
        refused = error;
        return undefined;
      });
    if (refused !== undefined) await this.#end(id, { state: 'failed', outcome: refused.message });
    return begun;
  }

  #execute(approval: StoredApproval, signal: AbortSignal): Promise<ActionResult> {
    const { actions, vault } = this.options;
    const action = actions.of(approval.kind);
    const params = paramsOf(approval, action, vault);
    const title = `${approval.requesterTitle}, approved by ${approval.decidedBy?.name ?? 'nobody'}`;
    return action.execute(params, {
      approvalId: approval.id,
      actor: approval.requesterActor,
      title: title.slice(0, TITLE_LENGTH),
      signal,
    });
  }

  /** Only what still stands as approved: another replica may have been here. */
  async #end(id: string, end: { readonly state: 'completed' | 'failed' } & ActionResult): Promise<void> {
    await this.options.db.transaction((tx) => this.#endIn(tx, id, end));
  }

  async #endIn(
    tx: Tx,
    id: string,
    { state, ids = [], outcome }: { readonly state: 'completed' | 'failed' } & ActionResult,
  ): Promise<void> {
    const { journal } = this.options;
    const { at, approval } = await journal.take(tx, id);
    if (approval.state !== 'approved') return;
    const change = { state, finishedAt: at, resultIds: [...ids], outcome: outcome ?? null };
    await journal.move(tx, approval, change, at, outcome ?? 'It was carried out.');
  }

  async #abandoned(tx: Tx, id: string): Promise<void> {
    const outcome = 'It could not be carried out, or its job was stopped: the job and the log say more.';
    await this.#endIn(tx, id, { state: 'failed', outcome });
  }
}
