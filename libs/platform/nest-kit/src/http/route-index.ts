interface Route {
  readonly method: string;
  readonly segments: readonly string[];
}

/** Knows which methods a path answers to, to tell 405 from 404. */
export class RouteIndex {
  readonly #routes: Route[] = [];

  add(methods: string | readonly string[], path: string): void {
    for (const method of typeof methods === 'string' ? [methods] : methods)
      this.#routes.push({ method, segments: path.split('/') });
  }

  /** @param url path with or without a query */
  methodsOf(url: string): string[] {
    const segments = (url.split('?', 1)[0] ?? '').split('/');
    const found = this.#routes.filter(
      (route) =>
        route.segments.length === segments.length &&
        route.segments.every(
          (segment, index) =>
            segment === segments[index] || (segment.startsWith(':') && segments[index] !== ''),
        ),
    );
    return [...new Set(found.map((route) => route.method))].sort();
  }
}
