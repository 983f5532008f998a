/** Something that the person who started the suite can mend. The message says what is wrong and what to do. */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
}
