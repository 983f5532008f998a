import {
  encodeCommand,
  MdmProtocolError,
  parseCommandReport,
  resolveEnrollment,
  salvageReport,
  type CommandReport,
  type MdmCommand,
} from '@espalier/mdm-protocol';
import { parsePlist } from '@espalier/plist';
import type { TimeRecorder } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';
import { identityErrors } from '../identity/identity.errors.js';
import type { DeviceIdentity } from '../identity/identity.service.js';
import type { Keyring } from '@espalier/secrets';
import type { CommandQueueStore } from './command-queue.store.js';
import type { DeliveryStore, HandedCommand } from './delivery.store.js';
import type { IncomingReport, ReportService } from './report.service.js';

export interface DeliveryServiceOptions {
  readonly delivery: DeliveryStore;
  readonly queue: CommandQueueStore;
  readonly reports: ReportService;
  readonly lastSeen: Pick<TimeRecorder, 'touch'>;
  readonly vault: Keyring;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Takes a device's report and hands it its next command (Apple, "Send MDM commands to a device"). */
export class DeliveryService {
  constructor(private readonly options: DeliveryServiceOptions) {}

  /**
   * @returns the body that carries the next command; undefined where nothing waits
   * @throws MdmProtocolError for a body that is no report, EspalierError ESP_MDM_IDENTITY_NOT_PINNED
   */
  async exchange(body: Buffer, identity: DeviceIdentity): Promise<Buffer | undefined> {
    const report = this.#parse(body);
    if (report === undefined) return this.#next(await this.#salvage(body, identity), identity, false);
    const enrollmentId = resolveEnrollment(report.enrollment).id;
    if (report.status !== 'Idle')
      await this.#record({
        enrollmentId,
        fingerprint: identity.fingerprint,
        commandUuid: report.commandUuid,
        status: report.status,
        errorChain: report.errorChain,
        result: report.result,
        raw: body,
      });
    return this.#next(enrollmentId, identity, report.status === 'NotNow');
  }

  #parse(body: Buffer): CommandReport | undefined {
    try {
      return parseCommandReport(body);
    } catch (error) {
      if (error instanceof MdmProtocolError && salvageReport(body).commandUuid !== undefined)
        return undefined;
      throw error;
    }
  }

  /**
   * An answer that cannot be read is kept as it came and ends its command: otherwise the device would offer it
   * again for ever, and nothing behind it would ever be done. Gives the enrolment.
   */
  async #salvage(body: Buffer, identity: DeviceIdentity): Promise<string> {
    const { commandUuid } = salvageReport(body);
    const enrollmentId = await this.options.queue.enrollmentOf(commandUuid as string, identity.fingerprint);
    if (enrollmentId === undefined) throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED();
    this.options.logger.warn(
      { enrollmentId, command: commandUuid },
      'a report could not be read; it is kept and the command ends as an error',
    );
    await this.#record({
      enrollmentId,
      fingerprint: identity.fingerprint,
      commandUuid: commandUuid as string,
      status: 'Error',
      errorChain: [
        { code: 0, domain: 'Espalier', description: 'The report of the device could not be read.' },
      ],
      raw: body,
    });
    return enrollmentId;
  }

  async #record(report: IncomingReport): Promise<void> {
    const outcome = await this.options.reports.record(report);
    if (outcome === 'unknown-enrollment' || outcome === 'not-pinned')
      throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: report.enrollmentId });
  }

  async #next(
    enrollmentId: string,
    identity: DeviceIdentity,
    skipDeferred: boolean,
  ): Promise<Buffer | undefined> {
    const delivery = await this.options.delivery.takeNext({
      enrollmentId,
      fingerprint: identity.fingerprint,
      skipDeferred,
      now: this.options.now().getTime(),
    });
    if (delivery?.pinned !== identity.fingerprint)
      throw identityErrors.ESP_MDM_IDENTITY_NOT_PINNED({ detail: enrollmentId });
    this.options.lastSeen.touch(enrollmentId);
    return delivery.next === undefined ? undefined : this.#encode(delivery.next);
  }

  #encode(handed: HandedCommand): Buffer {
    const place = { table: 'command', column: 'payload_sealed', row: handed.commandId };
    const command = parsePlist(this.options.vault.open(handed.payloadSealed, place)) as unknown as MdmCommand;
    return encodeCommand({ commandUuid: handed.id, command });
  }
}
