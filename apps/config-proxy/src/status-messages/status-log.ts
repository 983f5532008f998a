import {
  configProxyStatusReported,
  type mdmStatusReported,
  type ServiceName,
  type StatusMessage,
} from '@espalier/contracts';
import type { BatchedEvent, EventPublisher } from '@espalier/messaging';
import type { Tx } from '@espalier/persistence';
import type { StatusMessageStore } from './status-message.store.js';

/** A status message of this service; it gets its time when it is written. */
export type OwnStatusMessage = Omit<StatusMessage, 'at'>;

/** Writes what this service has to say to admins; for every room. */
export interface StatusWriter {
  /** In the transaction that made it true; consoles see it after the commit. */
  write(tx: Tx, ...messages: readonly OwnStatusMessage[]): Promise<void>;
}

/** Every service tells in the same words. */
type StatusEvent = typeof mdmStatusReported;

const TEXT_LENGTH = 2_000;

/** The log that the services keep for admins: a line per event, as many as retention lets live. */
export class StatusLog implements StatusWriter {
  constructor(
    private readonly store: StatusMessageStore,
    private readonly events: EventPublisher<Tx>,
    private readonly now: () => Date,
  ) {}

  async write(tx: Tx, ...messages: readonly OwnStatusMessage[]): Promise<void> {
    const at = this.now().getTime();
    const lines = messages.map((message) => ({ ...message, at, text: shorten(message.text) }));
    await this.store.insert(
      tx,
      lines.map((line) => ({ ...line, service: 'config-proxy' })),
    );
    await this.events.publishAll(tx, configProxyStatusReported, lines);
  }

  /** Takes in what other services say. */
  handleBatch(events: readonly BatchedEvent<StatusEvent>[], tx: Tx): Promise<void> {
    const lines = events.map(({ event }) => {
      const service: ServiceName = event.contract.owner;
      return { ...event.payload, service };
    });
    return this.store.insert(tx, lines);
  }
}

const shorten = (text: string): string =>
  text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1)}…`;
