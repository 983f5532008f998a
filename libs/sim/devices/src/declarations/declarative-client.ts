import { isEspalierError, type EspalierError } from '@espalier/contracts';
import { buildCheckin, type EnrollmentIds } from '@espalier/mdm-protocol';
import type { DeviceReporter } from '../device/device-reporter.js';
import type { MdmConnection } from '../device/mdm-connection.js';
import { backOffMs, type RetryPolicy } from '../http/retry.js';
import type { DeviceFolder } from '../state/device-folder.js';
import { DeclarationSync, spoilDeclarations, type SyncListener } from './declaration-sync.js';
import type { HeldDeclaration } from './declaration-state.js';

const DAY_MS = 86_400_000;

export interface DeclarativeClientOptions {
  readonly folder: DeviceFolder;
  readonly device: DeviceFolder;
  readonly enrollment: EnrollmentIds;
  readonly reporter: DeviceReporter;
  readonly policy: RetryPolicy;
  readonly now: () => Date;
  readonly random: () => number;
  /** Asks for a session, in which {@link DeclarativeClient.run} is called. */
  readonly wake: () => void;
}

/** When one channel of a device synchronises its declarations, and what it tells of it. */
export class DeclarativeClient {
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #notBefore = 0;
  #triedAt = 0;

  constructor(private readonly options: DeclarativeClientOptions) {}

  /**
   * Synchronises where that is due: asked for by the server, or a day after the last full report. What the server
   * could not answer is asked again later, with growing waits; what it answered wrongly, at the next occasion.
   * @param open a connection that does not try again by itself
   * @throws EspalierError ESP_SIM_UNENROLLED, ESP_SIM_STOPPED
   */
  async run(open: () => MdmConnection): Promise<void> {
    const { folder, device } = this.options;
    const { declarative } = folder.state;
    if (declarative === undefined || this.#now() < this.#notBefore) return;
    const { fullReportAt } = declarative;
    const dayIsOver = fullReportAt !== undefined && this.#now() >= fullReportAt + DAY_MS;
    if (!declarative.sync && !(dayIsOver && this.#now() >= this.#triedAt + DAY_MS)) return;
    this.#triedAt = this.#now();
    try {
      const sync = new DeclarationSync(folder, device, this.#exchange(open()), this.#listener());
      const reported = await sync.run(declarative.token, dayIsOver || fullReportAt === undefined);
      this.#done(reported ? this.#now() : fullReportAt);
    } catch (error) {
      if (!isEspalierError(error) || ['ESP_SIM_UNENROLLED', 'ESP_SIM_STOPPED'].includes(error.code))
        throw error;
      if (error.retryable) this.#retryLater(error, fullReportAt);
      else {
        this.#note({ what: 'failed', code: error.code, problem: error.message });
        this.options.reporter.report(error);
        this.#done(fullReportAt);
      }
    }
  }

  /** What the device tells may have changed: the next session says so. */
  statusChanged(): void {
    const { folder, wake } = this.options;
    const { declarative } = folder.state;
    if (declarative === undefined) return;
    folder.update({ declarative: { ...declarative, sync: true } });
    wake();
  }

  /**
   * A fault, see {@link spoilDeclarations}; the next session reports everything, as a loss shows in no other report.
   * @returns whether the device has such declarations
   */
  spoil(how: 'drop' | 'deactivate', isMeant: (identifier: string) => boolean): boolean {
    const { folder, wake } = this.options;
    if (folder.state.declarative === undefined) return false;
    if (!spoilDeclarations(folder, how, ({ identifier }) => isMeant(identifier))) return false;
    folder.update({ declarative: { sync: true } });
    wake();
    return true;
  }

  /** Also forgets what waits: the next enrolment begins anew. */
  stop(): void {
    clearTimeout(this.#timer);
    [this.#failures, this.#notBefore, this.#triedAt] = [0, 0, 0];
  }

  #exchange(mdm: MdmConnection) {
    return async (endpoint: string, data?: Buffer): Promise<Buffer | undefined> => {
      const body = buildCheckin({
        messageType: 'DeclarativeManagement',
        enrollment: this.options.enrollment,
        endpoint,
        ...(data !== undefined && { data }),
      });
      try {
        return await mdm.send({ kind: 'checkin', body, read: (reply) => reply });
      } catch (error) {
        const missing = isEspalierError(error) && error.fields?.['status'] === '404';
        if (missing && endpoint !== 'status') return undefined;
        throw error;
      }
    };
  }

  #done(fullReportAt: number | undefined): void {
    this.#failures = 0;
    this.options.folder.update({
      declarative: { sync: false, ...(fullReportAt !== undefined && { fullReportAt }) },
    });
    if (fullReportAt !== undefined)
      this.#wakeIn(Math.max(fullReportAt, this.#triedAt) + DAY_MS - this.#now());
  }

  #retryLater(error: EspalierError, fullReportAt: number | undefined): void {
    const { folder, policy, random, reporter } = this.options;
    this.#failures += 1;
    const least = Number(error.fields?.['retryAfterMs'] ?? 0);
    const waitMs = Math.round(Math.max(least, backOffMs(policy, this.#failures, random)));
    // Without the token of the command: it may be an old one by then.
    folder.update({ declarative: { sync: true, ...(fullReportAt !== undefined && { fullReportAt }) } });
    this.#notBefore = this.#now() + waitMs;
    reporter.onRetry(error, this.#failures, waitMs);
    this.#wakeIn(waitMs);
  }

  #wakeIn(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#notBefore = 0;
        this.options.wake();
      },
      Math.max(waitMs, 0),
    );
    // Nobody keeps a process alive to report once a day.
    this.#timer.unref();
  }

  #listener(): SyncListener {
    const { reporter } = this.options;
    return {
      applied: (status) => {
        reporter.emit('declaration-applied', detailsOf(status.declaration));
        this.#note({ what: 'applied', ...detailsOf(status.declaration) });
      },
      refused: (status) => {
        const codes = status.reasons.map(({ code }) => code);
        reporter.emit('declaration-refused', { ...detailsOf(status.declaration), codes });
        this.#note({ what: 'refused', ...detailsOf(status.declaration), codes });
      },
      removed: (declaration) => {
        reporter.emit('declaration-removed', detailsOf(declaration));
        this.#note({ what: 'removed', ...detailsOf(declaration) });
      },
      reported: (full, declarations) => {
        reporter.emit('status-reported', { full, declarations });
        this.#note({ what: 'reported', full, declarations });
      },
      rejected: (endpoint, problem) => {
        const message = `${endpoint}: ${problem}.`;
        reporter.emit('error', { code: 'ESP_SIM_DECLARATIONS_INVALID', message });
        this.#note({ what: 'rejected', endpoint, problem });
      },
    };
  }

  #note(facts: Readonly<Record<string, unknown>>): void {
    const at = this.options.now().toISOString();
    this.options.folder.noteDeclarations(JSON.stringify({ at, ...facts }));
  }

  #now(): number {
    return this.options.now().getTime();
  }
}

function detailsOf({ kind, identifier, serverToken, type }: HeldDeclaration) {
  return { declarationKind: kind, identifier, serverToken, type };
}
