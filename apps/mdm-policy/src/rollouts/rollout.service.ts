import { mdmPolicyStatusReported } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { DeploymentStore } from '../deployments/deployment.store.js';
import type { AssignmentStore } from '../policy-items/assignment.store.js';
import type { ScopeStore } from '../scopes/scope.store.js';
import type { Outcome } from '../states/outcome.js';
import type { NoticeStore } from './notice.store.js';

export interface RolloutServiceOptions {
  readonly db: Database;
  readonly deployments: DeploymentStore;
  readonly assignments: AssignmentStore;
  readonly scopes: ScopeStore;
  readonly notices: NoticeStore;
  readonly events: EventPublisher<Tx>;
  readonly now: () => Date;
}

type Counts = Partial<Record<Outcome, number>>;

const MANY_FAILURES = 10;
const LARGE_PART = 0.1;

/** Looks at deployments that are rolling out: says when one is through, and when one fails on many devices. */
export class RolloutService {
  constructor(private readonly options: RolloutServiceOptions) {}

  async check(): Promise<void> {
    const { db, deployments, assignments } = this.options;
    for (const { id, version, collection_id } of await deployments.rollingOut(db)) {
      if (await assignments.hasOutcome(db, id, 'error')) await this.#sayFailing(id, version);
      if (await assignments.hasOutcome(db, id, 'in-progress')) continue;
      await this.#sayFinished(id, version, collection_id);
    }
  }

  async #sayFailing(id: string, version: number): Promise<void> {
    const counts = await this.options.assignments.countOutcomes(this.options.db, id);
    const { error = 0 } = counts;
    if (error < MANY_FAILURES || error < LARGE_PART * total(counts)) return;
    await this.#say(
      id,
      `failing/${id}/${version}`,
      'error',
      'deployment-failing',
      (name) => `"${name}" fails on ${error} of ${total(counts)} devices.`,
    );
  }

  async #sayFinished(id: string, version: number, collectionId: string): Promise<void> {
    const { db, assignments, deployments, scopes } = this.options;
    const counts = await assignments.countOutcomes(db, id);
    // Not every member was looked at yet.
    if (total(counts) === 0 || total(counts) < (await scopes.countMembers(db, collectionId))) return;
    const { success = 0 } = counts;
    await this.#say(id, `finished/${id}/${version}`, 'information', 'deployment-finished', (name) => {
      const rest = total(counts) - success;
      const others = rest === 0 ? '' : `; ${rest} ended otherwise (${listed(counts)})`;
      return `"${name}" has rolled out: ${success} of ${total(counts)} devices comply${others}.`;
    });
    await deployments.endRollout(db, id, version);
  }

  async #say(
    deploymentId: string,
    subject: string,
    severity: 'information' | 'error',
    messageId: string,
    text: (name: string) => string,
  ): Promise<void> {
    const { db, notices, events, deployments } = this.options;
    const at = this.options.now().getTime();
    await db.transaction(async (tx) => {
      if (!(await notices.claim(tx, subject, at))) return;
      const names = await deployments.names(tx, [deploymentId]);
      await events.publish(tx, mdmPolicyStatusReported, {
        at,
        severity,
        component: 'rollouts',
        messageId,
        text: text(names.get(deploymentId) ?? deploymentId).slice(0, 2_000),
        deploymentId,
      });
    });
  }
}

const total = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

const listed = (counts: Counts): string =>
  Object.entries(counts)
    .filter(([outcome]) => outcome !== 'success')
    .map(([outcome, count]) => `${outcome} ${count}`)
    .join(', ');
