import type { Tx } from '@espalier/persistence';
import type { Person } from './approvable-action.js';
import type { People } from './approval.checks.js';

export interface AccountabilityOptions {
  readonly people: Pick<People, 'find'>;
  /** How long an account that was made or changed, or a token that was made, counts as new, in ms. */
  readonly restMs: number;
  readonly now: () => Date;
}

/** What all accounts that are new do together counts against one limit more: whoever makes many gains little. */
const NEW_ACCOUNTS = '(new accounts)';

/** Says who stands behind an account: whoever made it, gave it a way to sign in or a token, could be using it. */
export class Accountability {
  constructor(private readonly options: AccountabilityOptions) {}

  /** Whose limits somebody's actions count against, in the order in which they are locked. */
  async countedFor(tx: Tx, { administrator, madeBy, madeAt = 0 }: Person): Promise<string[]> {
    const { restMs, now } = this.options;
    const isNew = madeBy !== undefined && madeAt + restMs > now().getTime();
    const accounts = [administrator.id, ...(isNew ? [madeBy] : [])];
    const changed = await this.newUntil(tx, accounts);
    return [...accounts, ...(changed === undefined ? [] : [NEW_ACCOUNTS])].sort();
  }

  /** When the last of these accounts stops being new; undefined where none is. */
  async newUntil(tx: Tx, ids: readonly string[]): Promise<number | undefined> {
    const { people, restMs, now } = this.options;
    const found = [];
    for (const id of ids) found.push(await people.find(tx, id));
    const until = Math.max(...found.map((account) => (account?.changedAt ?? 0) + restMs));
    return until > now().getTime() ? until : undefined;
  }
}
