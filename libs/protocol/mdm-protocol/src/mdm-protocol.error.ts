/** The only error of this library: names the key and what is wrong with it, never its value. */
export class MdmProtocolError extends Error {
  override readonly name = 'MdmProtocolError';

  constructor(
    message: string,
    /** The key that is missing or wrong, with its parents (`ErrorChain[0].ErrorCode`), where one is to blame. */
    readonly key?: string,
    options?: ErrorOptions,
  ) {
    super(key === undefined ? message : `${key} ${message}`, options);
  }
}
