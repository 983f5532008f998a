import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { isKnownReason, type PushOutcome } from './push-outcome.js';

const LOCAL_REASONS: ReadonlySet<string> = new Set([
  'BadPushMagic',
  'ClientClosed',
  'ConnectionLost',
  'QueueFull',
  'ServerCertificateUntrusted',
  'Timeout',
  'TlsCertificateRefused',
  'TopicNotOfCertificate',
]);

/** A label value of bounded variety: what a peer sends must not grow the metrics. */
function reasonLabel(outcome: PushOutcome): string {
  if (outcome.kind === 'accepted') return '';
  const { reason } = outcome;
  return isKnownReason(reason) || LOCAL_REASONS.has(reason) ? reason : 'other';
}

interface Levels {
  readonly connections: number;
  readonly inFlight: number;
  readonly queued: number;
}

/** Takes the figures of one client; does nothing where there is no registry. */
export class ApnsMetrics {
  readonly #pushes: Counter | undefined;
  readonly #duration: Histogram | undefined;
  readonly #expiry: Gauge | undefined;

  constructor(registry: Registry | undefined, levels: () => Levels) {
    if (registry === undefined) return;
    const registers = [registry];
    this.#pushes = new Counter({
      name: 'apns_pushes_total',
      help: 'Pushes by outcome',
      labelNames: ['result', 'reason'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'apns_push_duration_seconds',
      help: 'From push to outcome, waiting for a stream included',
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.#expiry = new Gauge({
      name: 'apns_certificate_expiry_timestamp_seconds',
      help: 'When the push certificate expires',
      registers,
    });
    const gauge = (name: string, help: string, read: (now: Levels) => number): Gauge =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(levels()));
        },
      });
    gauge('apns_connections', 'Open connections to APNs', (now) => now.connections);
    gauge('apns_pushes_in_flight', 'Pushes sent and not yet answered', (now) => now.inFlight);
    gauge('apns_pushes_queued', 'Pushes waiting for a stream', (now) => now.queued);
  }

  observe(outcome: PushOutcome, seconds: number): void {
    this.#pushes?.inc({ result: outcome.kind, reason: reasonLabel(outcome) });
    this.#duration?.observe(seconds);
  }

  certificate(notAfter: Date): void {
    this.#expiry?.set(notAfter.getTime() / 1000);
  }
}
