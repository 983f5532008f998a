import { setTimeout as wait } from 'node:timers/promises';
import { isEspalierError, type EspalierError } from '@espalier/contracts';
import { simErrors } from '../sim-devices.errors.js';
import type { HttpReply } from './http-client.js';

/** How often and how soon a device tries again. */
export interface RetryPolicy {
  /** First wait; doubles each time, between half and the whole of it by chance. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** All attempts together. */
  readonly attempts: number;
}

/** A failure that is told with how long to wait (`Retry-After`). */
export class BusyServer {
  constructor(
    readonly failure: EspalierError,
    readonly retryAfterMs: number | undefined,
  ) {}
}

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onRetry: (failure: EspalierError, attempt: number, waitMs: number) => void;
}

/**
 * Runs `attempt` until it gives a value, its error is not retryable, or the attempts are used up.
 * @throws EspalierError of the last attempt; ESP_SIM_STOPPED where the signal aborts
 */
export async function withRetry<T>(
  attempt: () => Promise<T | BusyServer>,
  options: RetryOptions,
): Promise<T> {
  const { policy, random, signal, onRetry } = options;
  for (let count = 1; ; count += 1) {
    if (signal.aborted) throw simErrors.ESP_SIM_STOPPED();
    const outcome = await attempt().catch((error: unknown) => {
      if (isEspalierError(error) && error.retryable) return new BusyServer(error, undefined);
      throw error;
    });
    if (!(outcome instanceof BusyServer)) return outcome;
    const { failure, retryAfterMs } = outcome;
    if (count >= policy.attempts) throw failure;
    const waitMs = Math.round(Math.max(retryAfterMs ?? 0, backOffMs(policy, count, random)));
    onRetry(failure, count, waitMs);
    await wait(waitMs, undefined, { signal }).catch(() => {
      throw simErrors.ESP_SIM_STOPPED();
    });
  }
}

/** An answer that may be a good one another time (429, 5xx), as a {@link BusyServer}. */
export function busyServer(reply: HttpReply, now: Date): BusyServer | undefined {
  if (reply.status !== 429 && reply.status < 500) return undefined;
  const waitMs = retryAfterMs(reply.headers['retry-after'], now);
  const failure = simErrors.ESP_SIM_SERVER_BUSY({
    detail: `It answered ${reply.status}.`,
    // For those who try again later than within withRetry().
    ...(waitMs !== undefined && { fields: { retryAfterMs: String(waitMs) } }),
  });
  return new BusyServer(failure, waitMs);
}

/** How long to wait before a try: doubles each time, between half and the whole of it by chance. */
export function backOffMs(policy: RetryPolicy, failures: number, random: () => number): number {
  const ceiling = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(failures - 1, 20));
  return ceiling * (0.5 + random() / 2);
}

const LONGEST_RETRY_AFTER_MS = 3_600_000;

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterMs(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS) : undefined;
}
