import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One target's links, as a scrape sees them. */
export interface LinkGauges {
  readonly dmz: string;
  readonly up: number;
  readonly streams: number;
  readonly rttSeconds: number | undefined;
  readonly outboundQueueBytes: number;
}

/** Metrics of this end of the link. Gauges are read when they are scraped. */
export class DmzLinkMetrics {
  readonly reconnects: Counter<'dmz' | 'reason'>;
  readonly pinMismatches: Counter<'dmz' | 'reason'>;
  readonly #seconds: Histogram<'route' | 'status'>;
  readonly #children = new Map<string, { observe(seconds: number): void }>();

  constructor(
    registry: Registry | undefined,
    private readonly read: () => readonly LinkGauges[],
    pinExpirySeconds: () => number,
  ) {
    const registers = [registry ?? new Registry()];
    this.reconnects = new Counter({
      name: 'link_reconnects_total',
      help: 'Links that ended or did not come up, by reason',
      labelNames: ['dmz', 'reason'],
      registers,
    });
    this.pinMismatches = new Counter({
      name: 'pin_mismatch_total',
      help: 'Connections whose other end did not show a pinned certificate, by reason',
      labelNames: ['dmz', 'reason'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'device_request_seconds',
      help: 'Time to answer a device request inside, by route and class of status',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#gauge(registers, 'link_up', 'Links that are up', (link) => link.up);
    this.#gauge(registers, 'link_streams', 'Device requests in flight', (link) => link.streams);
    this.#gauge(registers, 'link_rtt_seconds', 'Round trip of the latest PING', (link) => link.rttSeconds);
    this.#gauge(
      registers,
      'session_outbound_queue_bytes',
      'Bytes that wait to be sent',
      (link) => link.outboundQueueBytes,
    );
    new Gauge({
      name: 'pin_expiry_seconds',
      help: 'Time until the first certificate of this link, ours or a pinned one, expires',
      registers,
      collect() {
        this.set(pinExpirySeconds());
      },
    });
  }

  observe(route: string, status: number, seconds: number): void {
    const key = `${route} ${(status / 100) | 0}`;
    let child = this.#children.get(key);
    if (child === undefined) {
      child = this.#seconds.labels(route, `${Math.trunc(status / 100)}xx`);
      this.#children.set(key, child);
    }
    child.observe(seconds);
  }

  #gauge(
    registers: Registry[],
    name: string,
    help: string,
    value: (link: LinkGauges) => number | undefined,
  ): void {
    const { read } = this;
    new Gauge({
      name,
      help,
      labelNames: ['dmz'],
      registers,
      collect() {
        this.reset();
        for (const link of read()) {
          const number = value(link);
          if (number !== undefined) this.set({ dmz: link.dmz }, number);
        }
      },
    });
  }
}
