import type { Actor, ApiScope, ApprovalKind, ApprovalTarget } from '@espalier/contracts';
import type { z } from 'zod';

/** On whose behalf an approved action is carried out. */
export interface ExecutionContext {
  readonly approvalId: string;
  readonly actor: Actor;
  /** Who asked, as shown to people. */
  readonly title: string;
  readonly signal?: AbortSignal;
}

/** What came of an action. */
export interface ActionResult {
  /** Ids of what it made: commands, a deployment. */
  readonly ids?: readonly string[];
  /** What people should know of it. */
  readonly outcome?: string;
}

/** How far an action could be undone. */
export interface TakenBack {
  readonly takenBack: number;
  /** What it is too late for. */
  readonly tooLate: number;
}

/** Something that a policy can want a second person for. */
export interface ApprovableAction<P> {
  readonly kind: ApprovalKind;
  /** What whoever asks must hold where the targets are: when they ask, and until it is carried out. */
  readonly scopes: readonly ApiScope[];
  /** The same, where it depends on what is asked for. */
  scopesFor?(params: P): readonly ApiScope[];
  /** Parameters as JSON: they are stored, sealed, until the action is carried out. */
  readonly params: z.ZodType<P>;
  /** What will be done, in one sentence. Never a secret. */
  summary(params: P): string;
  targets(params: P): readonly ApprovalTarget[];
  /**
   * Does it. Idempotent by the id of the approval: a step that was interrupted is done again, perhaps by another
   * replica at the same time.
   */
  execute(params: P, context: ExecutionContext): Promise<ActionResult>;
  /** Undoes what no device has fetched yet; repeating it is harmless. */
  takeBack?(resultIds: readonly string[], context: ExecutionContext): Promise<TakenBack>;
}

/** What is known of an action besides its parameters; it may change between a request and its repetition. */
export interface ActionFacts {
  /** How many devices it reaches; default: as many as there are targets. */
  readonly devices?: number;
  /** What targets are called, by id. */
  readonly names?: ReadonlyMap<string, string>;
  /** A better sentence than `summary` knows. */
  readonly summary?: string;
}

/** Who asks or decides. `Caller` is one. */
export interface Person {
  readonly administrator: { readonly id: string; readonly name: string };
  /** The administrator who made their token, where it was another one. */
  readonly madeBy?: string | undefined;
  /** When their token was made; epoch ms. */
  readonly madeAt?: number | undefined;
  readonly credentialId: string;
  readonly title: string;
  readonly actor: Actor;
}
