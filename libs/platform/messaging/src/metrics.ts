import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How a request ended, as the client or the server of it saw it. */
export type RpcOutcome = 'ok' | 'error' | 'timeout' | 'unavailable' | 'expired' | 'refused';
/** How the handling of an event or job ended. */
export type DeliveryOutcome = 'done' | 'retry' | 'dead' | 'duplicate' | 'skipped';

/** What messaging measures; all no-ops without a registry. */
export interface MessagingMetrics {
  connected(up: boolean): void;
  rpcClient(service: string, verb: string, outcome: RpcOutcome, seconds: number): void;
  rpcServer(verb: string, outcome: RpcOutcome, seconds: number): void;
  delivery(kind: 'event' | 'job', source: string, outcome: DeliveryOutcome): void;
}

const NONE: MessagingMetrics = {
  connected: () => undefined,
  rpcClient: () => undefined,
  rpcServer: () => undefined,
  delivery: () => undefined,
};

const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

export function createMessagingMetrics(registry: Registry | undefined): MessagingMetrics {
  if (registry === undefined) return NONE;
  const registers = [registry];
  const connected = new Gauge({
    name: 'espalier_nats_connected',
    help: '1 while connected to NATS',
    registers,
  });
  const client = new Histogram({
    name: 'espalier_rpc_client_duration_seconds',
    help: 'Requests to other services',
    labelNames: ['target', 'verb', 'outcome'] as const,
    buckets: BUCKETS,
    registers,
  });
  const server = new Histogram({
    name: 'espalier_rpc_server_duration_seconds',
    help: 'Requests of other services, from arrival to reply',
    labelNames: ['verb', 'outcome'] as const,
    buckets: BUCKETS,
    registers,
  });
  const deliveries = new Counter({
    name: 'espalier_deliveries_total',
    help: 'Deliveries of events and jobs by how their handling ended',
    labelNames: ['kind', 'source', 'outcome'] as const,
    registers,
  });
  return {
    connected: (up) => connected.set(up ? 1 : 0),
    rpcClient: (target, verb, outcome, seconds) => client.observe({ target, verb, outcome }, seconds),
    rpcServer: (verb, outcome, seconds) => server.observe({ verb, outcome }, seconds),
    delivery: (kind, source, outcome) => deliveries.inc({ kind, source, outcome }),
  };
}
