import { mdmStatusReported, type StatusMessage } from '@espalier/contracts';
import type { EventPublisher } from '@espalier/messaging';
import type { Database, Tx } from '@espalier/persistence';
import type { Logger } from '@espalier/service-kit';

/** One push certificate that Apple refuses makes every push fail: it is told of once in a while. */
const REPEAT_MS = 15 * 60_000;

export interface StatusReporterOptions {
  readonly db: Database;
  readonly events: EventPublisher<Tx>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Writes what an admin must know into the log of the site (ConfigMgr: status messages). Few, and never a secret. */
export class StatusReporter {
  #toldOfPushes = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: StatusReporterOptions) {}

  identityChanged(tx: Tx, enrollmentId: string, at: number): Promise<void> {
    return this.#tell(tx, {
      at,
      severity: 'warning',
      component: 'checkin',
      messageId: 'enrollment-taken-over',
      text: 'An enrolled device enrolled anew with another identity certificate. Was it erased or restored? If not, somebody may pose as it.',
      enrollmentId,
    });
  }

  checkedOut(tx: Tx, enrollmentId: string, at: number): Promise<void> {
    return this.#tell(tx, {
      at,
      severity: 'information',
      component: 'checkin',
      messageId: 'enrollment-checked-out',
      text: 'The management profile was removed from the device: it is no longer managed.',
      enrollmentId,
    });
  }

  tokenRefused(tx: Tx, enrollmentId: string, reason: string, at: number): Promise<void> {
    return this.#tell(tx, {
      at,
      severity: 'warning',
      component: 'push',
      messageId: 'push-token-refused',
      text: `APNs refuses to push to the device (${reason.slice(0, 200)}). It is not woken until it sends a new token.`,
      enrollmentId,
    });
  }

  /** Never fails: whoever calls it has a push to settle. */
  async pushesRefused(reason: string): Promise<void> {
    const at = this.options.now().getTime();
    if (at - this.#toldOfPushes < REPEAT_MS) return;
    this.#toldOfPushes = at;
    const message: StatusMessage = {
      at,
      severity: 'error',
      component: 'push',
      messageId: 'push-certificate-refused',
      text: `APNs does not take pushes of this server (${reason.slice(0, 200)}): no device is woken. Look at the push certificate.`,
    };
    try {
      await this.options.db.transaction((tx) => this.#tell(tx, message));
    } catch (error) {
      this.#toldOfPushes = Number.NEGATIVE_INFINITY;
      this.options.logger.warn({ err: error }, 'the refused pushes could not be told of; trying again');
    }
  }

  #tell(tx: Tx, message: StatusMessage): Promise<void> {
    return this.options.events.publish(tx, mdmStatusReported, message);
  }
}
