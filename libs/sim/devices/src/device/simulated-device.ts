import { randomUUID } from 'node:crypto';
import { isEspalierError } from '@espalier/contracts';
import type { DeclarationStatus } from '../declarations/declaration-status.js';
import { declarationsOf } from '../declarations/declaration-sync.js';
import type { RemovalReason } from '../events/device-event.js';
import type { RetryOptions, RetryPolicy } from '../http/retry.js';
import { applicationsOf, type DeviceApplication } from '../identity/device-applications.js';
import { factsOf, type DeviceFacts } from '../identity/device-facts.js';
import type { DeviceIdentity } from '../identity/device-identity.js';
import type { ProfileSource } from '../profile/profile-download.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { AddedApplication, DeviceState, FactChanges, JournalEntry } from '../state/device-state.js';
import type { SessionEnd } from './command-session.js';
import { DeviceReporter } from './device-reporter.js';
import type { DeviceServices } from './device-services.js';
import { checkOut } from './enrollment.js';
import { EnrollmentRun } from './enrollment-run.js';
import { ManagementChannel } from './management-channel.js';
import { ServerLink } from './server-link.js';
import { UserHands } from './user-hands.js';

/** A goodbye is not worth more. */
const CHECK_OUT_ATTEMPTS = 2;

/** A channel with what belongs to it. */
interface OpenChannel {
  readonly folder: DeviceFolder;
  readonly channel: ManagementChannel;
  readonly hands: UserHands;
}

/**
 * One simulated Mac, iPhone or iPad. Made by a {@link DeviceFleet}. What happens to it is told by the fleet's events.
 */
export class SimulatedDevice {
  readonly #folder: DeviceFolder;
  readonly #services: DeviceServices;
  readonly #reporter: DeviceReporter;
  readonly #link: ServerLink;
  readonly #run: EnrollmentRun;
  readonly #own: OpenChannel;
  /** The user channels of a Mac. */
  #users: OpenChannel[] = [];
  #stopped = false;
  /** Ends what runs: at stop() for good, at checkOut() for what would keep the user waiting. */
  #activity = new AbortController();
  /** The same for the user channels, which also end where the device leaves by its own channel. */
  #userActivity = new AbortController();
  #enrollment: Promise<void> | undefined;

  constructor(folder: DeviceFolder, services: DeviceServices) {
    this.#folder = folder;
    this.#services = services;
    this.#reporter = new DeviceReporter(folder, services.events, services.now);
    this.#link = new ServerLink(folder, services);
    this.#run = new EnrollmentRun({
      folder,
      services,
      link: this.#link,
      reporter: this.#reporter,
      retry: (policy) => this.#retry(policy),
    });
    this.#own = this.#openChannel(folder, this.#reporter);
    this.#users = folder.openUsers().map((user) => this.#openUser(user));
  }

  get identity(): DeviceIdentity {
    return this.#folder.state.identity;
  }

  get state(): Readonly<DeviceState> {
    return this.#folder.state;
  }

  /** The states of its user channels; Macs only. */
  get users(): Readonly<DeviceState>[] {
    return this.#users.map(({ folder }) => folder.state);
  }

  get phase(): DeviceState['phase'] {
    return this.#folder.state.phase;
  }

  /** What the device tells of itself now. */
  get facts(): DeviceFacts {
    return factsOf(this.#folder.state);
  }

  get applications(): DeviceApplication[] {
    return applicationsOf(this.#folder.state, this.#services.applications);
  }

  /** How its declarations stand. */
  get declarations(): DeclarationStatus[] {
    return declarationsOf(this.#folder, this.#folder);
  }

  /** Every report that the device made, oldest first, each CommandUUID with an end at most once. */
  journal(): JournalEntry[] {
    return this.#folder.journal();
  }

  /** What happened to its declarations, oldest first: lines of `declarations.ndjson`. */
  declarationJournal(): Readonly<Record<string, unknown>>[] {
    return this.#folder.declarationNotes().map((line) => JSON.parse(line) as Record<string, unknown>);
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
      await this.#own.channel.waitForPushes();
      await Promise.all([this.#own.channel.connect(), this.#resumeUsers()]);
    } else if (this.phase !== 'removed' && this.#folder.enrollmentProfile !== undefined)
      await this.#finishEnrollment();
  }

  /**
   * Asks for commands until there are no more, as on a push. One session at a time: called during one, another follows.
   * @param user short name of the user whose channel it is; the device's own where there is none
   * @throws EspalierError ESP_SIM_PHASE; all else is told by events
   */
  connect(user?: string): Promise<SessionEnd> {
    const open = user === undefined ? this.#own : this.#userNamed(user);
    if (!this.#isOnline || open === undefined)
      return Promise.reject(simErrors.ESP_SIM_PHASE({ detail: `${this.identity.serial} is not online.` }));
    return open.channel.connect();
  }

  /**
   * The user removes a profile; the enrolment profile as {@link checkOut} does. The server is not told: it sees it
   * when it asks.
   * @param options.force as root, also where PayloadRemovalDisallowed
   * @throws EspalierError ESP_SIM_PROFILE_MISSING, ESP_SIM_PROFILE_LOCKED, ESP_SIM_PHASE
   */
  async removeProfile(identifier: string, options: { readonly force?: boolean } = {}): Promise<void> {
    if (this.phase === 'enrolled' && identifier === this.#link.management.plan.identifier)
      return this.checkOut();
    const owner = [this.#own, ...this.#users].find(({ folder }) =>
      folder.state.profiles.some((one) => one.identifier === identifier),
    );
    (owner ?? this.#own).hands.removeProfile(identifier, options.force ?? false);
  }

  /** The user installs a profile, which is not managed then. @throws as {@link UserHands.installProfile} */
  installProfile(bytes: Uint8Array): void {
    this.#own.hands.installProfile(bytes);
  }

  /**
   * A fault: the device loses a declaration, or does not have it active any more, and says so. It has it again once
   * the server has it compare what it has, by another DeclarationsToken.
   * @returns whether it has such a declaration
   */
  spoilDeclaration(identifier: string, how: 'drop' | 'deactivate'): boolean {
    return [this.#own, ...this.#users]
      .map(({ channel }) => channel.declarations.spoil(how, (one) => one === identifier))
      .includes(true);
  }

  /** Changes what the device tells of itself. @throws EspalierError ESP_SIM_CONTROL_INVALID */
  changeFacts(changes: FactChanges): void {
    this.#own.hands.changeFacts(changes);
    this.#own.channel.declarations.statusChanged();
  }

  /** Updates the OS, to the next minor release unless told otherwise. @returns the version it has then */
  updateOs(to?: { readonly version: string; readonly build: string }): string {
    const version = this.#own.hands.updateOs(to);
    this.#own.channel.declarations.statusChanged();
    return version;
  }

  installApplication(application: AddedApplication): void {
    this.#own.hands.installApplication(application);
  }

  /** Only what {@link installApplication} put there goes: false for others. */
  removeApplication(identifier: string): boolean {
    return this.#own.hands.removeApplication(identifier);
  }

  /** The user removes the enrolment profile: CheckOut where the profile asks for it, best effort. */
  async checkOut(): Promise<void> {
    if (this.phase !== 'enrolled')
      throw simErrors.ESP_SIM_PHASE({ detail: `${this.identity.serial} is ${this.phase}.` });
    this.#activity.abort();
    await this.#own.channel.quiet();
    if (this.#stopped || this.phase !== 'enrolled') return;
    this.#activity = new AbortController();
    await this.#leave('checked-out', true);
  }

  /** Ends what runs; what is on disk goes on with {@link resume} another time. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#activity.abort();
    this.#userActivity.abort();
    const channels = [this.#own, ...this.#users].map(({ channel }) => channel.stop());
    await Promise.allSettled([this.#enrollment, ...channels]);
    this.#link.forget();
  }

  async #finishEnrollment(source?: ProfileSource): Promise<void> {
    const { enrollments } = this.#services;
    try {
      this.#enrollment = enrollments.run(() => this.#run.device(source));
      await this.#enrollment;
    } catch (error) {
      if (this.#stopped) throw simErrors.ESP_SIM_STOPPED();
      this.#reporter.report(error);
      this.#link.forget();
      // What may work another time stays for resume(); the rest leaves the device as it was.
      if (!isEspalierError(error) || !error.retryable) this.#folder.forgetEnrollment('new');
      throw error;
    }
    await this.#own.channel.waitForPushes();
    await this.#bringUsers();
  }

  async #resumeUsers(): Promise<void> {
    await this.#bringUsers();
    await Promise.all(this.#users.map(({ channel }) => channel.connect()));
  }

  async #bringUsers(): Promise<void> {
    await this.#enrollUser();
    for (const { channel } of this.#users) await channel.waitForPushes();
  }

  /** Without its user's channel the device is managed all the same, and tries again when it is started again. */
  async #enrollUser(): Promise<void> {
    const { user: shortName } = this.#services;
    if (shortName === undefined || this.identity.platform !== 'mac' || !this.#isOnline) return;
    const { folder } = this.#userNamed(shortName) ?? this.#createUser(shortName);
    if (folder.state.phase === 'enrolled') return;
    const reporter = this.#userReporter(folder);
    try {
      await this.#run.user(folder, reporter);
    } catch (error) {
      if (this.#isOnline) reporter.report(error);
    }
  }

  #createUser(shortName: string): OpenChannel {
    const longName = shortName.charAt(0).toUpperCase() + shortName.slice(1);
    const user = { id: randomUUID().toUpperCase(), shortName, longName };
    const open = this.#openUser(this.#folder.createUser(user));
    this.#users.push(open);
    return open;
  }

  /** @param from the channel whose session found out; it ends by itself */
  async #leave(reason: RemovalReason, goodbye: boolean, from?: DeviceFolder): Promise<void> {
    const channels = [this.#own, ...this.#users];
    for (const { channel } of channels) channel.clearTimers();
    this.#userActivity.abort();
    const others = this.#users.filter(({ folder }) => folder !== from);
    await Promise.all(others.map(({ channel }) => channel.quiet()));
    const { plan } = this.#link.management;
    const tokens = channels
      .map(({ folder }) => folder.state.pushToken)
      .filter((token) => token !== undefined);
    if (goodbye && plan.checkOutWhenRemoved) {
      const policy = { ...this.#services.runRetry, attempts: CHECK_OUT_ATTEMPTS };
      const mdm = this.#link.connection(this.#retry(policy));
      await checkOut(this.#folder, plan, mdm).catch((error: unknown) => this.#reporter.report(error));
    }
    this.#folder.forgetEnrollment('removed', reason);
    this.#users = [];
    this.#userActivity = new AbortController();
    this.#link.forget();
    for (const token of tokens)
      await this.#services.push.unregister(token).catch((error: unknown) => this.#reporter.report(error));
    this.#reporter.emit('removed', { reason });
  }

  #openUser(folder: DeviceFolder): OpenChannel {
    return this.#openChannel(folder, this.#userReporter(folder));
  }

  #userReporter(folder: DeviceFolder): DeviceReporter {
    return new DeviceReporter(folder, this.#services.events, this.#services.now, this.#folder);
  }

  #openChannel(folder: DeviceFolder, reporter: DeviceReporter): OpenChannel {
    const hands = new UserHands(folder, reporter);
    const channel: ManagementChannel = new ManagementChannel({
      folder,
      device: this.#folder,
      services: this.#services,
      reporter,
      link: this.#link,
      isOnline: () => this.#isOnline && folder.state.phase === 'enrolled',
      signal: () => (folder === this.#folder ? this.#activity : this.#userActivity).signal,
      after: (what) => this.#leave(what === 'erase' ? 'erased' : 'profile-removed', what !== 'erase', folder),
      unenrolled: (reason) => this.#leave(reason, false, folder),
      settled: () => this.#resist(folder, hands, channel),
    });
    return { folder, channel, hands };
  }

  /** A fault: the user removes, or switches off, what he does not want, whenever it is there. */
  #resist(folder: DeviceFolder, hands: UserHands, { declarations }: ManagementChannel): void {
    const { faults } = this.#services;
    // Declarations are on disk: not read after each session of each device for nothing.
    if (faults.settings.resistDeclarations.length > 0)
      declarations.spoil('deactivate', (identifier) => faults.resistsDeclaration(identifier));
    for (const { identifier } of folder.state.profiles)
      if (faults.resists(identifier)) hands.removeProfile(identifier, true);
  }

  #userNamed(shortName: string): OpenChannel | undefined {
    return this.#users.find(({ folder }) => folder.state.user?.shortName === shortName);
  }

  #retry(policy: RetryPolicy): RetryOptions {
    return {
      policy,
      random: this.#services.random,
      signal: this.#activity.signal,
      onRetry: this.#reporter.onRetry,
    };
  }
}
