import {
  commonErrors,
  EspalierError,
  isEspalierError,
  messagingErrors,
  type RpcContract,
} from '@espalier/contracts';
import { TimeoutError, type Msg } from '@nats-io/transport-node';
import { z } from 'zod';

import { HEADER, headerValue, originHeaders, toMsgHeaders } from '../connection/message-headers.js';
import type { NatsConnector } from '../connection/nats-connector.js';
import { errorText, hasNoResponders, isForbidden } from '../jetstream/jetstream.errors.js';
import type { CallOptions } from '../messaging.types.js';
import type { MessagingMetrics, RpcOutcome } from '../metrics.js';
import { encode, fieldErrors, tooLarge } from '../wire/codec.js';

const errorBodySchema = z.object({
  code: z.string(),
  status: z.number().int(),
  title: z.string(),
  detail: z.string().optional(),
  mend: z.string().optional(),
  retryable: z.boolean().optional(),
  fields: z.record(z.string(), z.string()).optional(),
  errorId: z.string().optional(),
});

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function remoteError(contract: RpcContract, reply: Msg): EspalierError {
  const body = errorBodySchema.safeParse(parseJson(reply.string()));
  if (!body.success)
    return commonErrors.ESP_INTERNAL({ detail: `${contract.subject} answered with an unreadable error.` });
  const { detail, mend, retryable, fields, errorId, ...required } = body.data;
  return EspalierError.fromBody({
    ...required,
    ...(detail !== undefined && { detail }),
    ...(mend !== undefined && { mend }),
    ...(retryable !== undefined && { retryable }),
    ...(fields !== undefined && { fields }),
    ...(errorId !== undefined && { errorId }),
  });
}

function localError(contract: RpcContract, error: unknown, timeoutMs: number): EspalierError {
  if (error instanceof TimeoutError)
    return commonErrors.ESP_TIMEOUT({ detail: `${contract.subject}: no answer in ${timeoutMs} ms.` });
  if (hasNoResponders(error))
    return commonErrors.ESP_SERVICE_UNAVAILABLE({
      detail: `No ${contract.service} listens to ${contract.subject}.`,
    });
  if (isForbidden(error))
    return messagingErrors.ESP_MESSAGING_FORBIDDEN({ detail: `${contract.subject}.`, cause: error });
  return commonErrors.ESP_MESSAGING_UNAVAILABLE({ detail: `${errorText(error)}.`, cause: error });
}

const OUTCOME_BY_CODE: Readonly<Record<string, RpcOutcome>> = {
  ESP_TIMEOUT: 'timeout',
  ESP_SERVICE_UNAVAILABLE: 'unavailable',
  ESP_MESSAGING_UNAVAILABLE: 'unavailable',
};

/** Asks other services and turns what comes back into values or `EspalierError`s. */
export class RpcClient {
  constructor(
    private readonly connector: NatsConnector,
    private readonly metrics: MessagingMetrics,
  ) {}

  async call<C extends RpcContract>(
    contract: C,
    request: z.input<C['request']>,
    options: CallOptions,
  ): Promise<z.output<C['response']>> {
    const startedAt = performance.now();
    let outcome: RpcOutcome = 'ok';
    try {
      const reply = await this.#request(contract, request, options);
      if (headerValue(reply.headers, HEADER.error) !== undefined) throw remoteError(contract, reply);
      return this.#decode(contract, reply);
    } catch (error) {
      outcome = isEspalierError(error) ? (OUTCOME_BY_CODE[error.code] ?? 'error') : 'error';
      throw error;
    } finally {
      const seconds = (performance.now() - startedAt) / 1_000;
      this.metrics.rpcClient(contract.service, contract.verb, outcome, seconds);
    }
  }

  async #request(contract: RpcContract, request: unknown, options: CallOptions): Promise<Msg> {
    const timeout = options.timeoutMs ?? contract.timeoutMs;
    const payload = encode(contract.request, request, `The request ${contract.subject}`);
    const connection = this.connector.connection();
    const headers = toMsgHeaders({ ...originHeaders(options), [HEADER.timeout]: String(timeout) });
    const limit = connection.info?.max_payload;
    const size = Buffer.byteLength(payload);
    // Headers count too; a kilobyte or two is theirs.
    if (limit !== undefined && size > limit - 2_048) throw tooLarge(contract.subject, size, limit - 2_048);
    const answer = connection.request(contract.subject, payload, { timeout, headers });
    return this.connector.whileConnected(answer, options.signal).catch((error: unknown) => {
      if (isEspalierError(error) || (options.signal?.aborted === true && error === options.signal.reason))
        throw error;
      throw localError(contract, error, timeout);
    });
  }

  #decode<C extends RpcContract>(contract: C, reply: Msg): z.output<C['response']> {
    const result = contract.response.safeParse(parseJson(reply.string()));
    if (result.success) return result.data as z.output<C['response']>;
    throw messagingErrors.ESP_MESSAGING_BAD_REPLY({
      detail: `${contract.subject}: ${Object.entries(fieldErrors(result.error))
        .slice(0, 3)
        .map(([field, text]) => `${field}: ${text}`)
        .join('; ')}.`,
    });
  }
}
