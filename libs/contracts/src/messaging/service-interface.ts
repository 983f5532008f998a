import type { EventContract, JobContract, RpcContract, ServiceName } from './define.js';

const DURABLE = /^[a-z][a-z0-9-]*$/;

/** A durable subscription: each of its events is handled once by the service, whichever replica gets it. */
export interface EventSubscription {
  /** Names the position that the server keeps; unique within the service. Renaming it starts over. */
  readonly durable: string;
  /** Events of one aggregate. */
  readonly events: readonly EventContract[];
}

/**
 * Everything that a service says and hears over NATS. Its NATS user may do exactly this
 * (`natsPermissions`), and messaging refuses at once what is not declared here.
 */
export interface ServiceInterface {
  readonly service: ServiceName;
  readonly serves: readonly RpcContract[];
  readonly calls: readonly RpcContract[];
  readonly publishes: readonly EventContract[];
  readonly consumes: readonly EventSubscription[];
  /** Events that it shows live (for example to a console), without keeping a position on the server. */
  readonly tails: readonly EventContract[];
  readonly enqueues: readonly JobContract[];
  readonly works: readonly JobContract[];
}

function must(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

function checkSubscription(service: ServiceName, subscription: EventSubscription): void {
  const { durable, events } = subscription;
  const name = `${service}: durable "${durable}"`;
  must(DURABLE.test(durable), `${name} must be lower case letters, digits and hyphens`);
  must(events.length > 0, `${name} names no events`);
  must(
    events.every((event) => event.aggregate === events[0]?.aggregate),
    `${name} mixes aggregates: use one durable for each`,
  );
}

/** Declares a service's side of the bus; what is left out is empty. Throws where the declaration is not sound. */
export function defineServiceInterface(
  definition: Pick<ServiceInterface, 'service'> & Partial<ServiceInterface>,
): ServiceInterface {
  const declared: ServiceInterface = {
    serves: [],
    calls: [],
    publishes: [],
    consumes: [],
    tails: [],
    enqueues: [],
    works: [],
    ...definition,
  };
  const { service } = declared;
  for (const rpc of declared.serves)
    must(rpc.service === service, `${service} cannot serve ${rpc.subject}: it belongs to ${rpc.service}`);
  for (const event of declared.publishes)
    must(event.owner === service, `${service} cannot publish ${event.subject}: ${event.owner} owns it`);
  for (const job of declared.works)
    must(job.worker === service, `${service} cannot work on ${job.subject}: ${job.worker} does`);
  for (const subscription of declared.consumes) checkSubscription(service, subscription);
  const durables = declared.consumes.map((subscription) => subscription.durable);
  must(new Set(durables).size === durables.length, `${service}: a durable name is used twice`);
  return declared;
}
