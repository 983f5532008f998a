import { insertIfAbsent, type Tx } from '@espalier/persistence';

/** Where each series begins: as ConfigMgr numbers them. */
const FIRST = {
  /** Devices. */
  resource: 16_777_219,
  /** Users: their ids never meet those of devices. */
  user: 2_063_597_569,
  collection: 20,
  'configuration-item': 16_777_500,
  deployment: 16_777_300,
  'client-operation': 1,
} as const;

export type SeriesName = keyof typeof FIRST;

/**
 * Gives numbers that are never given again. Whoever takes some holds the series until the transaction ends, so take
 * them late. A transaction that is rolled back gives its numbers back.
 */
export class NumberSeries {
  /** The first of `count` numbers in a row. */
  async take(tx: Tx, name: SeriesName, count: number): Promise<number> {
    await insertIfAbsent(tx, 'number_series', ['name'], { name, next: FIRST[name] });
    // The update locks the row, on every database, so that what is read next is ours until the transaction ends.
    await tx.execute('UPDATE {number_series} SET next = next + :count WHERE name = :name', { name, count });
    const [row] = await tx.query<{ next: number }>('SELECT next FROM {number_series} WHERE name = :name', {
      name,
    });
    if (row === undefined) throw new Error(`the number series ${name} is gone`);
    return row.next - count;
  }
}
