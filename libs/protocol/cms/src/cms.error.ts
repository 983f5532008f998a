/**
 * `MALFORMED` the bytes are no such message, `UNSUPPORTED` an algorithm or form we refuse, `SIGNATURE`
 * the signature does not hold, `DECRYPT` the content cannot be opened (one error for every cause),
 * `VALUE` what was given cannot be written.
 */
export type CmsErrorCode =
  'ESP_CMS_MALFORMED' | 'ESP_CMS_UNSUPPORTED' | 'ESP_CMS_SIGNATURE' | 'ESP_CMS_DECRYPT' | 'ESP_CMS_VALUE';

/** The only error that this library throws on purpose. */
export class CmsError extends Error {
  override readonly name = 'CmsError';

  constructor(
    readonly code: CmsErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}
