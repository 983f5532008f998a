import {
  commandCompleted,
  enrollmentAuthenticated,
  enrollmentEnrolled,
  enrollmentPushChanged,
  enrollmentRemoved,
} from '@espalier/contracts';
import {
  isUserChannel,
  resolveEnrollment,
  type AuthenticateMessage,
  type CheckOutMessage,
  type TokenUpdateMessage,
} from '@espalier/mdm-protocol';
import type { EventPublisher } from '@espalier/messaging';
import { isUniqueViolation, type Database, type Row, type Tx } from '@espalier/persistence';
import type { CommandQueueStore } from '../command-queue/command-queue.store.js';
import { completion } from '../command-queue/completion.js';
import type { EnrollmentStore } from '../enrollment/enrollment.store.js';
import { identityErrors } from '../identity/identity.errors.js';
import type { DeviceIdentity } from '../identity/identity.service.js';
import type { InventoryService } from '../inventory/inventory.service.js';
import type { PushScheduler } from '../push/push.service.js';
import type { Keyring } from '@espalier/secrets';
import type { Logger } from '@espalier/service-kit';
import type { StatusReporter } from '../status/status-reporter.js';
import { checkinErrors } from './checkin.errors.js';
import type { AuthenticatedDevice, CheckinStore, PinnedDevice } from './checkin.store.js';

export interface CheckinServiceOptions {
  readonly db: Database;
  readonly store: CheckinStore;
  readonly queue: CommandQueueStore;
  readonly push: PushScheduler;
  readonly enrollments: EnrollmentStore;
  readonly inventory: InventoryService;
  readonly events: EventPublisher<Tx>;
  readonly status: StatusReporter;
  readonly vault: Keyring;
  readonly logger: Logger;
  /** The push certificate's topic: a device enrolled for another one could never be woken. */
  readonly topic: () => string;
  readonly now: () => Date;
}

/** Decides on Authenticate, TokenUpdate and CheckOut (Apple, "Check-in"). */
export class CheckinService {
  constructor(private readonly options: CheckinServiceOptions) {}

  /**
   * Pins the certificate to the device and begins the enrolment anew: what waited is cancelled, push is off until
   * the TokenUpdate. A certificate pinned to another device is refused (a migrated Mac brings a cloned identity).
   */
  async authenticate(message: AuthenticateMessage, identity: DeviceIdentity): Promise<void> {
    const { db, store, events, status, logger } = this.options;
    const { id, type } = resolveEnrollment(message.enrollment);
    if (isUserChannel(type))
      throw checkinErrors.ESP_MDM_CHECKIN_INVALID({ detail: 'Authenticate is for the device channel.' });
    if (identity.notAfter < this.options.now())
      throw identityErrors.ESP_MDM_IDENTITY_INVALID({ detail: 'The certificate has expired.' });
    this.#checkTopic(message.topic);
    const at = this.options.now().getTime();
    await db.transaction(async (tx) => {
      const owner = await store.ownerOf(tx, identity.fingerprint);
      if (owner !== undefined && owner !== id)
        throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: id });
      const before = await store.find(tx, id);
      const device = {
        id,
        fingerprint: identity.fingerprint,
        topic: message.topic,
        serialNumber: clip(message.serialNumber, 64),
        deviceName: clip(message.deviceName, 255),
        model: clip(message.model, 128),
        modelName: clip(message.modelName, 128),
        productName: clip(message.productName, 128),
        osVersion: clip(message.osVersion, 64),
        buildVersion: clip(message.buildVersion, 64),
        at,
      };
      // Whoever may enrol may take over an enrolment (a wiped device must come back): so it is never silent.
      const identityChanged = before?.state === 'enrolled' && before.fingerprint !== identity.fingerprint;
      if (identityChanged)
        logger.warn({ enrollmentId: id }, 'an enrolled device enrols anew with another identity');
      const users = await this.#pin(tx, device);
      // Not before the device is written: from here on nobody can submit to it until this is committed.
      await this.#cancelWaiting(tx, id, at);
      await events.publishAll(
        tx,
        enrollmentRemoved,
        users.map((user) => ({ id: user, at })),
      );
      if (identityChanged) await status.identityChanged(tx, id, at);
      const { serialNumber, model, deviceName } = device;
      await events.publish(tx, enrollmentAuthenticated, {
        id,
        at,
        serialNumber,
        model,
        deviceName,
        again: before !== undefined,
        identityChanged,
      });
    });
  }

  /** Stores how to push. The first one after Authenticate completes the enrolment. */
  async tokenUpdate(message: TokenUpdateMessage, identity: DeviceIdentity): Promise<void> {
    const { db, store, events, push } = this.options;
    const { id, deviceId, type } = resolveEnrollment(message.enrollment);
    this.#checkTopic(message.topic);
    const at = this.options.now().getTime();
    await db.transaction(async (tx) => {
      const device = await this.#requirePinned(tx, deviceId, identity);
      if (device.state === 'removed')
        throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: 'The device has checked out.' });
      const user = isUserChannel(type);
      let enrollment = await store.find(tx, id);
      if (user && (enrollment === undefined || enrollment.state === 'removed')) {
        await store.insertUser(tx, {
          id,
          deviceId,
          shortName: clip(message.enrollment.userShortName, 255),
          topic: message.topic,
          at,
        });
        enrollment = await store.find(tx, id);
      }
      const before = await store.pushToken(tx, id);
      await store.savePushToken(tx, id, this.#pushColumns(id, message, (before?.token_updates ?? 0) + 1, at));
      if (enrollment?.state !== 'enrolled') await this.#enrolled(tx, id, deviceId, at);
      else if (before !== undefined && before.state !== 'ok')
        await events.publish(tx, enrollmentPushChanged, { id, push: 'ok', at });
      // What waited while the token was missing or refused can be pushed for now.
      if (before?.state !== 'ok') await push.scheduleWaiting(tx, id);
    });
  }

  /** The profile was removed: nothing more can be sent. Repeated, it changes nothing. */
  async checkOut(message: CheckOutMessage, identity: DeviceIdentity): Promise<void> {
    const { db, store, events, status } = this.options;
    const { id, deviceId } = resolveEnrollment(message.enrollment);
    const at = this.options.now().getTime();
    await db.transaction(async (tx) => {
      await this.#requirePinned(tx, deviceId, identity);
      const ended = await store.markRemoved(tx, id, at);
      await this.#cancelWaiting(tx, id, at);
      await events.publishAll(
        tx,
        enrollmentRemoved,
        ended.map((removed) => ({ id: removed, at })),
      );
      if (ended.includes(id)) await status.checkedOut(tx, id, at);
    });
  }

  async #enrolled(tx: Tx, id: string, deviceId: string, at: number): Promise<void> {
    const { store, enrollments, events, inventory } = this.options;
    await store.markEnrolled(tx, id, at);
    const enrollment = await enrollments.detail(tx, id);
    if (enrollment === undefined) throw new Error(`The enrolment ${id} vanished inside its transaction.`);
    const { kind } = enrollment;
    await events.publish(tx, enrollmentEnrolled, { id, deviceId, kind, at, enrollment });
    await inventory.begin(tx, enrollment, at);
  }

  #checkTopic(topic: string): void {
    if (topic === this.options.topic()) return;
    throw checkinErrors.ESP_MDM_TOPIC_MISMATCH({ detail: `The device names ${topic.slice(0, 255)}.` });
  }

  async #requirePinned(tx: Tx, deviceId: string, identity: DeviceIdentity): Promise<PinnedDevice> {
    const device = await this.options.store.lockPinned(tx, deviceId);
    if (device?.fingerprint !== identity.fingerprint)
      throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: deviceId });
    return device;
  }

  async #pin(tx: Tx, device: AuthenticatedDevice): Promise<string[]> {
    try {
      return await this.options.store.authenticate(tx, device);
    } catch (error) {
      // Another device was pinned to the certificate since we looked.
      if (isUniqueViolation(error)) throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: device.id });
      throw error;
    }
  }

  async #cancelWaiting(tx: Tx, id: string, at: number): Promise<void> {
    const cancelled = await this.options.queue.cancelAllOf(tx, id, at);
    await this.options.events.publishAll(
      tx,
      commandCompleted,
      cancelled.map((command) => completion(command, at)),
    );
  }

  #pushColumns(id: string, message: TokenUpdateMessage, tokenUpdates: number, at: number): Row {
    const seal = (column: string, value: Buffer): string =>
      this.options.vault.seal(value, { table: 'push_token', column, row: id });
    return {
      state: 'ok',
      topic: message.topic,
      token_sealed: seal('token_sealed', message.token),
      magic_sealed: seal('magic_sealed', Buffer.from(message.pushMagic, 'utf8')),
      token_updates: tokenUpdates,
      updated_at: at,
      ...(message.unlockToken !== undefined && {
        unlock_token_sealed: seal('unlock_token_sealed', message.unlockToken),
      }),
      ...(message.awaitingConfiguration !== undefined && {
        awaiting_configuration: message.awaitingConfiguration,
      }),
    };
  }
}

function clip(text: string | undefined, length: number): string | null {
  return text === undefined ? null : text.slice(0, length);
}
