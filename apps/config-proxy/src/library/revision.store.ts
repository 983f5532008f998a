import { insertRows, page, type Page, type Queryable, type Tx } from '@espalier/persistence';
import { toPlatforms, type Revision, type RevisionFacts } from './thing.js';

const REVISION =
  'thing_id, revision, platforms, size, sha256, deployed_version, facts, note, created_at, created_by';

/** Longest list of one statement. */
const CHUNK = 500;

/** Key of a revision's row: what its content is sealed to. */
export const revisionRowId = (thingId: string, revision: number): string => `${thingId}:${revision}`;

/** The only user of the table `library_revision`. */
export class RevisionStore {
  /** @param sealed the content, sealed to the row's key */
  async insert(tx: Tx, revision: Revision, sealed: string): Promise<void> {
    await insertRows(tx, 'library_revision', [
      {
        id: revisionRowId(revision.thingId, revision.revision),
        thing_id: revision.thingId,
        revision: revision.revision,
        platforms: revision.platforms.join(' '),
        size: revision.size,
        sha256: revision.sha256,
        deployed_version: revision.deployedVersion,
        facts: JSON.stringify(revision.facts),
        content_sealed: sealed,
        note: revision.note,
        created_at: revision.createdAt,
        created_by: revision.createdBy,
      },
    ]);
  }

  async find(on: Queryable, thingId: string, revision: number): Promise<Revision | undefined> {
    return (await this.findAll(on, [{ thingId, revision }])).get(revisionRowId(thingId, revision));
  }

  /** By {@link revisionRowId}; those that do not exist are missing. */
  async findAll(
    on: Queryable,
    wanted: readonly { readonly thingId: string; readonly revision: number }[],
  ): Promise<Map<string, Revision>> {
    const ids = wanted.map(({ thingId, revision }) => revisionRowId(thingId, revision));
    const found = new Map<string, Revision>();
    for (let from = 0; from < ids.length; from += CHUNK) {
      const rows = await on.query<RevisionRow>(
        `SELECT ${REVISION} FROM {library_revision} WHERE id IN (:ids)`,
        { ids: ids.slice(from, from + CHUNK) },
      );
      for (const row of rows) found.set(revisionRowId(row.thing_id, row.revision), toRevision(row));
    }
    return found;
  }

  /** Newest first. */
  async list(
    on: Queryable,
    thingId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<Revision>> {
    const { rows, next } = await page<RevisionRow>(on, {
      sql: `SELECT ${REVISION} FROM {library_revision} WHERE thing_id = :thingId`,
      params: { thingId },
      orderBy: ['revision desc'],
      limit,
      after: cursor,
    });
    return { rows: rows.map(toRevision), ...(next !== undefined && { next }) };
  }

  /** Another content that shows itself to devices under the same version; undefined where there is none. */
  async findShowing(
    on: Queryable,
    thingId: string,
    shown: Pick<Revision, 'deployedVersion' | 'sha256'>,
  ): Promise<number | undefined> {
    const [row] = await on.query<{ revision: number | null }>(
      `SELECT MAX(revision) AS revision FROM {library_revision}
       WHERE thing_id = :thingId AND deployed_version = :version AND sha256 <> :sha256`,
      { thingId, version: shown.deployedVersion, sha256: shown.sha256 },
    );
    return row?.revision ?? undefined;
  }

  async readContent(on: Queryable, thingId: string, revision: number): Promise<string | undefined> {
    const [row] = await on.query<{ content_sealed: string }>(
      'SELECT content_sealed FROM {library_revision} WHERE id = :id',
      { id: revisionRowId(thingId, revision) },
    );
    return row?.content_sealed;
  }

  /** All of a thing. */
  async delete(tx: Tx, thingId: string): Promise<void> {
    await tx.execute('DELETE FROM {library_revision} WHERE thing_id = :thingId', { thingId });
  }
}

interface RevisionRow {
  readonly thing_id: string;
  readonly revision: number;
  readonly platforms: string;
  readonly size: number;
  readonly sha256: string;
  readonly deployed_version: string;
  readonly facts: string;
  readonly note: string;
  readonly created_at: number;
  readonly created_by: string;
}

const toRevision = (row: RevisionRow): Revision => ({
  thingId: row.thing_id,
  revision: row.revision,
  platforms: toPlatforms(row.platforms),
  size: row.size,
  sha256: row.sha256,
  deployedVersion: row.deployed_version,
  facts: JSON.parse(row.facts) as RevisionFacts,
  note: row.note,
  createdAt: row.created_at,
  createdBy: row.created_by,
});
