import type { DeviceEvents } from '../events/device-events.js';
import type { Limiter } from '../fleet/limiter.js';
import type { HttpClientOptions } from '../http/http-client.js';
import { HttpClient } from '../http/http-client.js';
import type { RetryPolicy } from '../http/retry.js';
import type { TlsIdentity, Trust } from '../http/trust.js';
import type { KeySource } from '../identity/key-source.js';
import type { PushService } from '../push/push-service.js';
import type { DeviceFaults } from './device-faults.js';

/**
 * How devices prove who they are: `profile` as a real one does (TLS certificate where the server asks for it, and
 * `Mdm-Signature` where the profile says so), `mtls` by the certificate only, `signature` by the header only.
 */
export type IdentityMode = 'profile' | 'mtls' | 'signature';

/** What all devices of a fleet share. */
export interface DeviceServices {
  readonly trust: Trust;
  readonly push: PushService;
  readonly keys: KeySource;
  readonly events: DeviceEvents;
  readonly faults: DeviceFaults;
  readonly identityMode: IdentityMode;
  /** While it enrols. */
  readonly enrollRetry: RetryPolicy;
  /** Once it is enrolled. */
  readonly runRetry: RetryPolicy;
  readonly enrollments: Limiter;
  readonly connections: Limiter;
  readonly clients: HttpClients;
  /** Third-party applications per device. */
  readonly applications: number;
  /** Short name of the user whose channel Macs enrol too. */
  readonly user: string | undefined;
  readonly now: () => Date;
  readonly random: () => number;
}

export interface HttpClientsOptions extends Pick<HttpClientOptions, 'timeoutMs' | 'idleMs'> {
  /** One pool of so many connections for all devices without a TLS identity; else each device has its own. */
  readonly shared: number | undefined;
}

/** Makes the HTTP clients of devices, or the one that they share. */
export class HttpClients {
  readonly #shared = new Map<string, HttpClient>();

  constructor(
    private readonly trust: Trust,
    private readonly options: HttpClientsOptions,
  ) {}

  /** How long an unused connection stays open. */
  get idleMs(): number {
    return this.options.idleMs;
  }

  /** A client that trusts these roots; with `identity` it shows that in TLS. */
  open(roots: readonly string[], identity: (() => TlsIdentity) | undefined): HttpClient {
    const { shared, timeoutMs, idleMs } = this.options;
    const secureContext = () => this.trust.context(roots, identity?.());
    if (shared === undefined || identity !== undefined)
      return new HttpClient({ secureContext, timeoutMs, idleMs });
    const id = roots.join('');
    const client =
      this.#shared.get(id) ?? new HttpClient({ secureContext, timeoutMs, idleMs, maxSockets: shared });
    this.#shared.set(id, client);
    return client;
  }

  /** Closes a client that {@link open} gave, unless others use it. */
  release(client: HttpClient): void {
    if (![...this.#shared.values()].includes(client)) client.close();
  }

  close(): void {
    for (const client of this.#shared.values()) client.close();
  }
}
