import { textListSql, type Dialect, type SqlParams } from '@espalier/persistence';
import type { Reach } from '../roles/rights.js';

/** A condition for the WHERE of a list. Its parameters begin with `reach_`. */
export interface Restriction {
  readonly sql: string;
  readonly params: SqlParams;
}

/** Restricts nothing. */
export const unrestricted: Restriction = { sql: '1 = 1', params: {} };

/** Lets nothing through. */
const nothing: Restriction = { sql: '1 = 0', params: {} };

/**
 * Only devices (or users) that are members of the collections.
 * @param column that holds resource ids, as in `d.resource_id`
 */
export function restrictDevices(dialect: Dialect, column: string, reach: Reach): Restriction {
  if (reach === 'site') return unrestricted;
  if (reach.length === 0) return nothing;
  const { sql, params } = isIn(dialect, 'reach_member.collection_id', 'reach_collections', reach);
  return {
    sql: `EXISTS (SELECT 1 FROM {collection_member} AS reach_member WHERE reach_member.resource_id = ${column}
      AND ${sql})`,
    params,
  };
}

/**
 * Only these collections, or what belongs to them. For those that a caller reaches, `within` of the visibility store
 * comes first: it adds the collections that are limited by them.
 * @param column that holds collection ids, as in `c.collection_id`
 */
export function restrictCollections(dialect: Dialect, column: string, within: Reach): Restriction {
  if (within === 'site') return unrestricted;
  return within.length === 0 ? nothing : isIn(dialect, column, 'reach_within', within);
}

/** SQL Server takes 2,100 parameters. */
const SPELT_OUT = 500;

/**
 * Spelt out where it is short, so that the database knows how few devices small collections have: it begins with them
 * instead of looking at every device of the site.
 */
function isIn(dialect: Dialect, column: string, name: string, ids: readonly string[]): Restriction {
  if (ids.length <= SPELT_OUT) return { sql: `${column} IN (:${name})`, params: { [name]: ids } };
  const list = textListSql(dialect);
  return { sql: list.isIn(column, name), params: { [name]: list.param(ids) } };
}

/** The restriction as the end of a statement; nothing where it restricts nothing, so that plans stay as they are. */
export const restricting = (keyword: 'WHERE' | 'AND', restriction: Restriction): string =>
  restriction === unrestricted ? '' : ` ${keyword} ${restriction.sql}`;
