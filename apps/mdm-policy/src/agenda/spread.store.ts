import { limitSql, type Dialect, type Tx } from '@espalier/persistence';

/** A collection whose members are to be looked at, and how far that has come. */
export interface Spread {
  readonly id: number;
  readonly collection_id: string;
  readonly after_id: string;
}

/** What has to reach every member of a collection, in steps that hold up nobody. */
export class SpreadStore {
  async add(tx: Tx, collectionId: string): Promise<void> {
    await tx.execute(`INSERT INTO {spread} (collection_id, after_id) VALUES (:collectionId, '')`, {
      collectionId,
    });
  }

  /** Locks the oldest that no other replica is at. */
  async claim(tx: Tx): Promise<Spread | undefined> {
    const [row] = await tx.query<Spread>(claimSql[tx.dialect](limitSql(tx.dialect, 1)));
    return row;
  }

  async advance(tx: Tx, id: number, after: string): Promise<void> {
    await tx.execute('UPDATE {spread} SET after_id = :after WHERE id = :id', { id, after });
  }

  async finish(tx: Tx, id: number): Promise<void> {
    await tx.execute('DELETE FROM {spread} WHERE id = :id', { id });
  }
}

const claimSql: Readonly<Record<Dialect, (limit: string) => string>> = {
  sqlite: (limit) => `SELECT id, collection_id, after_id FROM {spread} ORDER BY id ${limit}`,
  postgres: (limit) =>
    `SELECT id, collection_id, after_id FROM {spread} ORDER BY id ${limit} FOR UPDATE SKIP LOCKED`,
  mssql: (limit) =>
    `SELECT id, collection_id, after_id FROM {spread} WITH (UPDLOCK, READPAST, ROWLOCK) ORDER BY id ${limit}`,
};
