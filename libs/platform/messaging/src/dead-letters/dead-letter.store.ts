import {
  isEspalierError,
  messagingErrors,
  type EspalierError,
  type ServiceInterface,
} from '@espalier/contracts';
import { jetstream, jetstreamManager, JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';

import { HEADER, headerValue, toMsgHeaders } from '../connection/message-headers.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { toMessagingError } from '../jetstream/jetstream.errors.js';
import { deadLetterStream } from '../jetstream/stream.definitions.js';
import type { DeadLetter, DeadLetterPage, DeadLetterReason, DeadLetters } from './dead-letters.types.js';

/** Handles a buried event again, in this process. */
export type EventReplay = (
  source: string,
  letter: DeadLetter & { readonly payload: string },
  stored: StoredMsg,
) => Promise<void>;

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
const REASONS: readonly DeadLetterReason[] = ['retries-exhausted', 'permanent-failure', 'invalid-payload'];
const SOURCE = /^[a-z][a-z0-9-]*$/;

/** JSNoMessageFoundErr, JSSequenceNotFoundErrF, JSStreamMsgDeleteFailedF: which one depends on the server. */
const GONE: readonly number[] = [10_037, 10_043, 10_057];

const unknownLetter = (id: string): EspalierError =>
  messagingErrors.ESP_MESSAGING_DEAD_LETTER_UNKNOWN({ detail: id });

function toDeadLetter(stored: StoredMsg): DeadLetter {
  const header = (name: string): string => headerValue(stored.header, name) ?? '';
  const [kind, source] = stored.subject.split('.').slice(4);
  const reason = header(HEADER.reason);
  return {
    id: String(stored.seq),
    kind: kind === 'job' ? 'job' : 'event',
    source: source ?? '',
    subject: header(HEADER.subject),
    messageId: header(HEADER.originalId),
    reason: REASONS.find((known) => known === reason) ?? 'retries-exhausted',
    error: header(HEADER.detail),
    errorCode: header(HEADER.errorCode),
    sequence: Number(header(HEADER.sequence)),
    deliveries: Number(header(HEADER.deliveries)),
    replica: header(HEADER.replica),
    publishedAt: new Date(header(HEADER.publishedAt)),
    deadAt: stored.time,
  };
}

/** The dead letters of one service, in a stream of its own. */
export class DeadLetterStore implements DeadLetters {
  readonly #stream: string;

  constructor(
    private readonly connector: NatsConnector,
    private readonly declared: ServiceInterface,
    private readonly replayEvent: EventReplay,
  ) {
    this.#stream = deadLetterStream(declared.service);
  }

  async list(
    options: { readonly source?: string; readonly after?: string; readonly limit?: number } = {},
  ): Promise<DeadLetterPage> {
    const { source, after } = options;
    const limit = Math.min(Math.max(1, options.limit ?? DEFAULT_LIMIT), MAX_LIMIT);
    if (source !== undefined && !SOURCE.test(source)) return { items: [] };
    const subject = `esp.v1.dlq.${this.declared.service}.*.${source ?? '*'}`;
    const items: DeadLetter[] = [];
    for (let sequence = Number(after ?? 0) + 1; items.length <= limit;) {
      const stored = await this.#next(subject, sequence);
      if (stored === undefined) return { items };
      items.push(toDeadLetter(stored));
      sequence = stored.seq + 1;
    }
    const page = items.slice(0, limit);
    return { items: page, next: page.at(-1)?.id ?? '' };
  }

  async get(id: string): Promise<DeadLetter & { readonly payload: string }> {
    const stored = await this.#read(id);
    return { ...toDeadLetter(stored), payload: stored.string() };
  }

  async replay(id: string): Promise<void> {
    const stored = await this.#read(id);
    const letter = { ...toDeadLetter(stored), payload: stored.string() };
    if (letter.kind === 'event') await this.replayEvent(letter.source, letter, stored);
    else await this.#requeue(letter, stored);
    await this.discard(id);
  }

  async discard(id: string): Promise<void> {
    const sequence = this.#sequence(id);
    await this.#api(async () =>
      (await this.#manager()).streams.deleteMessage(this.#stream, sequence, false),
    ).catch((error: unknown) => {
      const cause = isEspalierError(error) ? error.cause : undefined;
      if (cause instanceof JetStreamApiError && GONE.includes(cause.code)) throw unknownLetter(id);
      throw error;
    });
  }

  async #requeue(letter: DeadLetter, stored: StoredMsg): Promise<void> {
    const kept = [HEADER.actor, HEADER.traceparent, HEADER.tracestate].flatMap((name) => {
      const value = headerValue(stored.header, name);
      return value === undefined ? [] : [[name, value] as const];
    });
    await this.#api(() =>
      jetstream(this.connector.connection()).publish(letter.subject, stored.data, {
        // The first id may still be in the duplicate window; a repeated replay must not do the job twice.
        msgID: `${letter.messageId}:replay:${letter.id}`,
        headers: toMsgHeaders(Object.fromEntries(kept)),
      }),
    );
  }

  #manager(): ReturnType<typeof jetstreamManager> {
    return jetstreamManager(this.connector.connection(), { checkAPI: false });
  }

  #sequence(id: string): number {
    const sequence = Number(id);
    if (Number.isSafeInteger(sequence) && sequence > 0) return sequence;
    throw unknownLetter(id);
  }

  async #read(id: string): Promise<StoredMsg> {
    const seq = this.#sequence(id);
    const stored = await this.#api(async () =>
      (await this.#manager()).streams.getMessage(this.#stream, { seq }),
    );
    if (stored === null) throw unknownLetter(id);
    return stored;
  }

  async #next(subject: string, sequence: number): Promise<StoredMsg | undefined> {
    const query = { seq: sequence, next_by_subj: subject };
    const stored = await this.#api(async () =>
      (await this.#manager()).streams.getMessage(this.#stream, query),
    );
    return stored ?? undefined;
  }

  #api<T>(work: () => Promise<T>): Promise<T> {
    return this.connector.whileConnected(work()).catch((error: unknown) => {
      throw toMessagingError(error, this.#stream);
    });
  }
}
