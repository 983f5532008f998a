/**
 * `MALFORMED` the bytes are no certificate or request, `UNSUPPORTED` an algorithm or key we refuse,
 * `SIGNATURE` a signature does not hold, `NOT_ISSUED` another CA issued it, `NOT_YET_VALID`/`EXPIRED` the
 * time, `USAGE` the certificate is not for this use, `VALUE` what was given cannot be written.
 */
export type X509ErrorCode =
  | 'ESP_X509_MALFORMED'
  | 'ESP_X509_UNSUPPORTED'
  | 'ESP_X509_SIGNATURE'
  | 'ESP_X509_NOT_ISSUED'
  | 'ESP_X509_NOT_YET_VALID'
  | 'ESP_X509_EXPIRED'
  | 'ESP_X509_USAGE'
  | 'ESP_X509_VALUE';

/** The only error that this library throws on purpose. */
export class X509Error extends Error {
  override readonly name = 'X509Error';

  constructor(
    readonly code: X509ErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}
