import { setTimeout as delay } from 'node:timers/promises';
import { commonErrors } from '@espalier/contracts';
import type { Logger } from 'pino';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Connects in the background, again and again until it works once; from then on the driver's pool heals by itself.
 * Callers wait for the first attempt only and then fail at once, so a service answers while its database is down.
 */
export class Connector {
  private readonly firstSuccess = Promise.withResolvers<void>();
  private attempt: Promise<void>;
  private lastError: unknown;
  private connected = false;
  private readonly stopped = new AbortController();
  private readonly loop: Promise<void>;

  constructor(
    private readonly connect: () => Promise<void>,
    private readonly logger: Logger,
  ) {
    this.firstSuccess.promise.catch(() => undefined);
    this.attempt = this.tryOnce();
    this.loop = this.run();
  }

  get ready(): Promise<void> {
    return this.firstSuccess.promise;
  }

  get isConnected(): boolean {
    return this.connected;
  }

  async whenConnected(): Promise<void> {
    if (this.connected) return;
    if (this.lastError === undefined) await this.attempt;
    if (!this.connected) throw commonErrors.ESP_DATABASE_UNAVAILABLE({ cause: this.lastError });
  }

  /** Ends the attempts; `ready` rejects if none has worked. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.loop;
    this.firstSuccess.reject(commonErrors.ESP_SHUTTING_DOWN());
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      await this.attempt;
      if (this.connected || signal.aborted) return;
      await delay(wait * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.attempt = this.tryOnce();
    }
  }

  private async tryOnce(): Promise<void> {
    try {
      await this.connect();
      this.connected = true;
      this.firstSuccess.resolve();
      if (this.lastError !== undefined) this.logger.info('database connected');
    } catch (error) {
      this.lastError = error;
      this.logger.warn({ err: error }, 'database not reachable, trying again');
    }
  }
}
