import type { ApprovalKind } from '@espalier/contracts';
import type { ApprovableAction } from './approvable-action.js';

/** Every action that can be approved, by its kind. */
export class ActionCatalogue {
  readonly #actions = new Map<ApprovalKind, ApprovableAction<unknown>>();

  /** Its parameters are checked by its own schema when they come back from the database. */
  add<P>(...actions: readonly ApprovableAction<P>[]): void {
    for (const action of actions) this.#actions.set(action.kind, action);
  }

  of(kind: ApprovalKind): ApprovableAction<unknown> {
    const action = this.#actions.get(kind);
    if (action === undefined) throw new RangeError(`Nobody carries out actions of the kind ${kind}`);
    return action;
  }
}
