import type { ColumnOptions, ValueTransformer } from 'typeorm';

interface Common {
  readonly nullable?: boolean;
  /** Column name where it differs from the property's. */
  readonly name?: string;
}

const time: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};
const flag: ValueTransformer = {
  to: (value: unknown) => (typeof value === 'boolean' ? Number(value) : value),
  from: (value: number | boolean | null) => (value === null ? null : Boolean(value)),
};
/** TypeORM has no one spelling for bytes; a backend knows such columns by this transformer and sets its own type. */
export const bytesTransformer: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: Uint8Array | null) =>
    value === null || Buffer.isBuffer(value)
      ? value
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
};
const json: ValueTransformer = {
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
  from: (value: string | null) => (value === null ? null : (JSON.parse(value) as unknown)),
};

interface ColumnKind<B> {
  (): B;
  <O extends Common>(options: O): B & O;
}

function kind<B extends ColumnOptions>(base: B): ColumnKind<B> {
  return <O extends Common>(options?: O) => ({ ...base, ...options }) as B & O;
}

/**
 * Options for TypeORM's `@Column` and `@PrimaryColumn` that mean the same on every dialect:
 * `@PrimaryColumn(column.id()) id!: string`, `@Column(column.time({ name: 'created_at' })) createdAt!: number`.
 * Lengths and defaults live in the migration, which alone makes tables. Set every property of a new entity: for one
 * left out TypeORM writes NULL on SQLite and the default elsewhere.
 */
export const column = {
  /** string */
  id: kind({ type: String }),
  /** string */
  text: kind({ type: String }),
  /** string of any length */
  longText: kind({ type: String }),
  /** any JSON value */
  json: kind({ type: String, transformer: json }),
  /** Buffer */
  bytes: kind({ type: String, transformer: bytesTransformer }),
  /** number of epoch milliseconds */
  time: kind({ type: 'bigint', transformer: time }),
  /** number */
  integer: kind({ type: 'int' }),
  /** number up to 2^53 */
  bigint: kind({ type: 'bigint', transformer: time }),
  /** number */
  real: kind({ type: 'float' }),
  /** boolean in the entity; `where: { open: true }` works */
  flag: kind({ type: 'smallint', transformer: flag }),
} as const;
