import { PlistReal } from '@espalier/plist';
import type { KeyType, TypeSchema } from './apple-schema.js';

/** Warnings of one document at most: more help nobody. */
const MAX_WARNINGS = 50;

/** Keeps the first warnings, and counts the rest. */
export function limitWarnings(warnings: readonly string[]): string[] {
  if (warnings.length <= MAX_WARNINGS) return [...warnings];
  return [...warnings.slice(0, MAX_WARNINGS - 1), `And ${warnings.length - MAX_WARNINGS + 1} more.`];
}

/**
 * What the top level of a payload has that Apple's schema does not, and the other way round.
 *
 * @param at what the payload is called, as in `PayloadContent[0]`
 * @param common keys that every payload may have
 */
export function schemaWarnings(
  schema: TypeSchema,
  payload: Readonly<Record<string, unknown>>,
  at: string,
  common: ReadonlySet<string> = new Set(),
): string[] {
  const warnings: string[] = [];
  for (const [key, value] of Object.entries(payload)) {
    if (common.has(key)) continue;
    const known = schema.keys.get(key);
    if (known === undefined) {
      if (!schema.open) warnings.push(`${at} has the key ${shown(key)}, which Apple's schema does not know.`);
    } else if (!fits(known.type, value))
      warnings.push(`${at}.${shown(key)} ought to be of type ${known.type}, says Apple's schema.`);
  }
  for (const [key, { required }] of schema.keys)
    if (required && !Object.hasOwn(payload, key))
      warnings.push(`${at} lacks the key ${key}, which Apple's schema requires.`);
  return warnings;
}

/** Keys are whatever somebody uploaded. */
const shown = (key: string): string => JSON.stringify(key.slice(0, 80));

/** Lenient where Apple's devices are: an integer serves as a real, one text as a list; JSON has no bytes or dates. */
function fits(type: KeyType, value: unknown): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string' || Array.isArray(value);
    case 'array':
      return Array.isArray(value) || typeof value === 'string';
    case 'integer':
      return typeof value === 'bigint' || Number.isSafeInteger(value);
    case 'real':
      return typeof value === 'number' || typeof value === 'bigint' || value instanceof PlistReal;
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return value instanceof Date || typeof value === 'string';
    case 'data':
      return Buffer.isBuffer(value) || typeof value === 'string';
    case 'dictionary':
      return (
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        !Buffer.isBuffer(value) &&
        !(value instanceof Date)
      );
  }
}
