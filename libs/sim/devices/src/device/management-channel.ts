import { isEspalierError } from '@espalier/contracts';
import { DeclarativeClient } from '../declarations/declarative-client.js';
import type { RetryOptions, RetryPolicy } from '../http/retry.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { PendingResult } from '../state/device-state.js';
import { CommandSession, type SessionEnd } from './command-session.js';
import type { DeviceReporter } from './device-reporter.js';
import type { DeviceServices } from './device-services.js';
import { enrollmentIdsOf, updateToken } from './enrollment.js';
import type { MdmConnection } from './mdm-connection.js';
import type { ServerLink } from './server-link.js';

export interface ManagementChannelOptions {
  /** Of the device, or of the user channel. */
  readonly folder: DeviceFolder;
  /** Of the device. */
  readonly device: DeviceFolder;
  readonly services: DeviceServices;
  readonly reporter: DeviceReporter;
  /** The way to the server, shared by all channels of a device. */
  readonly link: ServerLink;
  readonly isOnline: () => boolean;
  /** Ends what runs. */
  readonly signal: () => AbortSignal;
  /** What the last command asked for, now that the server has its result. */
  readonly after: (what: NonNullable<PendingResult['after']>) => Promise<void>;
  /** The server does not manage the device any more. */
  readonly unenrolled: (reason: 'unauthorized' | 'unrecognized') => Promise<void>;
  /** A session is over, and the device as it was left by it. */
  readonly settled: () => void;
}

/** One channel of an enrolled device: waits for pushes, does commands, keeps declarations. */
export class ManagementChannel {
  readonly declarations: DeclarativeClient;
  readonly #folder: DeviceFolder;
  readonly #services: DeviceServices;
  readonly #reporter: DeviceReporter;
  #wanted = false;
  #sessions: Promise<SessionEnd> | undefined;
  #recheck: NodeJS.Timeout | undefined;
  readonly #background = new Set<Promise<void>>();

  constructor(private readonly options: ManagementChannelOptions) {
    const { folder, services, reporter } = options;
    [this.#folder, this.#services, this.#reporter] = [folder, services, reporter];
    this.declarations = new DeclarativeClient({
      folder,
      device: options.device,
      enrollment: enrollmentIdsOf(folder.state),
      reporter,
      policy: services.runRetry,
      now: services.now,
      random: services.random,
      wake: () => this.#connectInBackground(),
    });
  }

  async waitForPushes(): Promise<void> {
    const { pushToken } = this.#folder.state;
    if (pushToken === undefined || !this.options.isOnline()) return;
    await this.#services.push.wait(pushToken, {
      push: ({ apnsId, mdm }) => {
        if (mdm !== this.#folder.state.pushMagic)
          return this.#reporter.report(simErrors.ESP_SIM_PUSH_IGNORED());
        this.#reporter.emit('pushed', { apnsId });
        this.#connectInBackground();
      },
      lost: (why) => {
        if (why === 'taken') return this.#reporter.report(simErrors.ESP_SIM_TOKEN_TAKEN());
        this.#inBackground(this.#renewToken());
      },
    });
  }

  /** Asks for commands until there are no more. One session at a time: called during one, another follows. */
  connect(): Promise<SessionEnd> {
    this.#wanted = true;
    return (this.#sessions ??= this.#runSessions());
  }

  /** Resolves once no session runs; none follows of itself. */
  async quiet(): Promise<void> {
    this.#wanted = false;
    this.clearTimers();
    await this.#sessions;
  }

  clearTimers(): void {
    clearTimeout(this.#recheck);
    this.declarations.stop();
  }

  /** After the signal: resolves once nothing runs any more. */
  async stop(): Promise<void> {
    this.clearTimers();
    await Promise.allSettled([this.#sessions, ...this.#background]);
  }

  /** Apple does not know the token any more: as after a restore, the channel gets another and says so. */
  async #renewToken(): Promise<void> {
    if (!this.options.isOnline()) return;
    const { link } = this.options;
    const { connections, runRetry } = this.#services;
    const retry = this.#retry(runRetry);
    const steps = {
      folder: this.#folder,
      plan: link.management.plan,
      services: this.#services,
      retry,
    };
    try {
      await connections.run(() => link.during(() => updateToken(steps, link.connection(retry))));
    } catch (error) {
      if (!(await this.#obeyedUnenrollment(error))) throw error;
      return;
    }
    await this.waitForPushes();
    this.#reporter.emit('token-updated', {});
  }

  /** Ends by itself at once after the last session, so that no wish of connect() is lost in between. */
  async #runSessions(): Promise<SessionEnd> {
    const { connections } = this.#services;
    const { link } = this.options;
    try {
      let end: SessionEnd = 'idle';
      while (this.#wanted && this.options.isOnline()) {
        this.#wanted = false;
        end = await connections.run(() => link.during(() => this.#session()));
      }
      return end;
    } finally {
      this.#sessions = undefined;
    }
  }

  async #session(): Promise<SessionEnd> {
    clearTimeout(this.#recheck);
    const { link, device, signal, after: doAfter, settled } = this.options;
    const { plan, certificate } = link.management;
    const { faults, applications, now, runRetry } = this.#services;
    const folder = this.#folder;
    const session = new CommandSession({
      folder,
      mdm: this.#connection(runRetry),
      context: {
        identity: folder.state.identity,
        enrollment: enrollmentIdsOf(folder.state),
        folder,
        device,
        plan,
        certificate,
        applications,
        failsProfile: (identifier) => faults.failsProfile(identifier),
        now,
      },
      faults,
      signal: signal(),
      emit: (kind, details) => this.#reporter.emit(kind, details),
    });
    try {
      const { end, after, deferred } = await session.run();
      if (after !== undefined) {
        await doAfter(after);
        return end;
      }
      if (deferred)
        this.#recheck = setTimeout(() => this.#connectInBackground(), faults.settings.notNowRecheckMs);
      await this.declarations.run(() => this.#connection({ ...runRetry, attempts: 1 }));
      settled();
      return end;
    } catch (error) {
      if (signal().aborted) return 'stopped';
      if (await this.#obeyedUnenrollment(error)) return 'removed';
      this.#reporter.report(error);
      return 'failed';
    }
  }

  /** A Mac unenrols on 401, and every device on 403 with `com.apple.unrecognized.device`: false for other errors. */
  async #obeyedUnenrollment(error: unknown): Promise<boolean> {
    if (!isEspalierError(error) || error.code !== 'ESP_SIM_UNENROLLED') return false;
    this.#reporter.report(error);
    await this.options.unenrolled(
      error.fields?.['reason'] === 'unauthorized' ? 'unauthorized' : 'unrecognized',
    );
    return true;
  }

  #connection(policy: RetryPolicy): MdmConnection {
    return this.options.link.connection(this.#retry(policy));
  }

  #retry(policy: RetryPolicy): RetryOptions {
    return {
      policy,
      random: this.#services.random,
      signal: this.options.signal(),
      onRetry: this.#reporter.onRetry,
    };
  }

  #connectInBackground(): void {
    if (this.options.isOnline()) this.#inBackground(this.connect());
  }

  #inBackground(work: Promise<unknown>): void {
    const watched = work.then(
      () => undefined,
      (error: unknown) => {
        if (this.options.isOnline()) this.#reporter.report(error);
      },
    );
    this.#background.add(watched);
    void watched.finally(() => this.#background.delete(watched));
  }
}
