/**
 * Why a secret could not be opened, or a keyring not be used: `tampered` also covers a sealed value that was moved
 * to another table, column or row.
 */
export type SecretsErrorReason = 'tampered' | 'malformed' | 'unknown-key' | 'keyring';

/** The only error of this library; its message never holds key or plaintext. */
export class SecretsError extends Error {
  override readonly name = 'SecretsError';

  constructor(
    readonly reason: SecretsErrorReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
