import type { RequestContext, MessageContext } from '../messaging.types.js';

/** Longest that a caller may claim to wait, so that a forged header cannot keep work alive for days. */
const MAX_WAIT_MS = 10 * 60 * 1_000;

export function waitMs(header: string | undefined, fallbackMs: number): number {
  const value = Number(header);
  return Number.isFinite(value) && value > 0 ? Math.min(value, MAX_WAIT_MS) : fallbackMs;
}

/** Context of one request; its signal is made only where a handler asks for it: most never do. */
export class RequestContextImpl implements RequestContext {
  readonly actor: MessageContext['actor'];
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    context: MessageContext,
    private readonly deadlineAt: number,
    private readonly shutdown: AbortSignal,
  ) {
    this.actor = context.actor;
    this.traceparent = context.traceparent;
    this.tracestate = context.tracestate;
  }

  get signal(): AbortSignal {
    const leftMs = Math.max(0, Math.round(this.deadlineAt - performance.now()));
    this.#signal ??= AbortSignal.any([AbortSignal.timeout(leftMs), this.shutdown]);
    return this.#signal;
  }
}
