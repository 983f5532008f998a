import type { KeyObject } from 'node:crypto';
import { encodePem } from '@espalier/x509';
import type { HttpClient } from '../http/http-client.js';
import type { RetryOptions } from '../http/retry.js';
import { readEnrollmentPlan, type ManagementPlan } from '../profile/enrollment-plan.js';
import { simErrors } from '../sim-devices.errors.js';
import type { DeviceFolder } from '../state/device-folder.js';
import type { DeviceServices } from './device-services.js';
import { MdmConnection } from './mdm-connection.js';

/** What an enrolled device keeps in memory. */
export interface Management {
  /** Without what only the enrolment needed. */
  readonly plan: ManagementPlan;
  readonly certificate: Buffer;
  readonly key: KeyObject;
}

/** A device's way to its server: opened when it is needed, closed when it is idle. */
export class ServerLink {
  #management: Management | undefined;
  #http: HttpClient | undefined;
  #closing: NodeJS.Timeout | undefined;
  #users = 0;

  constructor(
    private readonly folder: DeviceFolder,
    private readonly services: DeviceServices,
  ) {}

  /** @throws EspalierError ESP_SIM_STATE_INVALID where profile, certificate or key is missing */
  get management(): Management {
    return (this.#management ??= this.#load());
  }

  connection(retry: RetryOptions): MdmConnection {
    const { plan, certificate, key } = this.management;
    const { identityMode, now } = this.services;
    this.#http ??= this.#open();
    const signs = identityMode === 'signature' || (identityMode === 'profile' && plan.signMessage);
    const signer = signs ? { certificate, key } : undefined;
    return new MdmConnection({ plan, http: this.#http, signer, now, retry });
  }

  /**
   * Keeps connections open while something runs that uses them, and for a while after. A TLS identity takes some
   * 60 KB: an idle device does without, as it does without a connection.
   */
  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#users += 1;
    this.#keepOpen();
    try {
      return await task();
    } finally {
      this.#users -= 1;
      if (this.#users === 0)
        this.#closing ??= setTimeout(() => this.#close(), this.services.clients.idleMs).unref();
    }
  }

  /** Closes it; the next connection reads everything from disk. */
  forget(): void {
    this.#close();
    this.#management = undefined;
  }

  #load(): Management {
    const { enrollmentProfile, certificate, key, path } = this.folder;
    if (enrollmentProfile === undefined || certificate === undefined || key === undefined)
      throw simErrors.ESP_SIM_STATE_INVALID({ detail: path });
    const { scep: _, ...plan } = readEnrollmentPlan(enrollmentProfile);
    return { plan, certificate, key };
  }

  #open(): HttpClient {
    const { plan, certificate, key } = this.management;
    const { clients, identityMode } = this.services;
    const tlsIdentity = () => ({
      certificate: encodePem('CERTIFICATE', certificate),
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
    return clients.open(plan.roots, identityMode === 'signature' ? undefined : tlsIdentity);
  }

  #keepOpen(): void {
    clearTimeout(this.#closing);
    this.#closing = undefined;
  }

  #close(): void {
    this.#keepOpen();
    if (this.#http !== undefined) this.services.clients.release(this.#http);
    this.#http = undefined;
  }
}
