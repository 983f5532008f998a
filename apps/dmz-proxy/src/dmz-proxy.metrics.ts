import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** One live link, as a scrape sees it. */
export interface LinkGauges {
  readonly service: string;
  readonly replica: string;
  readonly slot: number;
  readonly streams: number;
  readonly rttSeconds: number | undefined;
  readonly outboundQueueBytes: number;
}

/** What gauges read when they are scraped. */
export interface MetricSources {
  readonly links: () => readonly LinkGauges[];
  /** Bytes over the link port so far, ended links included. */
  readonly linkBytes: () => { readonly received: number; readonly sent: number };
  readonly queueDepth: () => number;
  readonly deviceConnections: () => number;
  readonly pinExpiry: () => readonly { readonly peer: string; readonly seconds: number }[];
}

const LINK_LABELS = ['peer_service', 'peer_replica', 'slot'] as const;

/** The metrics of the edge. */
export class DmzProxyMetrics {
  readonly linksEnded: Counter<'peer_service' | 'reason'>;
  readonly pinMismatches: Counter<'reason'>;
  readonly linkHandshakeFailures: Counter<'reason'>;
  readonly deviceHandshakes: Counter<'result'>;
  readonly deviceRefusals: Counter<'reason'>;
  readonly truncated: Counter<'direction'>;
  readonly retries: Counter<'reason'>;
  readonly guarded401: Counter<'route'>;
  readonly #seconds: Histogram<'route' | 'status'>;
  readonly #children = new Map<string, { observe(seconds: number): void }>();

  constructor(private readonly registry: Registry) {
    const counter = <L extends string>(name: string, help: string, label: L, more: L[] = []): Counter<L> =>
      new Counter({ name, help, labelNames: [label, ...more], registers: [registry] });
    this.linksEnded = counter<'peer_service' | 'reason'>(
      'link_reconnects_total',
      'Links that ended or were refused, by reason',
      'peer_service',
      ['reason'],
    );
    this.pinMismatches = counter(
      'pin_mismatch_total',
      'Connections to the link port without a certificate that is pinned for what they asked, by reason',
      'reason',
    );
    this.linkHandshakeFailures = counter(
      'link_handshake_failures_total',
      'Connections to the link port that ended in the TLS handshake for another reason',
      'reason',
    );
    this.deviceHandshakes = counter('device_handshakes_total', 'TLS handshakes of devices', 'result');
    this.deviceRefusals = counter(
      'device_refusals_total',
      'Device connections that were refused before TLS, by limit',
      'reason',
    );
    this.truncated = counter(
      'truncated_total',
      'Bodies that ended before they were complete; the other end was cut, too',
      'direction',
    );
    this.retries = counter(
      'device_retries_total',
      'Requests that were sent again over another link',
      'reason',
    );
    this.guarded401 = counter(
      'device_401_guarded_total',
      'Answers of 401 that were turned into 403',
      'route',
    );
    this.#seconds = new Histogram({
      name: 'device_request_seconds',
      help: 'Time to answer a device, by route and class of status',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  observe(route: string, status: number, seconds: number): void {
    const key = `${route} ${Math.trunc(status / 100)}`;
    let child = this.#children.get(key);
    if (child === undefined) {
      child = this.#seconds.labels(route, `${Math.trunc(status / 100)}xx`);
      this.#children.set(key, child);
    }
    child.observe(seconds);
  }

  /** Registers the gauges, whose values are read when they are scraped. */
  watch(sources: MetricSources): void {
    const registers = [this.registry];
    const perLink = (name: string, help: string, value: (link: LinkGauges) => number | undefined): void => {
      new Gauge({
        name,
        help,
        labelNames: LINK_LABELS,
        registers,
        collect() {
          this.reset();
          for (const link of sources.links()) {
            const number = value(link);
            const labels = { peer_service: link.service, peer_replica: link.replica, slot: link.slot };
            if (number !== undefined) this.set(labels, number);
          }
        },
      });
    };
    perLink('link_up', 'Links that are up', () => 1);
    perLink('link_streams', 'Requests in flight', (link) => link.streams);
    perLink('link_rtt_seconds', 'Round trip of the latest PING', (link) => link.rttSeconds);
    perLink('session_outbound_queue_bytes', 'Bytes that wait to be sent', (link) => link.outboundQueueBytes);
    const single = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    };
    single('queue_depth', 'Requests that wait for a link', sources.queueDepth);
    single('device_connections', 'Device connections', sources.deviceConnections);
    new Gauge({
      name: 'link_bytes_total',
      help: 'Bytes over the link port, TLS included',
      labelNames: ['direction'],
      registers,
      collect() {
        const { received, sent } = sources.linkBytes();
        this.set({ direction: 'received' }, received);
        this.set({ direction: 'sent' }, sent);
      },
    });
    new Gauge({
      name: 'pin_expiry_seconds',
      help: 'Time until a certificate on the link expires',
      labelNames: ['peer'],
      registers,
      collect() {
        this.reset();
        for (const { peer, seconds } of sources.pinExpiry()) this.set({ peer }, seconds);
      },
    });
  }
}
