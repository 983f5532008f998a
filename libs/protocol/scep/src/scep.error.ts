import type { PkiRequestHeader } from './pki-message.types.js';
import type { FailInfo } from './scep.values.js';

/**
 * `MALFORMED` no pkiMessage, `SIGNATURE` not signed by its sender, `CONTENT` cannot be opened or makes no
 * sense inside (deliberately one code), `UNSUPPORTED` an algorithm or message type we refuse, `REPLY` a
 * reply that belongs to no request of ours or to another CA, `VALUE` what was given cannot be written.
 */
export type ScepErrorCode =
  | 'ESP_SCEP_MALFORMED'
  | 'ESP_SCEP_SIGNATURE'
  | 'ESP_SCEP_CONTENT'
  | 'ESP_SCEP_UNSUPPORTED'
  | 'ESP_SCEP_REPLY'
  | 'ESP_SCEP_VALUE';

/** The only error that this library throws on purpose. */
export class ScepError extends Error {
  override readonly name = 'ScepError';
  /** What to answer in the CertRep. */
  readonly failInfo: FailInfo;
  /** Where the message was understood far enough to be answered by a CertRep; else answer HTTP 400. */
  readonly request: PkiRequestHeader | undefined;

  constructor(
    readonly code: ScepErrorCode,
    message: string,
    options: {
      readonly failInfo?: FailInfo;
      readonly request?: PkiRequestHeader;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.failInfo = options.failInfo ?? 'badRequest';
    this.request = options.request;
  }
}
