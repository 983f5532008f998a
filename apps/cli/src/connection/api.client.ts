import { randomUUID } from 'node:crypto';
import { request, type RequestOptions } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { CliError } from '../cli.error.js';
import { exitCodes } from '../exit-codes.js';
import type { Approval } from '@espalier/contracts';
import { ApprovalNeeded } from './approval.needed.js';
import { ApiError, parseErrorBody } from './api.error.js';
import { Dialer } from './dialer.js';
import { connectionFailure, silence } from './failures.js';
import type { Prover } from './proof.js';
import type { ConnectionSettings } from './settings.js';

const APPROVALS = '/api/v1/approvals/';
const ANSWER_MS = 60_000;
/** A connection over which nothing moves for so long is gone. */
const SILENCE_MS = 60_000;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
/** Longer than this nobody waits at a terminal: the error says how long it would be. */
const LONGEST_PAUSE_MS = 30_000;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One request. */
export interface Call {
  readonly method: string;
  /** From the root, as in `/api/v1/devices`; variable parts are encoded with `path` of path.ts. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON; bytes as they are, with the content type that `headers` names. */
  readonly body?: unknown;
  /**
   * What is sent in place of a body, begun only when the request goes out: only for `open`, and content type and
   * length are among `headers`.
   */
  readonly stream?: () => Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** True where doing it twice would make two, and the server cannot tell. */
  readonly neverTwice?: boolean;
  /** How long to wait for the answer, where that may take long, in ms; with `open` while nothing moves. */
  readonly answerMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the client tells of its work: to people, on standard error. */
export interface ApiClientEvents {
  /** Called before it is tried again. */
  readonly onRetry: (waitMs: number, because: string) => void;
  readonly onReply: (call: Call, status: number, ms: number) => void;
}

/** The JSON API of the console door. */
export class ApiClient {
  readonly dialer: Dialer;
  readonly #key: string;
  readonly #reason: string | undefined;
  #keysUsed = 0;
  #isClosed = false;

  /**
   * @param asked.key base of the idempotency keys of this invocation: the same work again with the same key is done
   * once
   * @param asked.reason why, for whoever must approve what is asked for
   */
  constructor(
    readonly settings: ConnectionSettings,
    private readonly events: ApiClientEvents,
    {
      key = randomUUID(),
      reason,
    }: { readonly key?: string | undefined; readonly reason?: string | undefined },
    private readonly credentials: Prover,
  ) {
    this.dialer = new Dialer(settings);
    this.#key = key;
    this.#reason = reason;
  }

  get<T>(at: string, query?: Query): Promise<T> {
    return this.json({ method: 'GET', path: at, ...(query !== undefined && { query }) });
  }

  post<T>(at: string, body?: unknown, more: Partial<Call> = {}): Promise<T> {
    return this.json({ method: 'POST', path: at, ...(body !== undefined && { body }), ...more });
  }

  put<T>(at: string, body: unknown): Promise<T> {
    return this.json({ method: 'PUT', path: at, body });
  }

  /**
   * Changes what was seen at a version: whoever else changed it meanwhile is not overruled.
   * @throws ApiError 412 where somebody did
   */
  change<T>(method: 'PUT' | 'PATCH' | 'POST', at: string, body: unknown, version: number): Promise<T> {
    const headers = { 'if-match': `"${version}"` };
    return this.json({ method, path: at, body, headers, neverTwice: method !== 'POST' });
  }

  async delete(at: string, query?: Query): Promise<void> {
    await this.send({ method: 'DELETE', path: at, ...(query !== undefined && { query }) });
  }

  /** @throws ApiError for any status but 2xx, CliError where the server cannot be reached */
  async json<T>(call: Call): Promise<T> {
    const { body } = await this.send(call);
    if (body.length === 0) return undefined as T;
    try {
      return JSON.parse(body.toString('utf8')) as T;
    } catch (error) {
      throw new CliError(
        'The server answered something that is no JSON.',
        exitCodes.failed,
        'Check the address: is it the console door of Espalier?',
        { cause: error },
      );
    }
  }

  /**
   * Sends a request, again where the server is busy: with the same Idempotency-Key.
   * @throws ApiError, CliError
   */
  async send(call: Call): Promise<Reply> {
    const keyed: Call = { ...call, headers: { ...this.#own(call.method), ...call.headers } };
    for (let attempt = 1; ; attempt += 1) {
      let failure: CliError;
      try {
        return await this.#sendOnce(keyed);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        failure = error;
      }
      // What was begun beside something that failed is broken off, and nobody waits for it.
      const mayRepeat = attempt < ATTEMPTS && !this.#isClosed;
      const wait = mayRepeat ? waitBefore(failure, keyed, attempt) : undefined;
      if (wait === undefined) throw failure;
      this.events.onRetry(wait, failure.message);
      await pause(wait);
    }
  }

  /** The answer itself, for streams. @throws ApiError, CliError */
  async open(call: Call): Promise<IncomingMessage> {
    const response = await this.#request(call).catch(async (error: unknown) => {
      throw await connectionFailure(error, this.settings);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const text = (await buffer(response)).toString('utf8');
    throw new ApiError(status, parseErrorBody(text), retryAfter(response.headers));
  }

  close(): void {
    this.#isClosed = true;
    this.dialer.destroy();
  }

  async #sendOnce(call: Call): Promise<Reply> {
    const began = performance.now();
    let response: IncomingMessage;
    let body: Buffer;
    try {
      response = await this.#request(call, AbortSignal.timeout(call.answerMs ?? ANSWER_MS));
      body = await buffer(response);
    } catch (error) {
      if (error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name))
        throw new CliError(
          'The server did not answer in time.',
          exitCodes.unavailable,
          'Try again; if it persists, see espalier doctor.',
          { cause: error },
        );
      throw await connectionFailure(error, this.settings);
    }
    const status = response.statusCode ?? 0;
    this.events.onReply(call, status, performance.now() - began);
    if (status === 202 && response.headers.location?.startsWith(APPROVALS) === true && call.method !== 'GET')
      throw new ApprovalNeeded(JSON.parse(body.toString('utf8')) as Approval);
    if (status >= 200 && status < 300) return { status, headers: response.headers, body };
    if (status >= 300 && status < 400)
      throw new CliError(
        `The server points to another address (${status}), which is not followed: it would get the token.`,
        exitCodes.failed,
        'Check the address of the server.',
      );
    throw new ApiError(status, parseErrorBody(body.toString('utf8')), retryAfter(response.headers));
  }

  async #request(
    { method, path: at, query, body, stream, headers, answerMs = SILENCE_MS }: Call,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { url } = this.settings;
    const { authorization, checkAnswer } = await this.credentials.prove();
    const isRaw = body === undefined || Buffer.isBuffer(body);
    const payload = isRaw ? body : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      agent: this.dialer,
      ...(signal !== undefined && { signal }),
      headers: {
        accept: 'application/json',
        'user-agent': 'espalier-cli',
        ...(authorization !== undefined && { authorization }),
        ...(typeof payload === 'string' && { 'content-type': 'application/json' }),
        ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
        ...headers,
      },
    };
    const outgoing = request(new URL(at + queryText(query), url), options, resolve);
    // An answer may come before all is sent; what breaks after it is of no interest.
    outgoing.on('error', reject);
    if (signal === undefined) {
      const onSilence = (): unknown => outgoing.destroy(silence());
      outgoing.setTimeout(answerMs, onSilence);
      // Whoever reads the answer knows how long that may be silent.
      outgoing.once('response', () => outgoing.setTimeout(0).off('timeout', onSilence));
    }
    if (stream !== undefined) {
      const bytes = stream();
      bytes.once('error', (error) => outgoing.destroy(error));
      outgoing.once('close', () => bytes.destroy());
      bytes.pipe(outgoing);
    }
    // As bytes: with a text Node sends the headers in its encoding too.
    else outgoing.end(typeof payload === 'string' ? Buffer.from(payload) : payload);
    const response = await promise;
    await checkAnswer?.(response.headers).catch((error: unknown) => {
      response.destroy();
      throw error;
    });
    return response;
  }

  /** What every request that changes something carries. */
  #own(method: string): Record<string, string> {
    return {
      ...(method === 'POST' && { 'idempotency-key': this.#nextKey() }),
      // Headers are bytes; the server reads these as UTF-8.
      ...(method !== 'GET' &&
        this.#reason !== undefined && { 'approval-reason': Buffer.from(this.#reason).toString('latin1') }),
    };
  }

  #nextKey(): string {
    this.#keysUsed += 1;
    return this.#keysUsed === 1 ? this.#key : `${this.#key}-${this.#keysUsed}`;
  }
}

/** How long to wait before trying again; undefined: not at all. */
function waitBefore(failure: CliError, call: Call, attempt: number): number | undefined {
  const backOff = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
  if (failure instanceof ApiError) {
    // 429 comes before anything is done; of a 503 nobody knows what was.
    const mayRepeat = failure.status === 429 || (failure.status === 503 && call.neverTwice !== true);
    if (!mayRepeat) return undefined;
    const wait = Math.max(failure.retryAfterMs ?? 0, backOff);
    return wait <= LONGEST_PAUSE_MS ? wait : undefined;
  }
  const code = failure.cause instanceof Error && 'code' in failure.cause ? String(failure.cause.code) : '';
  return code === 'ECONNRESET' && call.neverTwice !== true ? backOff : undefined;
}

function retryAfter({ 'retry-after': value }: IncomingHttpHeaders): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : undefined;
}

function queryText(query: Query = {}): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) text.set(name, String(value));
  return text.size === 0 ? '' : `?${text.toString()}`;
}
