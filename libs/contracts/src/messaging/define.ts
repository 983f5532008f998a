import type { z } from 'zod';

/** The services that talk over NATS; each has its own NATS user. */
export type ServiceName =
  'config-proxy' | 'mdm' | 'mdm-policy' | 'dep' | 'vpp' | 'software-update-point' | 'netboot';

const TOKEN = /^[a-z][a-z0-9-]*$/;

function token(value: string): string {
  if (!TOKEN.test(value))
    throw new Error(`"${value}" is no subject token: lower case, digits and hyphens only`);
  return value;
}

/** A request that one service answers: subject `esp.v1.rpc.<service>.<verb>`, queue group = service. */
export interface RpcContract<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly kind: 'rpc';
  readonly service: ServiceName;
  readonly verb: string;
  readonly subject: string;
  readonly request: Request;
  readonly response: Response;
  /** How long a caller waits for the answer, in ms. */
  readonly timeoutMs: number;
}

export function defineRpc<Request extends z.ZodType, Response extends z.ZodType>(definition: {
  readonly service: ServiceName;
  readonly verb: string;
  readonly request: Request;
  readonly response: Response;
  readonly timeoutMs?: number;
}): RpcContract<Request, Response> {
  return {
    kind: 'rpc',
    timeoutMs: 5_000,
    ...definition,
    subject: `esp.v1.rpc.${token(definition.service)}.${token(definition.verb)}`,
  };
}

/** A fact that happened: subject `esp.v1.evt.<aggregate>.<event>`, kept in a JetStream stream. */
export interface EventContract<Payload extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  /** The one service that publishes it. */
  readonly owner: ServiceName;
  readonly aggregate: string;
  readonly event: string;
  readonly subject: string;
  readonly payload: Payload;
}

export function defineEvent<Payload extends z.ZodType>(definition: {
  readonly owner: ServiceName;
  readonly aggregate: string;
  readonly event: string;
  readonly payload: Payload;
}): EventContract<Payload> {
  return {
    kind: 'event',
    ...definition,
    subject: `esp.v1.evt.${token(definition.aggregate)}.${token(definition.event)}`,
  };
}

/** Work that is done once, by one consumer: subject `esp.v1.job.<queue>`, kept in a work queue. */
export interface JobContract<Payload extends z.ZodType = z.ZodType> {
  readonly kind: 'job';
  /** The one service that does the work. */
  readonly worker: ServiceName;
  readonly queue: string;
  readonly subject: string;
  readonly payload: Payload;
  /** Deliveries before the job is a dead letter. */
  readonly maxDeliver: number;
  /** How long one delivery may take before it is offered again, in ms. */
  readonly ackWaitMs: number;
}

export function defineJob<Payload extends z.ZodType>(definition: {
  readonly worker: ServiceName;
  readonly queue: string;
  readonly payload: Payload;
  readonly maxDeliver?: number;
  readonly ackWaitMs?: number;
}): JobContract<Payload> {
  return {
    kind: 'job',
    maxDeliver: 5,
    ackWaitMs: 30_000,
    ...definition,
    subject: `esp.v1.job.${token(definition.queue)}`,
  };
}
