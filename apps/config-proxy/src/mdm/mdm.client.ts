import { setTimeout as delay } from 'node:timers/promises';
import { isEspalierError, type RpcContract } from '@espalier/contracts';
import type { CallOptions, Messaging } from '@espalier/messaging';
import type { z } from 'zod';

export interface MdmClientOptions {
  readonly messaging: Pick<Messaging, 'call'>;
  /** How long `insist` tries, in ms. */
  readonly insistMs?: number;
}

const INSIST_MS = 5_000;
/** One try of several must not use up all the time where a replica died with the request. */
const TRY_MS = 2_500;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 800;

/** Asks the mdm service, in the name of whoever asked us. */
export class MdmClient {
  constructor(private readonly options: MdmClientOptions) {}

  /** @throws EspalierError as the service answered, or why it could not be reached */
  ask<C extends RpcContract>(
    contract: C,
    request: z.input<C['request']>,
    origin: CallOptions,
  ): Promise<z.output<C['response']>> {
    return this.options.messaging.call(contract, request, origin);
  }

  /**
   * Asks again for some seconds where the service is not reachable, so that nobody notices a restart. Only for
   * requests that may arrive twice.
   */
  async insist<C extends RpcContract>(
    contract: C,
    request: z.input<C['request']>,
    origin: CallOptions,
  ): Promise<z.output<C['response']>> {
    const deadline = performance.now() + (this.options.insistMs ?? INSIST_MS);
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        return await this.ask(contract, request, { ...origin, timeoutMs: TRY_MS });
      } catch (error) {
        const again = isEspalierError(error) && error.retryable && performance.now() + wait < deadline;
        if (!again) throw error;
        await delay(wait * (0.5 + Math.random()));
      }
    }
  }
}
