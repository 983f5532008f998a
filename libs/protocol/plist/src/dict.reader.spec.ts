import { readDict } from './dict.reader.js';
import { PlistError } from './plist.error.js';
import { parsePlist } from './plist.reader.js';

const values: Record<string, string> = {
  string: '<string>a</string>',
  integer: '<integer>1</integer>',
  number: '<real>1.5</real>',
  boolean: '<true/>',
  date: '<date>2024-01-01T00:00:00Z</date>',
  data: '<data>AA==</data>',
  array: '<array/>',
  dict: '<dict/>',
};
type Kind = 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'data' | 'array' | 'dict';
const kinds = Object.keys(values) as Kind[];
const xml = `<plist><dict>${kinds.map((kind) => `<key>${kind}</key>${values[kind]}`).join('')}</dict></plist>`;
const reader = readDict(parsePlist(xml), 'Root');

const optionalOf = {
  string: 'optionalString',
  integer: 'optionalInteger',
  number: 'optionalNumber',
} as const;

describe('readDict', () => {
  it.each(kinds)('%s: gives the value, and names the key where it is missing or of another type', (kind) => {
    const value = reader[kind](kind);
    expect(kind === 'dict' ? readDict(parsePlist('<plist><dict/></plist>')).source : value).toEqual(
      kind === 'dict' ? {} : reader.source[kind],
    );
    expect(() => reader[kind]('nothing')).toThrow('Root.nothing is missing');
    const other = kind === 'boolean' ? 'string' : 'boolean';
    expect(() => reader[kind](other)).toThrow(/^Root\.(string|boolean) must be .*, not a (string|boolean)$/);
  });

  it('optional variants give undefined for absent keys and still refuse other types', () => {
    for (const method of Object.values(optionalOf)) {
      expect(reader[method]('nothing')).toBeUndefined();
      expect(() => reader[method]('data')).toThrow('not data');
    }
    expect(reader.optionalBoolean('nothing')).toBeUndefined();
    expect(reader.optionalDate('nothing')).toBeUndefined();
    expect(reader.optionalData('nothing')).toBeUndefined();
    expect(reader.optionalDict('nothing')).toBeUndefined();
    expect(reader.optionalArray('nothing')).toBeUndefined();
    expect(reader.dicts('nothing')).toEqual([]);
  });

  it('names nested places and array items', () => {
    const nested = readDict(
      parsePlist('<plist><dict><key>a</key><array><dict/><true/></array></dict></plist>'),
    );
    expect(() => nested.dicts('a')).toThrow('a[1] must be a dictionary, not a boolean');
    expect(() => nested.strings('a')).toThrow('a[0] must be a string, not a dictionary');
  });

  it('does not find what objects inherit', () => {
    expect(reader.has('toString')).toBe(false);
    expect(reader.optionalString('constructor')).toBeUndefined();
    const plain = readDict({ a: 'b' });
    expect(plain.has('toString')).toBe(false);
    expect(plain.optionalString('constructor')).toBeUndefined();
  });

  it('refuses integers that a number cannot hold exactly', () => {
    const big = readDict(
      parsePlist('<plist><dict><key>n</key><integer>9007199254740993</integer></dict></plist>'),
    );
    expect(() => big.integer('n')).toThrow('n must be an integer, not an integer beyond 2^53');
  });

  it('throws the error of the caller where one is given, PlistError otherwise', () => {
    expect(() => readDict([], 'Body')).toThrow(
      new PlistError('Body must be a dictionary, not an array', 'value'),
    );
    const own = readDict({}, '', (path, problem) => new RangeError(`${path}: ${problem}`));
    expect(() => own.string('UDID')).toThrow(new RangeError('UDID: is missing'));
  });
});
