/** Thrown by a handler whose message cannot succeed, however often it is tried: it becomes a dead letter at once. */
export class PermanentFailure extends Error {
  override readonly name = 'PermanentFailure';
}
