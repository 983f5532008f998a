/**
 * What went wrong while reading or writing ASN.1:
 * `MALFORMED` the bytes are no valid BER/DER, `LIMIT` a size, depth or count cap was passed,
 * `UNEXPECTED` valid ASN.1 but not the structure asked for, `VALUE` a value cannot be written.
 */
export type Asn1ErrorCode =
  'ESP_ASN1_MALFORMED' | 'ESP_ASN1_LIMIT' | 'ESP_ASN1_UNEXPECTED' | 'ESP_ASN1_VALUE';

/** The only error that this library throws on purpose. */
export class Asn1Error extends Error {
  override readonly name = 'Asn1Error';

  constructor(
    readonly code: Asn1ErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}
