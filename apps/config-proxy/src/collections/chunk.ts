import { idListSql, type Dialect, type SqlParams } from '@espalier/persistence';

/** Resources that one transaction evaluates: those ids, or all of a range, both ends included. */
export type Chunk = { readonly ids: readonly number[] } | { readonly from: number; readonly to: number };

/** Condition that a column holds a resource of the chunk. */
export function inChunk(
  dialect: Dialect,
  chunk: Chunk,
  column: string,
): { readonly sql: string; readonly params: SqlParams } {
  if ('from' in chunk)
    return {
      sql: `${column} BETWEEN :chunk_from AND :chunk_to`,
      params: { chunk_from: chunk.from, chunk_to: chunk.to },
    };
  const ids = idListSql(dialect);
  return { sql: ids.isIn(column, 'chunk_ids'), params: { chunk_ids: ids.param(chunk.ids) } };
}
