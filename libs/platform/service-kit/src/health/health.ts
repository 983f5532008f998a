/** What one check said: `degraded` still serves, `failed` must get no traffic. */
export type CheckState = 'ok' | 'degraded' | 'failed';

export interface CheckResult {
  readonly state: CheckState;
  /** Why, where it is not ok. */
  readonly detail?: string;
}

export interface HealthReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

interface Check {
  readonly run: () => Promise<void> | void;
  readonly degradedOnly: boolean;
}

const CHECK_TIMEOUT_MS = 2_000;

/** Collects what a service needs before it may get traffic. */
export class Health {
  readonly #checks = new Map<string, Check>();
  #stopping = false;

  /**
   * @param run throws or rejects, saying why, where the thing is not usable
   * @param options.degradedOnly a failure is shown but does not take the replica out of service
   */
  addCheck(name: string, run: Check['run'], options: { readonly degradedOnly?: boolean } = {}): void {
    this.#checks.set(name, { run, degradedOnly: options.degradedOnly ?? false });
  }

  /** From now on the service is not ready, whatever its checks say. */
  markStopping(): void {
    this.#stopping = true;
  }

  async report(): Promise<HealthReport> {
    const entries = await Promise.all(
      [...this.#checks].map(async ([name, check]) => [name, await this.#runCheck(check)] as const),
    );
    if (this.#stopping)
      entries.push(['shutdown', { state: 'failed', detail: 'this replica is shutting down' }]);
    return {
      ready: entries.every(([, result]) => result.state !== 'failed'),
      checks: Object.fromEntries(entries),
    };
  }

  async #runCheck(check: Check): Promise<CheckResult> {
    const { promise: timedOut, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`no answer in ${CHECK_TIMEOUT_MS} ms`)),
      CHECK_TIMEOUT_MS,
    );
    try {
      await Promise.race([Promise.resolve(check.run()), timedOut]);
      return { state: 'ok' };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { state: check.degradedOnly ? 'degraded' : 'failed', detail };
    } finally {
      clearTimeout(timer);
    }
  }
}
