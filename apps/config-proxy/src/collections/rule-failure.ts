import { isEspalierError } from '@espalier/contracts';
import { DatabaseError } from '@espalier/persistence';

/** A query rule that the database could not evaluate; the transaction in which it was tried is over with it. */
export class RuleFailure extends Error {
  override readonly name = 'RuleFailure';

  constructor(
    readonly collectionId: string,
    rule: { readonly collection: string; readonly name: string },
    options: ErrorOptions,
  ) {
    super(
      `The query rule "${rule.name}" of the collection "${rule.collection}" takes too long or cannot be evaluated: its members stay as they are.`,
      options,
    );
  }
}

/** PostgreSQL's query_canceled, by its statement_timeout; SQL Server's client gives up in the same way. */
const TOO_LONG: ReadonlySet<unknown> = new Set(['57014', 'ETIMEOUT']);

/** True where the statement itself is to blame, as far as can be told: not a database that is away. */
export function isStatementsFault(error: unknown): boolean {
  // Class 22: data exceptions.
  if (error instanceof DatabaseError) return error.kind === 'other' && error.sqlCode.startsWith('22');
  return isEspalierError(error) && TOO_LONG.has((error.cause as { code?: unknown } | undefined)?.code);
}
