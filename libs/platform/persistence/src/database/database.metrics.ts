import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { isEspalierError } from '@espalier/contracts';
import { DatabaseError } from '../errors/database-error.js';
import type { Backend } from '../backends/backend.js';

type Operation = 'statement' | 'transaction';

/** What an operator sees of a database. */
export interface DatabaseMetrics {
  /** Ends the timing of an operation. */
  start(operation: Operation): (error?: unknown) => void;
  retried(): void;
}

/** Whose connections the one gauge of a registry counts, by schema. */
const counted = new WeakMap<Registry, Map<string, Backend>>();

const silent: DatabaseMetrics = { start: () => () => undefined, retried: () => undefined };

/** Registers the metrics of one schema; several Databases may share a registry. */
export function databaseMetrics(backend: Backend, schema: string, registry?: Registry): DatabaseMetrics {
  if (registry === undefined) return silent;
  const registers = [registry];
  const backends = counted.get(registry) ?? new Map<string, Backend>();
  counted.set(registry, backends.set(schema, backend));
  const once = <M>(name: string, make: () => M): M =>
    (registry.getSingleMetric(name) as M | undefined) ?? make();
  const duration = once(
    'espalier_database_operation_seconds',
    () =>
      new Histogram({
        name: 'espalier_database_operation_seconds',
        help: 'Duration of statements outside transactions, and of transactions, as their caller sees it.',
        labelNames: ['schema', 'operation'],
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
        registers,
      }),
  );
  const errors = once(
    'espalier_database_errors_total',
    () =>
      new Counter({
        name: 'espalier_database_errors_total',
        help: 'Failed operations by kind of error.',
        labelNames: ['schema', 'kind'],
        registers,
      }),
  );
  const retries = once(
    'espalier_database_retries_total',
    () =>
      new Counter({
        name: 'espalier_database_retries_total',
        help: 'Transactions run again after a deadlock or serialization failure.',
        labelNames: ['schema'],
        registers,
      }),
  );
  once(
    'espalier_database_connections',
    () =>
      new Gauge({
        name: 'espalier_database_connections',
        help: 'Connections of the pool, and callers that wait for one.',
        labelNames: ['schema', 'state'],
        registers,
        collect() {
          for (const [name, of] of backends) {
            for (const [state, value] of Object.entries(of.poolState()))
              this.set({ schema: name, state }, value);
          }
        },
      }),
  );
  return {
    start: (operation) => {
      const end = duration.startTimer({ schema, operation });
      return (error) => {
        end();
        if (error !== undefined) errors.inc({ schema, kind: kindOf(error) });
      };
    },
    retried: () => retries.inc({ schema }),
  };
}

function kindOf(error: unknown): string {
  if (error instanceof DatabaseError) return error.kind;
  if (isEspalierError(error) && error.code === 'ESP_DATABASE_UNAVAILABLE') return 'unavailable';
  return 'caller';
}
