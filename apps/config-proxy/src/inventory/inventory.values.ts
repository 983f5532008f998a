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

/** What is stored for a property: its column and, for a text, the column of the folded form. */
export function storedColumns(
  { column, foldedColumn, length = Infinity }: CatalogueProperty,
  value: string | number | boolean | null | undefined,
): Record<string, SqlValue> {
  if (foldedColumn === undefined) return { [column]: toNumber(value) };
  const text = value === null || value === undefined ? null : storedText(String(value), length);
  return { [column]: text, [foldedColumn]: text === null ? null : storedText(foldText(text), length) };
}

function toNumber(value: string | number | boolean | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

/** 96 bits of SHA-256: tells whether what is stored still is what was reported. */
export const fingerprint = (values: unknown): string =>
  hash('sha256', JSON.stringify(values), 'base64url').slice(0, 16);
