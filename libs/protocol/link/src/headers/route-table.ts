import { LinkError } from '../link-error.js';

/** What a table needs to know of a route. */
export interface Routable {
  /** Ends in `/`: every path below it. Otherwise: exactly this path. */
  readonly prefix: string;
  readonly methods: readonly string[];
}

/** `route` matched; `methods`: the path is known, with these methods only; otherwise nothing matched. */
export type RouteMatch<R> =
  | { readonly kind: 'route'; readonly route: R }
  | { readonly kind: 'methods'; readonly methods: readonly string[] }
  | { readonly kind: 'none' };

const NONE = { kind: 'none' } as const;

/** Finds a route by longest prefix, in as many steps as the path has segments. */
export class RouteTable<R extends Routable> {
  readonly #byPrefix = new Map<string, { route: R; match: RouteMatch<R> }[]>();

  constructor(routes: Iterable<R> = []) {
    for (const route of routes) this.add(route);
  }

  /** @throws LinkError PROTOCOL where another route has the same prefix and one of the methods */
  add(route: R): void {
    const others = this.#byPrefix.get(route.prefix) ?? [];
    for (const { route: other } of others)
      for (const method of route.methods)
        if (other.methods.includes(method))
          throw new LinkError('PROTOCOL', `two routes claim ${method} ${route.prefix}`);
    others.push({ route, match: { kind: 'route', route } });
    this.#byPrefix.set(route.prefix, others);
  }

  match(method: string, path: string): RouteMatch<R> {
    let candidates = this.#byPrefix.get(path);
    for (let end = path.lastIndexOf('/'); candidates === undefined && end >= 0;) {
      candidates = this.#byPrefix.get(path.slice(0, end + 1));
      end = end === 0 ? -1 : path.lastIndexOf('/', end - 1);
    }
    if (candidates === undefined) return NONE;
    for (const { route, match } of candidates) if (route.methods.includes(method)) return match;
    return { kind: 'methods', methods: candidates.flatMap(({ route }) => route.methods) };
  }
}

/** Whether a route's prefix lies within one that is permitted (same meaning of the final slash). */
export function isWithinPrefix(prefix: string, permitted: string): boolean {
  return permitted.endsWith('/') ? prefix.startsWith(permitted) : prefix === permitted;
}
