import { PlistError } from './plist.error.js';
import { isPlistDict, type PlistDict, type PlistValue } from './plist-value.js';

/** Makes the error for a key that is missing or of the wrong type. `path` is the key with its parents. */
export type KeyProblem = (path: string, problem: string) => Error;

const plistProblem: KeyProblem = (path, problem) => new PlistError(`${path} ${problem}`, 'value');

/**
 * Checked access to a dictionary: `reader.string('UDID')` returns the string or throws an error that names the
 * key with its parents and what is wrong. The `optional…` variants return undefined for an absent key and still
 * refuse a value of the wrong type.
 */
export class DictReader {
  constructor(
    readonly source: PlistDict,
    private readonly path: string,
    private readonly problem: KeyProblem,
  ) {}

  has(key: string): boolean {
    return Object.hasOwn(this.source, key);
  }

  /** The value as it is; undefined for an absent key. */
  value(key: string): PlistValue | undefined {
    return Object.hasOwn(this.source, key) ? this.source[key] : undefined;
  }

  string(key: string): string {
    return this.required(key, this.optionalString(key));
  }

  optionalString(key: string): string | undefined {
    const value = this.value(key);
    return value === undefined || typeof value === 'string' ? value : this.mismatch(key, 'a string', value);
  }

  /** An integer in the safe range of a number. */
  integer(key: string): number {
    return this.required(key, this.optionalInteger(key));
  }

  optionalInteger(key: string): number | undefined {
    const value = this.value(key);
    if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined;
    return this.mismatch(key, 'an integer', value);
  }

  /** A real or an integer in the safe range. */
  number(key: string): number {
    return this.required(key, this.optionalNumber(key));
  }

  optionalNumber(key: string): number | undefined {
    const value = this.value(key);
    return value === undefined || typeof value === 'number' ? value : this.mismatch(key, 'a number', value);
  }

  boolean(key: string): boolean {
    return this.required(key, this.optionalBoolean(key));
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.value(key);
    return value === undefined || typeof value === 'boolean' ? value : this.mismatch(key, 'a boolean', value);
  }

  date(key: string): Date {
    return this.required(key, this.optionalDate(key));
  }

  optionalDate(key: string): Date | undefined {
    const value = this.value(key);
    return value === undefined || value instanceof Date ? value : this.mismatch(key, 'a date', value);
  }

  data(key: string): Buffer {
    return this.required(key, this.optionalData(key));
  }

  optionalData(key: string): Buffer | undefined {
    const value = this.value(key);
    return value === undefined || Buffer.isBuffer(value) ? value : this.mismatch(key, 'data', value);
  }

  dict(key: string): DictReader {
    return this.required(key, this.optionalDict(key));
  }

  optionalDict(key: string): DictReader | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : this.child(key, value);
  }

  array(key: string): readonly PlistValue[] {
    return this.required(key, this.optionalArray(key));
  }

  optionalArray(key: string): readonly PlistValue[] | undefined {
    const value = this.value(key);
    return value === undefined || Array.isArray(value) ? value : this.mismatch(key, 'an array', value);
  }

  /** An array of dictionaries; empty for an absent key. */
  dicts(key: string): DictReader[] {
    return (this.optionalArray(key) ?? []).map((item, index) => this.child(`${key}[${index}]`, item));
  }

  /** An array of strings; empty for an absent key. */
  strings(key: string): string[] {
    return (this.optionalArray(key) ?? []).map((item, index) =>
      typeof item === 'string' ? item : this.mismatch(`${key}[${index}]`, 'a string', item),
    );
  }

  /** Throws the error for a value that has the right type and is wrong all the same: `refuse(key, 'is empty')`. */
  refuse(key: string, problem: string): never {
    throw this.problem(this.pathOf(key), problem);
  }

  private required<T>(key: string, value: T | undefined): T {
    return value === undefined ? this.refuse(key, 'is missing') : value;
  }

  private child(key: string, value: PlistValue): DictReader {
    return readDict(value, this.pathOf(key), this.problem);
  }

  private mismatch(key: string, wanted: string, found: PlistValue): never {
    return this.refuse(key, `must be ${wanted}, not ${describe(found)}`);
  }

  private pathOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }
}

/**
 * Opens a value as a dictionary.
 *
 * @param path what to call it in errors; empty for the document itself
 * @param problem makes the errors; by default a {@link PlistError} of kind `value`
 */
export function readDict(value: PlistValue, path = '', problem = plistProblem): DictReader {
  if (isPlistDict(value)) return new DictReader(value, path, problem);
  throw problem(path === '' ? 'The property list' : path, `must be a dictionary, not ${describe(value)}`);
}

function describe(value: PlistValue): string {
  if (Array.isArray(value)) return 'an array';
  if (Buffer.isBuffer(value)) return 'data';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a real';
  if (typeof value === 'bigint') return 'an integer beyond 2^53';
  return typeof value === 'object' ? 'a dictionary' : `a ${typeof value}`;
}
