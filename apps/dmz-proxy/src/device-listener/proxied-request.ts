import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import {
  checkHeaderBlock,
  cutStream,
  dmzHeaders,
  LinkError,
  rebuildResponseHeaders,
  type BodySink,
  type DmzSession,
} from '@espalier/link';
import type { Logger } from '@espalier/service-kit';
import { deviceErrors } from '../device-errors/device-errors.js';
import { rawError, sendError, toDeviceError } from '../device-errors/error-reply.js';
import type { DmzProxyMetrics } from '../dmz-proxy.metrics.js';
import {
  exchange,
  ExchangeError,
  type RequestBody,
  type StreamedReply,
  type WholeReply,
} from '../links/exchange.js';
import type { LinkRegistry, RouteEntry } from '../links/link-registry.js';
import { admit, type AdmittedRequest } from './admission.js';
import type { DeviceConnection } from './device-connection.js';
import { lingerAndClose } from './linger.js';
import { replySink } from './reply-sink.js';
import { readBody, tooLarge } from './request-body.js';
import type { UploadWatch } from './upload-watch.js';

/** What every request needs. */
export interface ProxyContext {
  readonly registry: LinkRegistry;
  readonly metrics: DmzProxyMetrics;
  readonly logger: Logger;
  readonly watch: UploadWatch;
  readonly stallMs: number;
  /** Prefixes that some peer may serve. */
  readonly permitted: () => readonly string[];
  /** True while the edge shuts down: connections are not kept. */
  readonly draining: () => boolean;
}

/** One request of a device on its way to the inside and back. */
export class ProxiedRequest {
  readonly #started = performance.now();
  #stream: ClientHttp2Stream | undefined;
  #continued = false;

  constructor(
    private readonly context: ProxyContext,
    private readonly connection: DeviceConnection,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly requestId: string,
    private readonly expectsContinue: boolean,
  ) {
    // The device is gone: nobody waits for the answer any more.
    response.once('close', () => {
      if (!response.writableFinished) this.#cut(new LinkError('CLOSED', 'the device is gone'));
    });
  }

  /** Answers the device. Never throws. */
  async run(): Promise<void> {
    let route = 'none';
    let status: number;
    try {
      const { registry, permitted } = this.context;
      const admitted = admit(this.request, registry, permitted());
      route = admitted.entry.route.id;
      status = await this.#forward(admitted);
    } catch (error) {
      status = this.#refuse(error, route);
    }
    this.context.metrics.observe(route, status, (performance.now() - this.#started) / 1_000);
  }

  async #forward({ entry, target, rebuilt }: AdmittedRequest): Promise<number> {
    const { request, connection } = this;
    const { route } = entry;
    const { clientCert, clientVerify } = connection.identity;
    if (route.auth === 'cert' && clientCert === undefined) throw deviceErrors.ESP_DMZ_CERTIFICATE_REQUIRED();
    const { contentLength: declared, chunked } = rebuilt;
    if (declared !== undefined && declared > route.maxBody) throw tooLarge(route.maxBody);
    if (this.expectsContinue) {
      this.response.writeContinue();
      this.#continued = true;
    }
    const read = await readBody(request, {
      declared,
      chunked,
      maxBody: route.maxBody,
      watch: this.context.watch,
    });

    const headers: Record<string, string | number> = rebuilt.headers;
    headers[':method'] = request.method ?? '';
    headers[':path'] = target.query === '' ? target.path : `${target.path}?${target.query}`;
    headers[dmzHeaders.requestId] = this.requestId;
    headers[dmzHeaders.clientVerify] = clientVerify;
    headers[dmzHeaders.forwardedFor] = connection.address;
    if (clientCert !== undefined) headers[dmzHeaders.clientCert] = clientCert;
    if (read.kind === 'whole') headers['content-length'] = read.bytes.length;
    else if (read.kind === 'begun' && declared !== undefined) headers['content-length'] = declared;
    checkHeaderBlock(headers);

    const reply = await this.#exchange(
      entry,
      headers,
      read.kind === 'begun' ? this.#upload(entry, read.head, declared) : read,
    );
    return reply.kind === 'whole' ? this.#reply(reply, entry) : reply.status;
  }

  /** Sends the request over a link, and once more over another where that is safe. */
  async #exchange(
    entry: RouteEntry,
    headers: OutgoingHttpHeaders,
    body: RequestBody,
  ): Promise<WholeReply | StreamedReply> {
    const { registry, metrics } = this.context;
    let failed: DmzSession | undefined;
    for (;;) {
      const link = await registry.acquire(entry, failed);
      if (link === undefined) throw deviceErrors.ESP_DMZ_NO_LINK();
      if (this.response.destroyed) throw new LinkError('CLOSED', 'the device is gone');
      try {
        return await exchange({
          link,
          headers,
          body,
          head: this.request.method === 'HEAD',
          timeoutMs: entry.route.timeoutMs,
          onOpen: (stream) => {
            this.#stream = stream;
            stream.once('close', () => registry.released());
          },
          onStream: (status, replyHeaders, stream) => this.#startReply(entry, status, replyHeaders, stream),
        });
      } catch (error) {
        if (failed !== undefined || this.response.destroyed || !this.#mayRetry(error, entry, body))
          throw error;
        failed = link;
        metrics.retries.inc({ reason: error.unprocessed ? 'unprocessed' : 'lost' });
      }
    }
  }

  #mayRetry(error: unknown, { route }: RouteEntry, body: RequestBody): error is ExchangeError {
    if (!(error instanceof ExchangeError) || body.kind === 'streamed') return false;
    if (error.unprocessed) return true;
    const { method } = this.request;
    return route.retry === 'safe' && error.code !== 'TIMEOUT' && (method === 'GET' || method === 'HEAD');
  }

  /** A body that does not fit into memory: watched, counted, and passed on as it comes. */
  #upload({ route }: RouteEntry, head: readonly Buffer[], declared: number | undefined): RequestBody {
    const { request, context } = this;
    let size = head.reduce((sum, chunk) => sum + chunk.length, 0);
    const upload = context.watch.watch(
      () => request.isPaused(),
      () => this.#abandon(deviceErrors.ESP_DMZ_SLOW(), route.id),
    );
    request.once('end', () => upload.done());
    request.once('close', () => {
      upload.done();
      if (!request.complete) context.metrics.truncated.inc({ direction: 'upload' });
    });
    const onData = (bytes: number): void => {
      upload.progress(bytes);
      size += bytes;
      if (size > route.maxBody) this.#abandon(tooLarge(route.maxBody), route.id);
    };
    return { kind: 'streamed', source: request, head, declared, onData };
  }

  /** Gives up a request whose body cannot go on; what the link says of it later does not matter. */
  #abandon(error: Error, route: string): void {
    this.#refuse(error, route);
    this.#cut(new LinkError('TRUNCATED', error.message));
  }

  #reply({ status, headers, body }: WholeReply, entry: RouteEntry): number {
    const { response } = this;
    const shown = this.#guard(status, entry);
    const fields = this.#responseFields(headers);
    const bodyless = shown === 204 || shown === 304 || this.request.method === 'HEAD';
    if (!bodyless && headers['content-length'] === undefined)
      fields.push('content-length', String(body?.length ?? 0));
    response.writeHead(shown, fields);
    response.end(body);
    return shown;
  }

  #startReply(
    entry: RouteEntry,
    status: number,
    headers: IncomingHttpHeaders,
    stream: ClientHttp2Stream,
  ): BodySink {
    const { response, context } = this;
    response.writeHead(this.#guard(status, entry), this.#responseFields(headers));
    return replySink({
      response,
      stream,
      stallMs: context.stallMs,
      onTruncated: (error) => {
        context.metrics.truncated.inc({ direction: 'download' });
        context.logger.warn(
          { requestId: this.requestId, route: entry.route.id, reason: error.message },
          'an answer broke off: the device was cut',
        );
      },
    });
  }

  /** A Mac unenrols on 401, so none leaves the edge, whoever made it. */
  #guard(status: number, { route }: RouteEntry): number {
    if (status !== 401) return status >= 200 && status <= 599 ? status : 502;
    this.context.metrics.guarded401.inc({ route: route.id });
    this.context.logger.error({ requestId: this.requestId, route: route.id }, 'a 401 was turned into 403');
    return 403;
  }

  #responseFields(headers: IncomingHttpHeaders): string[] {
    const fields = rebuildResponseHeaders(headers);
    // A device that is still sending would have to be read to the end before its next request.
    const unfinished = this.#stream !== undefined && this.#stream.writable;
    if (unfinished || this.context.draining()) fields.push('connection', 'close');
    return fields;
  }

  #refuse(thrown: unknown, route: string): number {
    const { request, response, requestId, context } = this;
    const error = toDeviceError(thrown);
    const { method, url } = request;
    context.logger[error.level](
      { requestId, route, method, path: url?.split('?', 1)[0], err: error },
      error.title,
    );
    if (response.destroyed) return error.status;
    if (response.headersSent) {
      request.socket.destroy();
      return error.status;
    }
    const bodyComing = !request.complete && hasBody(request) && (!this.expectsContinue || this.#continued);
    if (bodyComing && this.connection.open.size === 1) lingerAndClose(request, rawError(error));
    else {
      const close = bodyComing || this.expectsContinue || context.draining();
      sendError(response, error, requestId, close ? { connection: 'close' } : {});
    }
    return error.status;
  }

  #cut(reason: LinkError): void {
    if (this.#stream !== undefined) cutStream(this.#stream, reason);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
