import { upsert, type Queryable, type Tx } from '@espalier/persistence';
import type { Keyring } from '@espalier/secrets';
import { z } from 'zod';

/** A variable as it is kept; the values of masked ones apart. */
export interface StoredVariable {
  readonly name: string;
  readonly value: string | null;
  readonly isMasked: boolean;
}

export interface VariableSet {
  readonly version: number;
  readonly variables: readonly StoredVariable[];
  /** By name. */
  readonly masked: Readonly<Record<string, string>>;
}

const variablesSchema = z.array(
  z.object({ name: z.string(), value: z.string().nullable(), isMasked: z.boolean() }),
);
const maskedSchema = z.record(z.string(), z.string());

/** The only user of the table `variable_set`. */
export class VariableStore {
  constructor(private readonly vault: Keyring) {}

  async find(on: Queryable, ownerId: string): Promise<VariableSet> {
    const [row] = await on.query<{ version: number; variables: string; masked_sealed: string | null }>(
      'SELECT version, variables, masked_sealed FROM {variable_set} WHERE owner_id = :ownerId',
      { ownerId },
    );
    if (row === undefined) return { version: 0, variables: [], masked: {} };
    return {
      version: row.version,
      variables: variablesSchema.parse(JSON.parse(row.variables)),
      masked: row.masked_sealed === null ? {} : this.#open(row.masked_sealed, ownerId),
    };
  }

  async save(tx: Tx, ownerId: string, { version, variables, masked }: VariableSet): Promise<void> {
    await upsert(tx, 'variable_set', {
      key: ['owner_id'],
      rows: [
        {
          owner_id: ownerId,
          version,
          variables: JSON.stringify(variables),
          masked_sealed:
            Object.keys(masked).length === 0
              ? null
              : this.vault.seal(Buffer.from(JSON.stringify(masked)), placeOf(ownerId)),
        },
      ],
    });
  }

  async delete(tx: Tx, ownerId: string): Promise<void> {
    await tx.execute('DELETE FROM {variable_set} WHERE owner_id = :ownerId', { ownerId });
  }

  #open(sealed: string, ownerId: string): Record<string, string> {
    return maskedSchema.parse(JSON.parse(this.vault.open(sealed, placeOf(ownerId)).toString()));
  }
}

const placeOf = (row: string) => ({ table: 'variable_set', column: 'masked_sealed', row });
