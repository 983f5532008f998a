/** The only error of this library: names the key and what is wrong with it, never its value. */
export class ConfigProfileError extends Error {
  override readonly name = 'ConfigProfileError';

  constructor(
    message: string,
    /** The key or option that is missing or wrong, with its parents, where one is to blame. */
    readonly key?: string,
    options?: ErrorOptions,
  ) {
    super(key === undefined ? message : `${key} ${message}`, options);
  }
}
