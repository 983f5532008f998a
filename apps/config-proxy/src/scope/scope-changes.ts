/** What the policy is to be told of in one transaction: who is in which collection, and who is not. */
export class ScopeChanges {
  readonly #byCollection = new Map<string, Map<string, boolean>>();

  /** What is said later of the same enrolment counts. */
  add(collectionId: string, enrollmentId: string, member: boolean): void {
    const changes = this.#byCollection.get(collectionId) ?? new Map<string, boolean>();
    this.#byCollection.set(collectionId, changes.set(enrollmentId, member));
  }

  /** In the order of ids, in which rows are locked. */
  *entries(): Generator<{
    collectionId: string;
    changes: { readonly enrollmentId: string; readonly member: boolean }[];
  }> {
    for (const collectionId of [...this.#byCollection.keys()].sort())
      yield {
        collectionId,
        changes: [...(this.#byCollection.get(collectionId) ?? [])].map(([enrollmentId, member]) => ({
          enrollmentId,
          member,
        })),
      };
  }
}
