import { hash } from 'node:crypto';
import { foldText } from '@espalier/conditions';
import type { SqlValue } from '@espalier/persistence';
import type { CatalogueProperty } from './inventory.property.js';

/**
 * A text as it can be stored everywhere, at most `length` characters: PostgreSQL takes no NUL, and neither it nor
 * SQL Server half a surrogate pair.
 */
export const storedText = (text: string, length: number): string =>
  text.replaceAll('\0', '').slice(0, length).toWellFormed();

/** A property's value as its column holds it. */
export function storedValue(
  { foldedColumn, length = Infinity }: CatalogueProperty,
  value: string | number | boolean | null | undefined,
): string | number | null {
  if (foldedColumn === undefined) return toNumber(value);
  return value === null || value === undefined ? null : storedText(String(value), length);
}

/** What is stored for a stored value: its column and, for a text, the column of the folded form. */
export function storedColumns(
  { column, foldedColumn, length = Infinity }: CatalogueProperty,
  value: string | number | null,
): Record<string, SqlValue> {
  if (foldedColumn === undefined) return { [column]: value };
  return {
    [column]: value,
    [foldedColumn]: value === null ? null : storedText(foldText(String(value)), length),
  };
}

function toNumber(value: string | number | boolean | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** 96 bits of SHA-256: tells whether what is stored still is what was reported. */
export const fingerprint = (values: unknown): string =>
  hash('sha256', JSON.stringify(values), 'base64url').slice(0, 16);
