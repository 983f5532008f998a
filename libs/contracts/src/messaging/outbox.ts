/** A message that leaves with the transaction that caused it. */
export interface OutboxMessage {
  readonly subject: string;
  /** Becomes `Nats-Msg-Id`: the server drops a second one, consumers know it by this. */
  readonly messageId: string;
  /** JSON text. */
  readonly payload: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A stored message; `id` orders messages as they were appended. */
export interface OutboxRow extends OutboxMessage {
  readonly id: string;
}

/** Where a service keeps messages between its transaction and NATS. `Tx` is the store's transaction handle. */
export interface OutboxStore<Tx = unknown> {
  /** In their order. */
  appendAll(tx: Tx, messages: readonly OutboxMessage[]): Promise<void>;
  /** The oldest rows, in order. Taking does not hide them: two relays may get the same. */
  takeBatch(limit: number): Promise<readonly OutboxRow[]>;
  remove(ids: readonly string[]): Promise<void>;
  /** Lets another relay begin at once, where the store lets only one at a time. */
  release?(): Promise<void>;
  /** How many messages wait. */
  depth(): Promise<number>;
}

/** Remembers which messages a durable has handled, in the same transaction as the handling. */
export interface InboxStore<Tx = unknown> {
  /** True the first time, false where this durable has handled the message before. */
  claim(tx: Tx, durable: string, messageId: string): Promise<boolean>;
  /** Several at once, each different: gives those that were not handled before. */
  claimAll(tx: Tx, durable: string, messageIds: readonly string[]): Promise<ReadonlySet<string>>;
}
