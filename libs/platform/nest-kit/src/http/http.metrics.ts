import { Histogram, type Registry } from '@espalier/service-kit';

const NAME = 'espalier_http_request_seconds';

/** Times requests by route, so that a path with an id in it makes no new time series. */
export function httpMetrics(
  registry: Registry,
  server: string,
): (labels: RequestLabels, seconds: number) => void {
  const histogram =
    (registry.getSingleMetric(NAME) as Histogram | undefined) ??
    new Histogram({
      name: NAME,
      help: 'Duration of HTTP requests until the last byte was handed to the network.',
      labelNames: ['server', 'method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
      registers: [registry],
    });
  return ({ method, route, status }, seconds) =>
    histogram.observe({ server, method, route, status }, seconds);
}

export interface RequestLabels {
  readonly method: string;
  readonly route: string;
  readonly status: number;
}
