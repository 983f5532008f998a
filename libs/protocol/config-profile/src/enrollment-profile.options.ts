import type { PayloadUuidSource } from './payload-uuid.js';

/** What the server tells devices that it can do. `per-user-connections` can never change after enrolment. */
export type ServerCapability =
  'com.apple.mdm.per-user-connections' | 'com.apple.mdm.bootstraptoken' | 'com.apple.mdm.token';

/** How a device gets its identity: the `com.apple.security.scep` payload. */
export interface ScepPayloadOptions {
  /** http or https. */
  readonly url: string;
  /** Tells the CAs of one server apart. */
  readonly name?: string;
  /** Challenge password; one per enrolment where the server hands out such. */
  readonly challenge?: string;
  /**
   * Subject of the certificate: type (`CN`, `O`, `OU`, `C`, `L`, `ST` or a dotted OID) and value, one RDN each.
   * Without one, all devices would ask for the same name.
   */
  readonly subject: readonly (readonly [type: string, value: string])[];
  /** RSA bits; 2048 by default (Apple's own default of 1024 is never used). */
  readonly keySize?: 2048 | 4096;
  /** Bits: 1 signing, 4 encryption; both by default. */
  readonly keyUsage?: number;
  /** Fingerprint of the CA certificate that the device must find. */
  readonly caFingerprint?: Uint8Array;
  /** Polls while the server answers PENDING. */
  readonly retries?: number;
  /** Seconds between polls. */
  readonly retryDelay?: number;
}

/** What {@link buildEnrollmentProfile} needs. */
export interface EnrollmentProfileOptions {
  readonly organization: string;
  readonly displayName: string;
  readonly description?: string;
  /** Reverse DNS; the identifiers of the payloads begin with it. Must stay the same for updates. */
  readonly identifier: string;
  /** https; immutable after enrolment, as are `checkInUrl` and `topic`. */
  readonly serverUrl: string;
  /** https; the device uses `serverUrl` for check-in without it. */
  readonly checkInUrl?: string;
  /** `com.apple.mgmt.…`: the UID in the subject of the push certificate. */
  readonly topic: string;
  readonly scep: ScepPayloadOptions;
  /** DER certificates that the device is to trust: self-issued ones as roots, others as intermediates. */
  readonly caCertificates?: readonly Uint8Array[];
  /** Bits of com.apple.mdm's AccessRights; 8191 (all) by default. May never grow after enrolment. */
  readonly accessRights?: number;
  /** The device adds `Mdm-Signature` to every message; false by default. */
  readonly signMessage?: boolean;
  /** The device tries to send CheckOut when the profile is removed; true by default. */
  readonly checkOutWhenRemoved?: boolean;
  /** None by default. */
  readonly serverCapabilities?: readonly ServerCapability[];
  /** The user cannot remove the profile (supervised devices); false by default. */
  readonly removalDisallowed?: boolean;
  /** {@link stableUuid} by default. */
  readonly uuid?: PayloadUuidSource;
}
