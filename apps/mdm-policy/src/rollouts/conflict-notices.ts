import { mdmPolicyStatusReported } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import type { DeploymentStore } from '../deployments/deployment.store.js';
import type { Decision } from '../planner/planner.types.js';
import type { NoticeStore } from './notice.store.js';

export interface ConflictNoticesOptions {
  readonly notices: NoticeStore;
  readonly deployments: Pick<DeploymentStore, 'names'>;
  readonly events: EventPublisher<Tx>;
}

const REMEMBERED = 10_000;

/** Says of two deployments that fight over an identifier who wins: once, not for each device. */
export class ConflictNotices {
  /** Keeps rounds from asking the database for what was said long ago. */
  readonly #said = new Set<string>();

  constructor(private readonly options: ConflictNoticesOptions) {}

  async tell(tx: Tx, decisions: readonly Decision[], now: number): Promise<void> {
    for (const decision of decisions) {
      const { state, deploymentId, winnerDeploymentId, ciId } = decision;
      if (state !== 'lost' || winnerDeploymentId === null) continue;
      const subject = `lost/${deploymentId}/${winnerDeploymentId}/${ciId}`;
      if (this.#said.has(subject)) continue;
      if (await this.options.notices.claim(tx, subject, now))
        await this.#publish(tx, decision, winnerDeploymentId, now);
      tx.afterCommit(() => {
        if (this.#said.size >= REMEMBERED) this.#said.clear();
        this.#said.add(subject);
      });
    }
  }

  async #publish(
    tx: Tx,
    { deploymentId, identifier, rule }: Decision,
    winnerId: string,
    now: number,
  ): Promise<void> {
    const names = await this.options.deployments.names(tx, [deploymentId, winnerId]);
    const [loser, winner] = [deploymentId, winnerId].map((id) => names.get(id) ?? id);
    await this.options.events.publish(tx, mdmPolicyStatusReported, {
      at: now,
      severity: 'warning',
      component: 'planner',
      messageId: 'deployment-conflict',
      text: `"${loser}" and "${winner}" both set ${identifier}: "${winner}" wins (${rule}).`.slice(0, 2_000),
      deploymentId,
    });
  }
}
