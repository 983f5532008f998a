import type { Actor, AuditOutcome } from '@espalier/contracts';
import type { Tx } from '@espalier/persistence';

/** What a detail may hold: never an object, so that nothing slips in with it. */
export type AuditDetail = string | number | boolean | null;

/** Something to record. It gets its sequence, time and hash when it is written. */
export interface AuditEntry {
  /** The operation of the API (`submitCommands`), or what a service did by itself (`audit.prune`). */
  readonly action: string;
  readonly outcome: AuditOutcome;
  /** Null where nobody is known, as in a refused sign-in. */
  readonly actor: Actor | null;
  /** What they proved who they are with: see `Caller`. */
  readonly credentialId?: string | undefined;
  /** Address that the request came from; empty for what a service did by itself. */
  readonly address: string;
  readonly targets: readonly {
    readonly type: string;
    readonly id: string;
    readonly name?: string | undefined;
  }[];
  /** As in X-Request-Id: ties `begun` to its outcome. */
  readonly requestId: string;
  readonly approvalId?: string | undefined;
  /** Only what `audit.details.ts` allows for the action is kept. */
  readonly details?: Readonly<Record<string, AuditDetail>> | undefined;
  readonly errorCode?: string | undefined;
}

/** What rooms need that record what they do. */
export interface AuditRecorder {
  /**
   * In the transaction that makes it true. Holds the head of the log until the transaction ends, and everybody who
   * records waits for it: call it last.
   */
  record(tx: Tx, ...entries: readonly AuditEntry[]): Promise<void>;
  /**
   * In a transaction of its own, together with what others record at this moment. Never inside another transaction.
   * @throws EspalierError ESP_AUDIT_UNAVAILABLE
   */
  recordAlone(entry: AuditEntry): Promise<void>;
}
