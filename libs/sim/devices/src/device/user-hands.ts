import { readProfile } from '@espalier/config-profile';
import { withProfile } from '../commands/profile.commands.js';
import { nextMinorRelease } from '../identity/os-releases.js';
import { factsOf } from '../identity/device-facts.js';
import { holdsEnrollment } from '../profile/enrollment-plan.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import {
  factChanges,
  type AddedApplication,
  type DeviceState,
  type FactChanges,
} from '../state/device-state.js';
import type { DeviceReporter } from './device-reporter.js';

/** What a person at the device does to it without asking the server. */
export class UserHands {
  constructor(
    private readonly folder: DeviceFolder,
    private readonly reporter: DeviceReporter,
  ) {}

  /** @throws EspalierError ESP_SIM_PROFILE_MISSING, ESP_SIM_PROFILE_LOCKED */
  removeProfile(identifier: string, force: boolean): void {
    const { profiles } = this.folder.state;
    const profile = profiles.find((one) => one.identifier === identifier);
    if (profile === undefined) throw simErrors.ESP_SIM_PROFILE_MISSING({ detail: identifier });
    if (!force && readProfile(this.folder.readProfile(profile.file)).removalDisallowed)
      throw simErrors.ESP_SIM_PROFILE_LOCKED({ detail: identifier });
    this.folder.update({ profiles: profiles.filter((one) => one !== profile) });
    this.folder.pruneProfiles();
    this.reporter.emit('profile-removed', { identifier, by: 'user' });
  }

  /**
   * The profile is not managed then: the server sees it, and may replace but not remove it.
   * @throws ConfigProfileError; EspalierError ESP_SIM_PROFILE_REFUSED for an enrolment profile, or where the server's
   * own profile has this identifier
   */
  installProfile(bytes: Uint8Array): void {
    const profile = readProfile(bytes);
    const { identifier, uuid } = profile;
    const taken = this.folder.state.profiles.some((one) => one.managed && one.identifier === identifier);
    if (holdsEnrollment(profile) || taken)
      throw simErrors.ESP_SIM_PROFILE_REFUSED({
        detail: taken ? `${identifier} is managed.` : 'It is an enrolment profile: enrol with it.',
      });
    this.folder.update(withProfile(this.folder, bytes, profile, false));
    this.folder.pruneProfiles();
    this.reporter.emit('profile-installed', { identifier, uuid, by: 'user' });
  }

  /** @throws EspalierError ESP_SIM_CONTROL_INVALID */
  changeFacts(changes: FactChanges): void {
    const checked = factChanges.safeParse(changes);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      throw simErrors.ESP_SIM_CONTROL_INVALID({
        detail: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
      });
    }
    this.folder.update({ facts: { ...this.folder.state.facts, ...checked.data } });
    this.reporter.emit('changed', { what: Object.keys(checked.data).join(', ') });
  }

  /** To a version, or to the next minor one; what it is then. */
  updateOs(to: { readonly version: string; readonly build: string } | undefined): string {
    const { platform } = this.folder.state.identity;
    const { osVersion, buildVersion } = factsOf(this.folder.state);
    const { version, build } = to ?? nextMinorRelease(platform, { version: osVersion, build: buildVersion });
    this.changeFacts({ osVersion: version, buildVersion: build });
    return version;
  }

  installApplication(application: AddedApplication): void {
    this.#setApplications([...this.#without(application.identifier), application]);
    this.reporter.emit('changed', { what: `application ${application.identifier}` });
  }

  /** Only what was put there by {@link installApplication} goes: false for others. */
  removeApplication(identifier: string): boolean {
    const others = this.#without(identifier);
    if (others.length === this.folder.state.applications.length) return false;
    this.#setApplications(others);
    this.reporter.emit('changed', { what: `application ${identifier}` });
    return true;
  }

  #without(identifier: string): DeviceState['applications'] {
    return this.folder.state.applications.filter((one) => one.identifier !== identifier);
  }

  #setApplications(applications: DeviceState['applications']): void {
    this.folder.update({ applications });
  }
}
