import { defaultPlistLimits } from './plist-limits.js';
import { PlistError } from './plist.error.js';
import { PlistReal, type PlistInput, type PlistInputDict } from './plist-value.js';
import { encodeDate } from './scalar.decoder.js';

const header =
  '<?xml version="1.0" encoding="UTF-8"?>\n' +
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
  '<plist version="1.0">\n';

const minimumInteger = -(2n ** 63n);
const maximumInteger = 2n ** 64n - 1n;

/**
 * Writes an XML property list as Apple lays it out: UTF-8, tabs, keys in the order of the dictionary.
 *
 * Integral numbers become `<integer>` (or `<real>` beyond 2^53, or where {@link real} asks for it). Dates lose
 * fractions of a second, which the format cannot carry. Undefined entries of dictionaries are left out.
 *
 * @throws PlistError of kind `value` for what a property list cannot hold, of kind `limit` for deep nesting or a cycle
 */
export function buildPlist(value: PlistInput): Buffer {
  const lines: string[] = [];
  write(lines, value, '', '');
  return Buffer.from(`${header}${lines.join('\n')}\n</plist>\n`, 'utf8');
}

function write(lines: string[], value: PlistInput, indent: string, path: string): void {
  if (indent.length > defaultPlistLimits.maxDepth) {
    throw new PlistError(
      `The value is nested deeper than ${defaultPlistLimits.maxDepth} levels, or in a cycle`,
      'limit',
    );
  }
  if (Array.isArray(value)) writeArray(lines, value as readonly PlistInput[], indent, path);
  else if (isScalar(value)) lines.push(`${indent}${scalar(value, path)}`);
  else writeDict(lines, value as PlistInputDict, indent, path);
}

function writeArray(lines: string[], items: readonly PlistInput[], indent: string, path: string): void {
  if (items.length === 0) {
    lines.push(`${indent}<array/>`);
    return;
  }
  lines.push(`${indent}<array>`);
  items.forEach((item, index) => write(lines, item, `${indent}\t`, `${path}[${index}]`));
  lines.push(`${indent}</array>`);
}

function writeDict(lines: string[], dict: PlistInputDict, indent: string, path: string): void {
  const entries = Object.entries(dict).filter(
    (entry): entry is [string, PlistInput] => entry[1] !== undefined,
  );
  if (entries.length === 0) {
    lines.push(`${indent}<dict/>`);
    return;
  }
  lines.push(`${indent}<dict>`);
  for (const [key, value] of entries) {
    const keyPath = path === '' ? key : `${path}.${key}`;
    lines.push(`${indent}\t<key>${escape(key, keyPath)}</key>`);
    write(lines, value, `${indent}\t`, keyPath);
  }
  lines.push(`${indent}</dict>`);
}

type Scalar = Exclude<PlistInput, readonly PlistInput[] | PlistInputDict> | PlistReal;

function isScalar(value: PlistInput): value is Scalar {
  if (value === null || typeof value !== 'object') return true;
  return value instanceof Uint8Array || value instanceof Date || value instanceof PlistReal;
}

function scalar(value: Scalar, path: string): string {
  switch (typeof value) {
    case 'string':
      return `<string>${escape(value, path)}</string>`;
    case 'boolean':
      return value ? '<true/>' : '<false/>';
    case 'number':
      return Number.isSafeInteger(value) ? `<integer>${value}</integer>` : realElement(value);
    case 'bigint':
      if (value < minimumInteger || value > maximumInteger)
        throw unwritable(path, 'is an integer beyond 64 bits');
      return `<integer>${value}</integer>`;
    case 'object':
      return objectElement(value, path);
    default:
      throw unwritable(path, `is of type ${typeof value}, which a property list cannot hold`);
  }
}

function objectElement(value: Uint8Array | Date | PlistReal | null, path: string): string {
  if (value instanceof Uint8Array) {
    return `<data>${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}</data>`;
  }
  if (value instanceof PlistReal) return realElement(value.value);
  if (value instanceof Date) {
    const text = encodeDate(value);
    if (text === undefined) throw unwritable(path, 'is not a date with a year from 0 to 9999');
    return `<date>${text}</date>`;
  }
  throw unwritable(path, 'is null, which a property list cannot hold');
}

/** The names for NaN and the infinities are CoreFoundation's. */
function realElement(value: number): string {
  if (Number.isNaN(value)) return '<real>nan</real>';
  if (!Number.isFinite(value)) return `<real>${value < 0 ? '-' : '+'}infinity</real>`;
  return `<real>${value}</real>`;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

function escape(text: string, path: string): string {
  if (/^[\t\n -%'-;=?-~]*$/.test(text)) return text;
  // XML 1.0 §2.2: these characters cannot be written in a document in any form.
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text) || !text.isWellFormed()) {
    throw unwritable(path, 'holds a character that XML cannot carry');
  }
  return text.replaceAll(/[&<>\r]/g, (character) => escapes[character] as string);
}

function unwritable(path: string, problem: string): PlistError {
  return new PlistError(`${path === '' ? 'The value' : path} ${problem}`, 'value');
}
