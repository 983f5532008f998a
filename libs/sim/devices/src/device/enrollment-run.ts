import type { RetryOptions, RetryPolicy } from '../http/retry.js';
import { readEnrollmentPlan, type ManagementPlan } from '../profile/enrollment-plan.js';
import { downloadProfile, type ProfileSource } from '../profile/profile-download.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceReporter } from './device-reporter.js';
import type { DeviceServices } from './device-services.js';
import { authenticate, obtainIdentity, updateToken, type EnrollmentSteps } from './enrollment.js';
import type { ServerLink } from './server-link.js';

export interface EnrollmentRunOptions {
  readonly folder: DeviceFolder;
  readonly services: DeviceServices;
  readonly link: ServerLink;
  readonly reporter: DeviceReporter;
  readonly retry: (policy: RetryPolicy) => RetryOptions;
}

/** Makes a device managed, and the channel of its user. */
export class EnrollmentRun {
  constructor(private readonly options: EnrollmentRunOptions) {}

  /**
   * From the profile to the first TokenUpdate, or what is left of it.
   * @param source where there is no profile yet
   */
  device(source: ProfileSource | undefined): Promise<void> {
    return this.options.link.during(() => this.#enroll(source));
  }

  /** A local account needs no UserAuthenticate: its first TokenUpdate enrols the channel. */
  async user(user: DeviceFolder, reporter: DeviceReporter): Promise<void> {
    const { link, services } = this.options;
    const steps = this.#steps(user, link.management.plan);
    await services.connections.run(() => link.during(() => updateToken(steps, link.connection(steps.retry))));
    reporter.emit('user-enrolled', { userId: user.state.user?.id ?? '' });
  }

  async #enroll(source: ProfileSource | undefined): Promise<void> {
    const { folder, link, reporter } = this.options;
    const began = performance.now();
    reporter.emit('enrolling', {});
    if (source !== undefined) await this.#installProfile(source);
    const plan = readEnrollmentPlan(folder.enrollmentProfile ?? Buffer.alloc(0));
    const steps = this.#steps(folder, plan);
    if (folder.state.phase === 'new') reporter.emit('certified', await obtainIdentity(steps, plan.scep));
    const mdm = link.connection(steps.retry);
    if (folder.state.phase === 'certified') await authenticate(folder, plan, mdm);
    await updateToken(steps, mdm);
    reporter.emit('enrolled', { topic: plan.topic, ms: Math.round(performance.now() - began) });
  }

  async #installProfile(source: ProfileSource): Promise<void> {
    const { folder } = this.options;
    const profile = await this.#obtainProfile(source);
    readEnrollmentPlan(profile);
    // A key of an earlier attempt may not be of the size that this profile asks for.
    folder.forgetEnrollment('new');
    folder.saveEnrollmentProfile(profile);
  }

  async #obtainProfile(source: ProfileSource): Promise<Uint8Array> {
    const { folder, services, retry } = this.options;
    if (typeof source === 'function') return source(folder.state.identity.serial);
    if ('bytes' in source) return source.bytes;
    const http = services.clients.open([], undefined);
    try {
      return await downloadProfile(source.url, http, retry(services.enrollRetry), services.now);
    } finally {
      services.clients.release(http);
    }
  }

  #steps(folder: DeviceFolder, plan: ManagementPlan): EnrollmentSteps {
    const { services, retry } = this.options;
    return { folder, plan, services, retry: retry(services.enrollRetry) };
  }
}
