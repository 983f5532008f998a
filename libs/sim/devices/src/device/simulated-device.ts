import { isEspalierError } from '@espalier/contracts';
import type { RemovalReason } from '../events/device-event.js';
import type { RetryOptions, RetryPolicy } from '../http/retry.js';
import type { DeviceIdentity } from '../identity/device-identity.js';
import { readEnrollmentPlan, type ManagementPlan } from '../profile/enrollment-plan.js';
import { downloadProfile, type ProfileSource } from '../profile/profile-download.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceState, JournalEntry } from '../state/device-state.js';
import { CommandSession, type SessionEnd } from './command-session.js';
import { DeviceReporter } from './device-reporter.js';
import type { DeviceServices } from './device-services.js';
import { authenticate, checkOut, obtainIdentity, updateToken, type EnrollmentSteps } from './enrollment.js';
import type { MdmConnection } from './mdm-connection.js';
import { ServerLink } from './server-link.js';

/** A goodbye is not worth more. */
const CHECK_OUT_ATTEMPTS = 2;

/**
 * One simulated Mac, iPhone or iPad. Made by a {@link DeviceFleet}. What happens to it is told by the fleet's events.
 */
export class SimulatedDevice {
  readonly #folder: DeviceFolder;
  readonly #services: DeviceServices;
  readonly #reporter: DeviceReporter;
  readonly #link: ServerLink;
  #stopped = false;
  /** Ends what runs: at stop() for good, at checkOut() for what would keep the user waiting. */
  #activity = new AbortController();
  #wanted = false;
  #enrollment: Promise<void> | undefined;
  #sessions: Promise<SessionEnd> | undefined;
  #recheck: NodeJS.Timeout | undefined;
  readonly #background = new Set<Promise<void>>();

  constructor(folder: DeviceFolder, services: DeviceServices) {
    this.#folder = folder;
    this.#services = services;
    this.#reporter = new DeviceReporter(folder.state.identity, services.events, services.now);
    this.#link = new ServerLink(folder, services);
  }

  get identity(): DeviceIdentity {
    return this.#folder.state.identity;
  }

  get state(): Readonly<DeviceState> {
    return this.#folder.state;
  }

  get phase(): DeviceState['phase'] {
    return this.#folder.state.phase;
  }

  /** Every report that the device made, oldest first, each CommandUUID with an end at most once. */
  journal(): JournalEntry[] {
    return this.#folder.journal();
  }

  /**
   * Installs an enrolment profile (a .mobileconfig, plain or signed) and becomes managed; it then waits for pushes.
   * @throws EspalierError for what went wrong, also told as an `error` event; ESP_SIM_PHASE where it is managed
   */
  async enroll(source: ProfileSource): Promise<void> {
    if (this.phase !== 'new' && this.phase !== 'removed')
      throw simErrors.ESP_SIM_PHASE({ detail: `${this.identity.serial} is ${this.phase}.` });
    await this.#finishEnrollment(source);
  }

  get #isOnline(): boolean {
    return this.phase === 'enrolled' && !this.#stopped && !this.#activity.signal.aborted;
  }

  /** After a restart: finishes an enrolment that was under way; waits for pushes; asks for commands at once. */
  async resume(): Promise<void> {
    if (this.phase === 'enrolled') {
      await this.#waitForPushes();
      await this.connect();
    } else if (this.phase !== 'removed' && this.#folder.enrollmentProfile !== undefined)
      await this.#finishEnrollment();
  }

  /**
   * Asks for commands until there are no more, as on a push. One session at a time: called during one, another follows.
   * @throws EspalierError ESP_SIM_PHASE; all else is told by events
   */
  connect(): Promise<SessionEnd> {
    if (!this.#isOnline)
      return Promise.reject(simErrors.ESP_SIM_PHASE({ detail: `${this.identity.serial} is not online.` }));
    this.#wanted = true;
    return (this.#sessions ??= this.#runSessions());
  }

  /** The user removes the enrolment profile: CheckOut where the profile asks for it, best effort. */
  async checkOut(): Promise<void> {
    if (this.phase !== 'enrolled')
      throw simErrors.ESP_SIM_PHASE({ detail: `${this.identity.serial} is ${this.phase}.` });
    this.#wanted = false;
    this.#activity.abort();
    await this.#sessions;
    if (this.#stopped || this.phase !== 'enrolled') return;
    this.#activity = new AbortController();
    await this.#leave('checked-out', true);
  }

  /** Ends what runs; what is on disk goes on with {@link resume} another time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#activity.abort();
    clearTimeout(this.#recheck);
    await Promise.allSettled([this.#enrollment, this.#sessions, ...this.#background]);
    this.#link.forget();
  }

  async #finishEnrollment(source?: ProfileSource): Promise<void> {
    const { enrollments } = this.#services;
    try {
      this.#enrollment = enrollments.run(() => this.#enroll(source));
      await this.#enrollment;
    } catch (error) {
      if (this.#stopped) throw simErrors.ESP_SIM_STOPPED();
      this.#reporter.report(error);
      this.#link.forget();
      // What may work another time stays for resume(); the rest leaves the device as it was.
      if (!isEspalierError(error) || !error.retryable) this.#folder.forgetEnrollment('new');
      throw error;
    }
    await this.#waitForPushes();
  }

  async #enroll(source: ProfileSource | undefined): Promise<void> {
    const began = performance.now();
    this.#reporter.emit('enrolling', {});
    if (source !== undefined) await this.#installProfile(source);
    const folder = this.#folder;
    const plan = readEnrollmentPlan(folder.enrollmentProfile ?? Buffer.alloc(0));
    const steps = this.#steps(plan, this.#services.enrollRetry);
    if (folder.state.phase === 'new')
      this.#reporter.emit('certified', await obtainIdentity(steps, plan.scep));
    const mdm = this.#connection(this.#services.enrollRetry);
    if (folder.state.phase === 'certified') await authenticate(folder, plan, mdm);
    await updateToken(steps, mdm);
    this.#link.closeSoon();
    this.#reporter.emit('enrolled', { topic: plan.topic, ms: Math.round(performance.now() - began) });
  }

  async #installProfile(source: ProfileSource): Promise<void> {
    const profile = await this.#obtainProfile(source);
    readEnrollmentPlan(profile);
    // A key of an earlier attempt may not be of the size that this profile asks for.
    this.#folder.forgetEnrollment('new');
    this.#folder.saveEnrollmentProfile(profile);
  }

  async #obtainProfile(source: ProfileSource): Promise<Uint8Array> {
    if (typeof source === 'function') return source(this.identity.serial);
    if ('bytes' in source) return source.bytes;
    const { clients, enrollRetry, now } = this.#services;
    const http = clients.open([], undefined);
    try {
      return await downloadProfile(source.url, http, this.#retry(enrollRetry), now);
    } finally {
      clients.release(http);
    }
  }

  async #waitForPushes(): Promise<void> {
    const { pushToken } = this.state;
    if (pushToken === undefined || this.#stopped) return;
    await this.#services.push.wait(pushToken, {
      push: ({ apnsId, mdm }) => {
        if (mdm !== this.state.pushMagic) return this.#reporter.report(simErrors.ESP_SIM_PUSH_IGNORED());
        this.#reporter.emit('pushed', { apnsId });
        this.#connectInBackground();
      },
      lost: (why) => {
        if (why === 'taken') return this.#reporter.report(simErrors.ESP_SIM_TOKEN_TAKEN());
        this.#inBackground(this.#renewToken());
      },
    });
  }

  /** Apple does not know the token any more: as after a restore, the device gets another and says so. */
  async #renewToken(): Promise<void> {
    if (this.phase !== 'enrolled') return;
    const { plan } = this.#link.management;
    const { connections, runRetry } = this.#services;
    try {
      await connections.run(() => updateToken(this.#steps(plan, runRetry), this.#connection(runRetry)));
    } catch (error) {
      if (!(await this.#obeyedUnenrollment(error))) throw error;
      return;
    }
    await this.#waitForPushes();
    this.#link.closeSoon();
    this.#reporter.emit('token-updated', {});
  }

  /** Ends by itself at once after the last session, so that no wish of connect() is lost in between. */
  async #runSessions(): Promise<SessionEnd> {
    try {
      let end: SessionEnd = 'idle';
      while (this.#wanted && this.#isOnline) {
        this.#wanted = false;
        end = await this.#services.connections.run(() => this.#session());
      }
      return end;
    } finally {
      this.#sessions = undefined;
      this.#link.closeSoon();
    }
  }

  async #session(): Promise<SessionEnd> {
    clearTimeout(this.#recheck);
    const { plan, certificate } = this.#link.management;
    const { faults, applications, now } = this.#services;
    const session = new CommandSession({
      folder: this.#folder,
      mdm: this.#connection(this.#services.runRetry),
      context: { identity: this.identity, folder: this.#folder, plan, certificate, applications, now },
      faults,
      signal: this.#activity.signal,
      emit: (kind, details) => this.#reporter.emit(kind, details),
    });
    try {
      const { end, after, deferred } = await session.run();
      if (after !== undefined)
        await this.#leave(after === 'erase' ? 'erased' : 'profile-removed', after !== 'erase');
      else if (deferred)
        this.#recheck = setTimeout(() => this.#connectInBackground(), faults.settings.notNowRecheckMs);
      return end;
    } catch (error) {
      if (this.#activity.signal.aborted) return 'stopped';
      if (await this.#obeyedUnenrollment(error)) return 'removed';
      this.#reporter.report(error);
      return 'failed';
    }
  }

  /** A Mac unenrols on 401, and every device on 403 with `com.apple.unrecognized.device`: false for other errors. */
  async #obeyedUnenrollment(error: unknown): Promise<boolean> {
    if (!isEspalierError(error) || error.code !== 'ESP_SIM_UNENROLLED') return false;
    this.#reporter.report(error);
    await this.#leave(error.fields?.['reason'] === 'unauthorized' ? 'unauthorized' : 'unrecognized', false);
    return true;
  }

  async #leave(reason: RemovalReason, goodbye: boolean): Promise<void> {
    clearTimeout(this.#recheck);
    const { plan } = this.#link.management;
    const { pushToken } = this.state;
    if (goodbye && plan.checkOutWhenRemoved) {
      const policy = { ...this.#services.runRetry, attempts: CHECK_OUT_ATTEMPTS };
      await checkOut(this.#folder, plan, this.#connection(policy)).catch((error: unknown) =>
        this.#reporter.report(error),
      );
    }
    this.#folder.forgetEnrollment('removed', reason);
    this.#link.forget();
    if (pushToken !== undefined)
      await this.#services.push.unregister(pushToken).catch((error: unknown) => this.#reporter.report(error));
    this.#reporter.emit('removed', { reason });
  }

  #connection(policy: RetryPolicy): MdmConnection {
    return this.#link.connection(this.#retry(policy));
  }

  #steps(plan: ManagementPlan, policy: RetryPolicy): EnrollmentSteps {
    return { folder: this.#folder, plan, services: this.#services, retry: this.#retry(policy) };
  }

  #retry(policy: RetryPolicy): RetryOptions {
    return {
      policy,
      random: this.#services.random,
      signal: this.#activity.signal,
      onRetry: this.#reporter.onRetry,
    };
  }

  #connectInBackground(): void {
    if (this.#isOnline) this.#inBackground(this.connect());
  }

  #inBackground(work: Promise<unknown>): void {
    const watched = work.then(
      () => undefined,
      (error: unknown) => {
        if (!this.#stopped) this.#reporter.report(error);
      },
    );
    this.#background.add(watched);
    void watched.finally(() => this.#background.delete(watched));
  }
}
