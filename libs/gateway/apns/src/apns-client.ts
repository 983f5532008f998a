import type { Logger } from 'pino';

import { APNS_ENDPOINT } from './apns-client.options.js';
import type { ApnsClientOptions, ApnsLimits, ApnsStatus, PushRequest } from './apns-client.options.js';
import type { ApnsConnection, ConnectionEnd, StreamResult } from './apns-connection.js';
import { apnsErrors } from './apns.errors.js';
import { ApnsMetrics } from './apns.metrics.js';
import { retryAfter } from './backoff.js';
import { ConnectionPool } from './connection-pool.js';
import { readPushCertificate, type PushCertificate, type PushCredentials } from './push-certificate.js';
import { checkRequest, requestOf, type PushJob } from './push-job.js';
import { PushQueue } from './push-queue.js';
import { isKnownReason, outcomeOfAnswer, type PushOutcome } from './push-outcome.js';

const DEFAULT_LIMITS: ApnsLimits = {
  connections: 1,
  streamsPerConnection: 500,
  queuedPushes: 20_000,
  pushTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  pingIntervalMs: 60_000,
  pingTimeoutMs: 10_000,
  reconnectMinMs: 500,
  reconnectMaxMs: 60_000,
  drainMs: 5_000,
};

const DEFAULT_EXPIRATION_SECONDS = 7 * 24 * 3600;
/** How often a push that was surely not processed is sent again before the caller is told to retry. */
const MAX_SENDS = 4;
const FIRST_RETRY_MS = 5_000;
/** APNs' 429 means one device token: hurrying does not help. */
const FIRST_RETRY_TOO_MANY_MS = 60_000;

/**
 * Sends MDM pushes to APNs over few long-lived HTTP/2 connections, authenticated by the MDM push certificate.
 * A push never throws and is reported exactly once. Only a push that APNs surely did not process is sent again
 * here; everything else is the caller's decision, by {@link PushOutcome}. Dials with the first push.
 */
export class ApnsClient {
  readonly #options: ApnsClientOptions;
  readonly #limits: ApnsLimits;
  readonly #logger: Logger;
  readonly #metrics: ApnsMetrics;
  readonly #pool: ConnectionPool;
  readonly #random: () => number;
  readonly #now: () => Date;
  readonly #queue = new PushQueue<PushJob>();
  #credentials: PushCredentials;
  #certificate: PushCertificate;
  #unsettled = 0;
  #problem: string | undefined;
  #closed: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  /** @throws ESP_APNS_CERTIFICATE_INVALID */
  constructor(options: ApnsClientOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#logger = options.logger;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? (() => new Date());
    this.#credentials = options.credentials();
    this.#certificate = readPushCertificate(this.#credentials);
    this.#pool = new ConnectionPool({
      endpoint: options.endpoint ?? APNS_ENDPOINT,
      ca: options.ca,
      limits: this.#limits,
      logger: this.#logger,
      random: this.#random,
      credentials: () => this.#credentials,
      wanted: () => this.#queue.size > 0,
      available: () => this.#pump(),
      certificateProblem: (end) => this.#failQueued(certificateProblem(end)),
    });
    this.#metrics = new ApnsMetrics(options.metrics, () => ({
      connections: this.status.connectedTo,
      inFlight: this.status.inFlight,
      queued: this.#queue.size,
    }));
    this.#metrics.certificate(this.#certificate.notAfter);
    if (this.#certificate.notAfter <= this.#now()) {
      this.#logger.error({ notAfter: this.#certificate.notAfter }, 'The MDM push certificate has expired');
    }
  }

  /** The topic of every push: the subject UID of the push certificate. */
  get topic(): string {
    return this.#certificate.topic;
  }

  get certificate(): PushCertificate {
    return this.#certificate;
  }

  get status(): ApnsStatus {
    return {
      connectedTo: this.#pool.open,
      inFlight: this.#pool.inFlight,
      queued: this.#queue.size,
      certificateProblem: this.#problem,
    };
  }

  /**
   * Takes renewed credentials into use without losing a push: those in flight finish on the old connection,
   * all others go out on a new one.
   *
   * @throws ESP_APNS_TOPIC_CHANGED, ESP_APNS_CERTIFICATE_EXPIRED or ESP_APNS_CERTIFICATE_INVALID; the old
   * credentials then stay in use
   */
  reloadCredentials(): PushCertificate {
    const credentials = this.#options.credentials();
    const certificate = readPushCertificate(credentials);
    if (certificate.topic !== this.topic) {
      throw apnsErrors.ESP_APNS_TOPIC_CHANGED({
        detail: `It is ${certificate.topic}, not ${this.topic}.`,
      });
    }
    if (certificate.notAfter <= this.#now()) {
      throw apnsErrors.ESP_APNS_CERTIFICATE_EXPIRED({ detail: certificate.notAfter.toISOString() });
    }
    const same = certificate.fingerprint === this.#certificate.fingerprint;
    this.#credentials = credentials;
    this.#certificate = certificate;
    this.#metrics.certificate(certificate.notAfter);
    if (same) return certificate;
    this.#problem = undefined;
    this.#pool.renew('CredentialsReloaded');
    this.#logger.info(
      { notAfter: certificate.notAfter, fingerprint: certificate.fingerprint },
      'MDM push certificate reloaded',
    );
    this.#pump();
    return certificate;
  }

  /** Sends one push and tells what became of it. Never throws. */
  push(request: PushRequest): Promise<PushOutcome> {
    const attempt = request.attempt ?? 0;
    const started = performance.now();
    const refused = this.#refuse(request, attempt);
    if (refused !== undefined) {
      this.#report(refused, 0);
      return Promise.resolve(refused);
    }
    return new Promise((resolve) => {
      const job: PushJob = {
        ...requestOf(request),
        attempt,
        sends: 0,
        settled: false,
        cancel: undefined,
        settle: (outcome) => {
          if (job.settled) return;
          job.settled = true;
          clearTimeout(timer);
          this.#report(outcome, performance.now() - started);
          resolve(outcome);
          this.#unsettled -= 1;
          if (this.#unsettled === 0) this.#idle?.();
        },
        queued: false,
        previous: undefined,
        next: undefined,
      };
      const timer = setTimeout(() => this.#timeOut(job), this.#limits.pushTimeoutMs);
      this.#unsettled += 1;
      this.#queue.push(job);
      this.#pump();
    });
  }

  /** The outcome of a push that need not be sent to know it. */
  #refuse(request: PushRequest, attempt: number): PushOutcome | undefined {
    if (request.topic !== this.topic) return { kind: 'token-invalid', reason: 'TopicNotOfCertificate' };
    const invalid = checkRequest(request);
    if (invalid !== undefined) return invalid;
    if (this.#closed !== undefined) return { kind: 'retry', reason: 'ClientClosed', afterMs: 0 };
    return this.#queue.size < this.#limits.queuedPushes ? undefined : this.#retry('QueueFull', attempt);
  }

  /** Takes no more pushes, lets those on their way finish (at most `drainMs`) and closes the connections. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#pool.stopDialling();
    const closed: PushOutcome = { kind: 'retry', reason: 'ClientClosed', afterMs: 0 };
    if (this.#pool.open === 0) this.#failQueued(closed);
    await this.#drained();
    this.#failQueued(closed);
    this.#pool.destroy();
    await this.#drained();
  }

  #drained(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#limits.drainMs);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #report(outcome: PushOutcome, ms: number): void {
    this.#metrics.observe(outcome, ms / 1000);
    this.#logger.debug({ outcome, ms: Math.round(ms) }, 'Push');
    if (outcome.kind === 'accepted') this.#problem = undefined;
    if (outcome.kind !== 'certificate-problem' || outcome.reason === this.#problem) return;
    this.#problem = outcome.reason;
    this.#logger.error({ reason: outcome.reason }, 'APNs cannot be used: certificate problem');
  }

  #retry(reason: string, attempt: number): PushOutcome {
    return { kind: 'retry', reason, afterMs: retryAfter(FIRST_RETRY_MS, attempt, this.#random) };
  }

  #timeOut(job: PushJob): void {
    this.#queue.remove(job);
    job.settle(this.#retry('Timeout', job.attempt));
    job.cancel?.();
  }

  /** Gives waiting pushes to free streams; dials where there is none. */
  #pump(): void {
    while (this.#queue.size > 0) {
      const connection = this.#pool.acquire();
      if (connection === undefined) return;
      const job = this.#queue.shift();
      if (job !== undefined) this.#send(connection, job);
    }
  }

  #send(connection: ApnsConnection, job: PushJob): void {
    const { expirationSeconds = DEFAULT_EXPIRATION_SECONDS } = this.#options;
    const expiration =
      expirationSeconds === 0 ? 0 : Math.floor(this.#now().getTime() / 1000) + expirationSeconds;
    job.sends += 1;
    const sent = connection.send(
      {
        path: job.path,
        headers: {
          'apns-push-type': 'mdm',
          'apns-topic': this.topic,
          'apns-priority': '10',
          // Without it APNs delivers once or never.
          'apns-expiration': String(expiration),
          ...(job.collapse !== undefined && { 'apns-collapse-id': job.collapse }),
        },
        body: job.body,
      },
      (result) => this.#finish(connection, job, result),
    );
    job.cancel = () => {
      sent.cancel();
      // A lost answer may be the first sign of a dead connection.
      connection.verify();
    };
  }

  #finish(connection: ApnsConnection, job: PushJob, result: StreamResult): void {
    job.cancel = undefined;
    if (job.settled) return;
    if (result.kind === 'answer') return this.#finishAnswered(connection, job, result);
    const end = connection.end;
    if (end?.certificate === 'ours' || end?.certificate === 'theirs') {
      return job.settle(certificateProblem(end));
    }
    if (result.unprocessed && job.sends < MAX_SENDS && this.#closed === undefined) {
      this.#queue.push(job);
      return this.#pump();
    }
    const told = end !== undefined && isKnownReason(end.reason);
    job.settle(this.#retry(told ? end.reason : 'ConnectionLost', job.attempt));
  }

  #finishAnswered(
    connection: ApnsConnection,
    job: PushJob,
    { answer }: Extract<StreamResult, { kind: 'answer' }>,
  ): void {
    const first = (status: number): number => (status === 429 ? FIRST_RETRY_TOO_MANY_MS : FIRST_RETRY_MS);
    job.settle(outcomeOfAnswer(answer, (status) => retryAfter(first(status), job.attempt, this.#random)));
    if (answer.status < 500) this.#pool.succeeded();
    else this.#pool.abandon(connection, `Status${answer.status}`);
  }

  #failQueued(outcome: PushOutcome): void {
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) job.settle(outcome);
  }
}

function certificateProblem(end: ConnectionEnd): PushOutcome {
  const ours = end.cause === 'goaway' ? end.reason : 'TlsCertificateRefused';
  return {
    kind: 'certificate-problem',
    reason: end.certificate === 'theirs' ? 'ServerCertificateUntrusted' : ours,
  };
}
