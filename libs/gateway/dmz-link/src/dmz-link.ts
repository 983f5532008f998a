import { randomBytes, X509Certificate } from 'node:crypto';
import {
  InsideSession,
  LinkError,
  parseRoute,
  PinSet,
  type LinkService,
  type LinkTimings,
  type PinnedPeer,
} from '@espalier/link';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DeviceDispatcher } from './dispatch/device-dispatcher.js';
import type { DeviceRoute } from './dispatch/device-route.js';
import { DmzLinkMetrics, type LinkGauges } from './dmz-link.metrics.js';
import { dial, PinMismatch } from './links/dial.js';
import { LinkSlot } from './links/link-slot.js';

/** One dmz-proxy replica to dial. Each replica is its own target, never a load-balanced name. */
export interface DmzTarget {
  /** Name for metrics and logs; `host:port` unless given. */
  readonly id?: string;
  readonly host: string;
  readonly port: number;
}

export interface DmzLinkOptions {
  readonly targets: readonly DmzTarget[];
  /** Our self-signed certificate and its key, both PEM. */
  readonly identity: { readonly certificate: string; readonly key: string };
  /** The certificates that the DMZ may show: 1 to 3 that are not revoked. */
  readonly peerPins: readonly PinnedPeer[];
  readonly service: LinkService;
  readonly site: string;
  /** Unique among the replicas of the service: the DMZ refuses a second one of the same name. */
  readonly replica: string;
  /** Links per target. @defaultValue 2 */
  readonly slots?: number;
  /** Most requests in flight per link. @defaultValue 512 */
  readonly maxStreams?: number;
  /** Version of the service, for the DMZ's log. @defaultValue `0` */
  readonly build?: string;
  readonly routes: readonly DeviceRoute[];
  readonly logger: Logger;
  readonly metrics?: Registry;
  readonly now?: () => Date;
  /** From 0 (inclusive) to 1, for jitter. */
  readonly random?: () => number;
  readonly timings?: LinkTimings;
}

/** Links of one target. */
export interface TargetState {
  readonly target: string;
  readonly up: number;
  readonly wanted: number;
  /** Why the latest link ended or did not come up; undefined where all are up. */
  readonly lastError: string | undefined;
}

export interface DmzLinkState {
  readonly targets: readonly TargetState[];
  /** True where every target has at least one link. */
  readonly healthy: boolean;
  /** Device requests being answered now. */
  readonly inFlight: number;
}

interface Target {
  readonly name: string;
  readonly slots: readonly LinkSlot[];
}

/**
 * Dials every dmz-proxy replica, keeps the links up, and answers the device requests that come over them.
 * Both ends show a certificate that the other has pinned; TLS 1.3, HTTP/2 with the roles reversed.
 */
export class DmzLink {
  readonly #targets: readonly Target[];
  readonly #pins: PinSet;
  readonly #metrics: DmzLinkMetrics;
  readonly #dispatcher: DeviceDispatcher;
  readonly #now: () => Date;
  #running: Promise<unknown> | undefined;

  /** @throws LinkError PIN or PROTOCOL where pins, certificate or routes cannot work */
  constructor(private readonly options: DmzLinkOptions) {
    this.#now = options.now ?? (() => new Date());
    this.#pins = new PinSet(options.peerPins);
    const expiries = [
      readNotAfter(options.identity.certificate),
      ...this.#pins.accepted.map((pin) => pin.notAfter),
    ];
    this.#metrics = new DmzLinkMetrics(
      options.metrics,
      () => this.#gauges(),
      () => (Math.min(...expiries.map((date) => date.getTime())) - this.#now().getTime()) / 1_000,
    );
    this.#dispatcher = new DeviceDispatcher(options.routes, options.logger, this.#metrics);
    // What the DMZ would refuse is better refused here, where it was written.
    options.routes.forEach((route) => parseRoute(route, `route ${route.id}`));
    this.#targets = options.targets.map((target) => this.#target(target));
  }

  /** Begins to dial; returns at once. Links come up, and come back, by themselves. */
  start(): void {
    this.#running ??= Promise.all(this.#slots().map((slot) => slot.run()));
  }

  /** Takes no new requests, finishes those in flight (at most `deadlineMs`), then closes the links. */
  async drain(deadlineMs: number): Promise<void> {
    await Promise.all(this.#slots().map((slot) => slot.drain(deadlineMs)));
    await this.#running;
  }

  /** Closes everything; requests in flight get a moment, then are cut (devices see an error, never a short body). */
  async close(): Promise<void> {
    await Promise.all(this.#slots().map((slot) => slot.close()));
    await this.#running;
  }

  /** The links as they are now, for readiness (as degraded: a service without links still works inside). */
  state(): DmzLinkState {
    const targets = this.#targets.map(({ name, slots }) => {
      const up = slots.filter((slot) => slot.session !== undefined).length;
      const lastError = slots.find((slot) => slot.lastError !== undefined)?.lastError;
      return { target: name, up, wanted: slots.length, lastError };
    });
    return {
      targets,
      healthy: targets.every((target) => target.up > 0),
      inFlight: this.#slots().reduce((sum, slot) => sum + (slot.session?.inFlight.count ?? 0), 0),
    };
  }

  #slots(): LinkSlot[] {
    return this.#targets.flatMap((target) => target.slots);
  }

  #target(target: DmzTarget): Target {
    const { options } = this;
    const name = target.id ?? `${target.host}:${target.port}`;
    const slots = Array.from(
      { length: options.slots ?? 2 },
      (_, slot) =>
        new LinkSlot({
          open: (signal) => this.#open(target, slot, signal),
          onDown: (error) => this.#count(name, error),
          logger: options.logger.child({ dmz: name, slot }),
          random: options.random ?? Math.random,
        }),
    );
    return { name, slots };
  }

  async #open(target: DmzTarget, slot: number, signal: AbortSignal): Promise<InsideSession> {
    const { identity, service, site, replica, routes, build = '0', maxStreams = 512, timings } = this.options;
    const socket = await dial({
      host: target.host,
      port: target.port,
      certificate: identity.certificate,
      key: identity.key,
      pins: this.#pins,
      now: this.#now,
      signal,
    });
    const linkId = randomBytes(8).toString('hex');
    return InsideSession.open(socket, {
      hello: {
        linkId,
        service,
        site,
        replica,
        slot,
        build,
        maxStreams,
        routes: routes.map((route) => parseRoute(route, `route ${route.id}`)),
      },
      onRequest: this.#dispatcher.dispatch,
      ...(timings !== undefined && { timings }),
    });
  }

  #count(dmz: string, error: LinkError): void {
    this.#metrics.reconnects.inc({ dmz, reason: error.code.toLowerCase() });
    if (error instanceof PinMismatch) this.#metrics.pinMismatches.inc({ dmz, reason: error.reason });
  }

  #gauges(): LinkGauges[] {
    return this.#targets.map(({ name, slots }) => {
      const sessions = slots.flatMap((slot) => slot.session ?? []);
      return {
        dmz: name,
        up: sessions.length,
        streams: sessions.reduce((sum, session) => sum + session.inFlight.count, 0),
        rttSeconds: sessions[0]?.rttMs === undefined ? undefined : sessions[0].rttMs / 1_000,
        outboundQueueBytes: sessions.reduce((sum, session) => sum + session.outboundQueueBytes, 0),
      };
    });
  }
}

function readNotAfter(pem: string): Date {
  try {
    return new Date(new X509Certificate(pem).validTo);
  } catch (cause) {
    throw new LinkError('PIN', 'our own certificate cannot be read', { cause });
  }
}
