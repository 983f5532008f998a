/** What went wrong on or with a link. */
export type LinkErrorCode =
  /** A hello or an event that does not follow the protocol. */
  | 'PROTOCOL'
  /** The peer does not accept this link; `status` says why. */
  | 'REFUSED'
  /** The peer did not answer in time. */
  | 'TIMEOUT'
  /** The link closed. */
  | 'CLOSED'
  /** A body ended before it was complete. */
  | 'TRUNCATED'
  /** A body is larger than allowed. */
  | 'TOO_LARGE'
  /** Headers that must not cross the link. */
  | 'HEADERS'
  /** A request target that must not cross the link. */
  | 'TARGET'
  /** A `Client-Cert` field that is not RFC 9440. */
  | 'CLIENT_CERT'
  /** A certificate that cannot serve as a pin. */
  | 'PIN';

/** The only error type that this library throws. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  /** Status of a refusal, as in the table of hello statuses; undefined for other codes. */
  readonly status: number | undefined;

  constructor(
    readonly code: LinkErrorCode,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}
