import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { commonErrors, isEspalierError, type ErrorBody } from '@espalier/contracts';
import { contentLengthOf, dmzHeaders, LinkError, RouteTable } from '@espalier/link';
import type { Logger } from 'pino';
import type { DmzLinkMetrics } from '../dmz-link.metrics.js';
import { dmzLinkErrors } from '../dmz-link.errors.js';
import type { DeviceResponse, DeviceRoute } from './device-route.js';
import { respond } from './device-responder.js';
import { bodyError, LinkRequest } from './link-request.js';

/** Brings requests from the link to the routes' handlers, and whatever comes of it back to the device. */
export class DeviceDispatcher {
  readonly #routes: RouteTable<DeviceRoute>;

  /** @throws LinkError PROTOCOL where two routes claim the same method and path */
  constructor(
    routes: readonly DeviceRoute[],
    private readonly logger: Logger,
    private readonly metrics: DmzLinkMetrics,
  ) {
    this.#routes = new RouteTable(routes);
  }

  /** Answers one request. Never throws: what goes wrong becomes an answer, or cuts the stream. */
  readonly dispatch = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    // A device that goes away makes the stream fail; the handler learns of it by its signal.
    stream.on('error', () => undefined);
    void this.#serve(stream, headers);
  };

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const started = performance.now();
    const method = headers[':method'] ?? '';
    const target = headers[':path'] ?? '/';
    const mark = target.indexOf('?');
    const match = this.#routes.match(method, mark === -1 ? target : target.slice(0, mark));
    const route = match.kind === 'route' ? match.route : undefined;
    const request = new LinkRequest(stream, headers, route?.maxBody ?? 0);
    let answer: DeviceResponse;
    try {
      answer =
        route === undefined
          ? refuseRoute(match.kind === 'methods' ? match.methods : undefined)
          : await this.#handle(route, request, headers);
    } catch (error) {
      answer = this.#toAnswer(error, request, route);
    }
    await this.#send(stream, request, route, answer);
    request.finish();
    this.metrics.observe(route?.id ?? 'none', answer.status, (performance.now() - started) / 1_000);
  }

  async #handle(
    route: DeviceRoute,
    request: LinkRequest,
    headers: IncomingHttpHeaders,
  ): Promise<DeviceResponse> {
    // The DMZ checked both already; a DMZ that was taken over did not.
    if (route.auth === 'cert' && headers[dmzHeaders.clientCert] === undefined)
      throw dmzLinkErrors.ESP_DEVICE_CERTIFICATE_REQUIRED();
    if ((contentLengthOf(headers) ?? 0) > route.maxBody)
      throw bodyError(new LinkError('TOO_LARGE', 'content-length'), route.maxBody);
    const answer = await route.handle(request);
    if (answer.status !== 401) return answer;
    this.logger.error(
      { route: route.id, requestId: request.requestId },
      'a handler answered 401, on which a Mac unenrols: sent 403 instead',
    );
    return { ...answer, status: 403 };
  }

  async #send(
    stream: ServerHttp2Stream,
    request: LinkRequest,
    route: DeviceRoute | undefined,
    answer: DeviceResponse,
  ): Promise<void> {
    try {
      await respond(stream, request.method, answer);
    } catch (error) {
      // The receiver went away in the middle: nothing is wrong here.
      if (error instanceof LinkError && error.code === 'CLOSED') return;
      const failure = this.#toAnswer(error, request, route);
      if (!stream.headersSent && !stream.destroyed) await respond(stream, request.method, failure);
    }
  }

  #toAnswer(error: unknown, request: LinkRequest, route: DeviceRoute | undefined): DeviceResponse {
    const context = {
      requestId: request.requestId,
      route: route?.id,
      method: request.method,
      path: request.path,
    };
    const shown = bodyError(error, route?.maxBody ?? 0);
    if (isEspalierError(shown)) {
      this.logger[shown.level]({ ...context, err: shown }, 'a device request was refused');
      return problem(shown.toBody());
    }
    const errorId = randomUUID();
    this.logger.error({ ...context, errorId, err: shown }, 'a device request failed');
    return problem({ ...commonErrors.ESP_INTERNAL().toBody(), errorId });
  }
}

function refuseRoute(methods: readonly string[] | undefined): DeviceResponse {
  if (methods === undefined) return problem(commonErrors.ESP_NOT_FOUND().toBody());
  const answer = problem(dmzLinkErrors.ESP_DEVICE_METHOD().toBody());
  return { ...answer, headers: { ...answer.headers, allow: methods.join(', ') } };
}

/** An error as RFC 9457 has it. A 401 becomes 403: a Mac unenrols on 401. */
function problem(body: ErrorBody): DeviceResponse {
  const status = body.status === 401 ? 403 : body.status;
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(status === 503 && { 'retry-after': '5' }),
    },
    body: JSON.stringify({ ...body, status }),
  };
}
