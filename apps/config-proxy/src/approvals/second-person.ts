import { approvalErrors } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';
import type { Person } from './approvable-action.js';
import type { People } from './approval.checks.js';

export interface SecondPersonOptions {
  readonly people: People;
  readonly now: () => Date;
  /** How long an administrator whose account was made or changed, or whose token was made, does not approve, in ms. */
  readonly restMs: number;
}

/** A second person is one: no service account, none that was made up or taken over for the purpose. */
export class SecondPerson {
  constructor(private readonly options: SecondPersonOptions) {}

  /** @throws EspalierError ESP_APPROVAL_NOT_A_PERSON, ESP_APPROVAL_TOO_NEW */
  async check(tx: Tx, decider: Person): Promise<void> {
    const { people, now, restMs } = this.options;
    const decides = await people.find(tx, decider.administrator.id);
    if (decides?.kind !== 'person') throw approvalErrors.ESP_APPROVAL_NOT_A_PERSON();
    const rested = Math.max(decides.changedAt, decider.madeAt ?? 0) + restMs;
    if (now().getTime() < rested)
      throw approvalErrors.ESP_APPROVAL_TOO_NEW({
        detail: `${decider.administrator.name} can approve from ${new Date(rested).toISOString()} on.`,
      });
  }
}

/** True where somebody behind the decision is also behind the request: with another token, or one that they made. */
export function isSamePerson(
  asked: { readonly id: string; readonly makerId: string | null },
  { administrator, madeBy }: Pick<Person, 'administrator' | 'madeBy'>,
): boolean {
  const behind = [asked.id, ...(asked.makerId === null ? [] : [asked.makerId])];
  return behind.includes(administrator.id) || (madeBy !== undefined && behind.includes(madeBy));
}
