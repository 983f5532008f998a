import {
  isWithinPrefix,
  LinkError,
  RouteTable,
  type DmzSession,
  type LinkHello,
  type LinkService,
  type RouteAdvertisement,
  type RouteMatch,
} from '@espalier/link';
import type { AllowedPeer } from '../link-listener/allowed-peers.js';
import { LinkQueue } from './link-queue.js';

/** One method on one prefix, with the links that can serve it now: possibly none. */
export interface RouteEntry {
  readonly prefix: string;
  readonly methods: readonly string[];
  readonly service: LinkService;
  /** As the newest hello has it. */
  readonly route: RouteAdvertisement;
  readonly links: readonly DmzSession[];
}

interface MutableEntry extends RouteEntry {
  route: RouteAdvertisement;
  links: DmzSession[];
}

export interface LinkRegistryOptions {
  readonly maxStreamsPerLink: number;
  readonly queueLength: number;
  readonly queueWaitMs: number;
  readonly random?: () => number;
}

/** The links that are up, by the routes that they serve, and the choice among them. */
export class LinkRegistry {
  readonly #links = new Set<DmzSession>();
  readonly #entries = new Map<string, MutableEntry>();
  readonly #queue: LinkQueue;
  readonly #random: () => number;
  #table = new RouteTable<RouteEntry>();

  constructor(private readonly options: LinkRegistryOptions) {
    this.#queue = new LinkQueue({ length: options.queueLength, waitMs: options.queueWaitMs });
    this.#random = options.random ?? Math.random;
  }

  get links(): ReadonlySet<DmzSession> {
    return this.#links;
  }

  get queueDepth(): number {
    return this.#queue.depth;
  }

  /**
   * Decides whether a link of a peer may come up.
   * @throws LinkError REFUSED: 403 not its service, prefixes or routes; 409 a second of the same; 421 another site
   */
  judge(hello: LinkHello, peer: AllowedPeer): void {
    if (hello.service !== peer.service)
      throw refusal(403, `this pin is not for ${hello.service} but for ${peer.service}`);
    if (hello.site !== peer.site) throw refusal(421, `this pin is not for the site ${hello.site}`);
    for (const route of hello.routes) {
      if (!peer.prefixes.some((permitted) => isWithinPrefix(route.prefix, permitted)))
        throw refusal(403, `${hello.service} may not serve ${route.prefix}`);
      for (const method of route.methods) {
        const owner = this.#entries.get(`${method} ${route.prefix}`)?.service;
        if (owner !== undefined && owner !== hello.service)
          throw refusal(403, `${method} ${route.prefix} is served by ${owner}`);
      }
    }
    const twin = this.#twin(hello);
    if (twin === undefined) return;
    // Perhaps the other is dead and nobody noticed yet: find out, the dialler comes back soon.
    twin.probe();
    throw refusal(409, `there is a link ${hello.slot} of the replica ${hello.replica} already`);
  }

  /** Takes a link into service until it drains or closes. */
  add(link: DmzSession): void {
    const { hello } = link;
    this.#links.add(link);
    link.onDrain = () => this.#retire(link);
    const offered = new Set<string>();
    for (const route of hello.routes)
      for (const method of route.methods) {
        const key = `${method} ${route.prefix}`;
        offered.add(key);
        const entry = this.#entries.get(key);
        if (entry === undefined) {
          const { prefix } = route;
          this.#entries.set(key, { prefix, methods: [method], service: hello.service, route, links: [link] });
        } else {
          entry.route = route;
          entry.links.push(link);
        }
      }
    for (const [key, entry] of this.#entries)
      if (entry.service === hello.service && entry.links.length === 0 && !offered.has(key))
        this.#entries.delete(key);
    this.#table = new RouteTable(this.#entries.values());
    this.#queue.wake();
    void link.closed.then(() => {
      this.#retire(link);
      this.#links.delete(link);
    });
  }

  /** Finds the route of a request. Routes stay known while their service has no link at all. */
  match(method: string, path: string): RouteMatch<RouteEntry> {
    return this.#table.match(method, path);
  }

  /** Whether requests below a prefix can be served now. */
  serves(prefix: string): boolean {
    for (const entry of this.#entries.values())
      if (entry.links.length > 0 && (isWithinPrefix(entry.prefix, prefix) || entry.prefix === prefix))
        return true;
    return false;
  }

  /**
   * Chooses a link for a request, or waits in the queue for one.
   * @param avoid a link on which the request failed before
   * @returns undefined where the queue is full or no link came in time
   */
  acquire(entry: RouteEntry, avoid?: DmzSession): Promise<DmzSession | undefined> | DmzSession {
    return this.#pick(entry, avoid) ?? this.#queue.wait(() => this.#pick(entry, avoid));
  }

  /** A request ended: its link has room again. */
  released(): void {
    this.#queue.wake();
  }

  /** Drains all links, then closes them. */
  async drain(deadlineMs: number): Promise<void> {
    this.#queue.clear();
    await Promise.all([...this.#links].map((link) => link.drain(deadlineMs)));
  }

  /** Two random links, of which the one with fewer requests in flight; else any that has room. */
  #pick({ links }: RouteEntry, avoid: DmzSession | undefined): DmzSession | undefined {
    const { length } = links;
    if (length === 0) return undefined;
    const first = links[Math.floor(this.#random() * length)];
    const second = links[Math.floor(this.#random() * length)];
    const better = lessLoaded(this.#usable(first, avoid), this.#usable(second, avoid));
    if (better !== undefined) return better;
    let best: DmzSession | undefined;
    for (const link of links) best = lessLoaded(best, this.#usable(link, avoid));
    return best;
  }

  #usable(link: DmzSession | undefined, avoid: DmzSession | undefined): DmzSession | undefined {
    if (link === undefined || link === avoid || link.draining) return undefined;
    const cap = Math.min(link.hello.maxStreams, this.options.maxStreamsPerLink);
    return link.inFlight.count < cap ? link : undefined;
  }

  #retire(link: DmzSession): void {
    for (const entry of this.#entries.values()) {
      const index = entry.links.indexOf(link);
      if (index !== -1) entry.links.splice(index, 1);
    }
  }

  #twin(hello: LinkHello): DmzSession | undefined {
    for (const link of this.#links) {
      const { service, site, replica, slot } = link.hello;
      const same = service === hello.service && site === hello.site;
      if (same && replica === hello.replica && slot === hello.slot && !link.draining) return link;
    }
    return undefined;
  }
}

function lessLoaded(a: DmzSession | undefined, b: DmzSession | undefined): DmzSession | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.inFlight.count < a.inFlight.count ? b : a;
}

function refusal(status: number, message: string): LinkError {
  return new LinkError('REFUSED', message, { status });
}
