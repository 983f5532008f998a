import type { PlistJson } from '@espalier/contracts';
import type { PlistInput, PlistInputDict, PlistValue } from '@espalier/plist';

/** A plist value as JSON: bytes become `{"$data": base64}`, dates `{"$date": ISO}`, what is no JSON number text. */
export function toPlistJson(value: PlistValue): PlistJson {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Date) return { $date: value.toISOString() };
  if (Buffer.isBuffer(value)) return { $data: value.toString('base64') };
  if (Array.isArray(value)) return value.map(toPlistJson);
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlistJson(item)]));
  return value;
}

/** The inverse of {@link toPlistJson}. Throws TypeError, naming what is wrong, for bad base64 or dates. */
export function fromPlistJson(value: PlistJson): PlistInput {
  if (typeof value !== 'object') return value;
  if (isList(value)) return value.map(fromPlistJson);
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value['$data'] === 'string') return bytesOf(value['$data']);
  if (keys.length === 1 && typeof value['$date'] === 'string') return dateOf(value['$date']);
  return fromPlistJsonDict(value);
}

export function fromPlistJsonDict(value: Readonly<Record<string, PlistJson>>): PlistInputDict {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlistJson(item)]));
}

function isList(value: PlistJson): value is readonly PlistJson[] {
  return Array.isArray(value);
}

function bytesOf(text: string): Buffer {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw new TypeError('$data must be base64 with padding and without line breaks');
  return Buffer.from(text, 'base64');
}

function dateOf(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new TypeError('$date must be an ISO 8601 time');
  return date;
}
