import { z } from 'zod';

/** What goes wrong. */
export const faultAction = z.discriminatedUnion('kind', [
  /** An error answer with Apple's status and reason. */
  z.object({
    kind: z.literal('answer'),
    status: z.number().int().min(400).max(599),
    reason: z.string().regex(/^[A-Za-z]{1,64}$/),
    /** Milliseconds since 1970, for 410. Default: now. */
    timestamp: z.number().int().min(0).optional(),
    retryAfterSeconds: z.number().int().min(0).optional(),
  }),
  /** GOAWAY with `{"reason":…}` as debug data; this push is not processed, earlier ones finish. */
  z.object({
    kind: z.literal('goaway'),
    reason: z.string().regex(/^[A-Za-z]{1,64}$/),
    /** HTTP/2 error code (RFC 9113 §7). Default 0, NO_ERROR. */
    errorCode: z.number().int().min(0).max(13).optional(),
  }),
  /** The TCP connection ends without a word. */
  z.object({ kind: z.literal('drop') }),
  /** RST_STREAM with REFUSED_STREAM. */
  z.object({ kind: z.literal('refuse') }),
  /** The push is read and never answered. */
  z.object({ kind: z.literal('stall') }),
  /** The push is processed after a while. */
  z.object({ kind: z.literal('delay'), ms: z.number().int().min(0).max(600_000) }),
]);

export type FaultAction = z.output<typeof faultAction>;

/** Which pushes go wrong, how, and how many of them. */
export const faultRequest = z.object({
  /** Hex. Default: any. */
  token: z
    .string()
    .regex(/^[0-9a-fA-F]+$/)
    .transform((token) => token.toLowerCase())
    .optional(),
  /** Default: any. */
  topic: z.string().min(1).optional(),
  /** How many pushes; `"always"` = until removed. Default 1. */
  count: z.union([z.number().int().min(1), z.literal('always')]).default(1),
  action: faultAction,
});

export type FaultRequest = z.input<typeof faultRequest>;

/** A fault that is set. */
export interface Fault {
  readonly id: number;
  readonly token: string | undefined;
  readonly topic: string | undefined;
  readonly action: FaultAction;
  remaining: number | 'always';
}

/** Answers of §1.7's table by name, for tests: `faults.inject({ action: answers.unregistered() })`. */
export const answers = {
  badDeviceToken: (): FaultAction => ({ kind: 'answer', status: 400, reason: 'BadDeviceToken' }),
  badCertificate: (): FaultAction => ({ kind: 'answer', status: 403, reason: 'BadCertificate' }),
  unregistered: (timestamp?: number): FaultAction => ({
    kind: 'answer',
    status: 410,
    reason: 'Unregistered',
    ...(timestamp !== undefined && { timestamp }),
  }),
  tooManyRequests: (): FaultAction => ({ kind: 'answer', status: 429, reason: 'TooManyRequests' }),
  internalServerError: (): FaultAction => ({ kind: 'answer', status: 500, reason: 'InternalServerError' }),
  serviceUnavailable: (): FaultAction => ({ kind: 'answer', status: 503, reason: 'ServiceUnavailable' }),
};

/** The faults in force. The oldest that matches a push applies to it. */
export class Faults {
  readonly #faults = new Map<number, Fault>();
  #nextId = 1;

  /** @throws ZodError where the request is not a valid fault */
  inject(request: FaultRequest): Fault {
    const { token, topic, count, action } = faultRequest.parse(request);
    const fault: Fault = { id: this.#nextId, token, topic, action, remaining: count };
    this.#nextId += 1;
    this.#faults.set(fault.id, fault);
    return fault;
  }

  list(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  /** The fault for a push, counted down. */
  take(token: string, topic: string): FaultAction | undefined {
    for (const fault of this.#faults.values()) {
      if (fault.token !== undefined && fault.token !== token) continue;
      if (fault.topic !== undefined && fault.topic !== topic) continue;
      if (fault.remaining !== 'always') {
        fault.remaining -= 1;
        if (fault.remaining === 0) this.#faults.delete(fault.id);
      }
      return fault.action;
    }
    return undefined;
  }
}
