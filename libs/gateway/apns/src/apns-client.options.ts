import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

import type { PushCredentials } from './push-certificate.js';

/** Apple's endpoint for MDM pushes; 2197 instead of 443 where a firewall wants it. There is no sandbox for MDM. */
export const APNS_ENDPOINT = 'https://api.push.apple.com:443';

export interface ApnsClientOptions {
  /** Default {@link APNS_ENDPOINT}. */
  readonly endpoint?: string;
  /** Asked at construction and at every `reloadCredentials()`. */
  readonly credentials: () => PushCredentials;
  /** PEM of the CAs to trust instead of Node's: for the simulator, or an inspecting proxy. */
  readonly ca?: string | readonly string[];
  /** How long Apple keeps a push for a device that is offline. Default 7 days; 0 = deliver now or never. */
  readonly expirationSeconds?: number;
  readonly logger: Logger;
  readonly metrics?: Registry;
  readonly limits?: Partial<ApnsLimits>;
  readonly now?: () => Date;
  /** For jitter: a number in [0, 1). */
  readonly random?: () => number;
}

export interface ApnsLimits {
  /** Connections that share the pushes. Default 1: one carries thousands of pushes a second. */
  readonly connections: number;
  /** Streams in flight per connection at most, whatever more the peer allows. Default 500. */
  readonly streamsPerConnection: number;
  /** Pushes that wait for a stream at most; one more is answered `retry`/`QueueFull`. Default 20,000. */
  readonly queuedPushes: number;
  /** From `push()` to its outcome, waiting included; then `retry`/`Timeout`. Default 30 s. */
  readonly pushTimeoutMs: number;
  /** From dialling to the peer's SETTINGS. Default 10 s. */
  readonly connectTimeoutMs: number;
  /** Silence after which a PING is sent. Default 60 s. */
  readonly pingIntervalMs: number;
  /** How long a PING may stay unanswered. Default 10 s. */
  readonly pingTimeoutMs: number;
  /** First and longest wait before dialling again; doubled per failure, with full jitter. Default 500 ms, 60 s. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** How long `close()` lets pushes finish. Default 5 s. */
  readonly drainMs: number;
}

/** One push: "check in with your MDM server". */
export interface PushRequest {
  /** From TokenUpdate: bytes or hex. Never logged. */
  readonly token: Uint8Array | string;
  /** From TokenUpdate. Never logged. */
  readonly pushMagic: string;
  /** The enrolment's topic; one that is not the certificate's is answered `token-invalid` without sending. */
  readonly topic: string;
  /** `apns-collapse-id`, at most 64 bytes. APNs keeps only the latest MDM push of a device anyway. */
  readonly collapse?: string;
  /** How often this push was tried before: lengthens `afterMs`. Default 0. */
  readonly attempt?: number;
}

/** For health checks and the doctor. */
export interface ApnsStatus {
  readonly connectedTo: number;
  readonly queued: number;
  readonly inFlight: number;
  /** The last certificate problem, until a push is accepted. */
  readonly certificateProblem: string | undefined;
}
