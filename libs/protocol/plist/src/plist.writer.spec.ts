import { PlistError } from './plist.error.js';
import { parsePlist } from './plist.reader.js';
import { buildPlist } from './plist.writer.js';
import { real, type PlistInput } from './plist-value.js';

const body = (value: PlistInput): string => {
  const document = buildPlist(value).toString();
  return document.slice(document.indexOf('<plist version="1.0">\n') + 22, document.indexOf('\n</plist>'));
};

describe('buildPlist', () => {
  it("lays a list out as Apple's tools do, keys in the order given, undefined entries left out", () => {
    const list = { RequestType: 'X', Absent: undefined, Items: [1, real(1), true], Empty: {}, None: [] };
    expect(buildPlist(list).toString()).toBe(
      [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
        '<plist version="1.0">',
        '<dict>',
        '\t<key>RequestType</key>',
        '\t<string>X</string>',
        '\t<key>Items</key>',
        '\t<array>',
        '\t\t<integer>1</integer>',
        '\t\t<real>1</real>',
        '\t\t<true/>',
        '\t</array>',
        '\t<key>Empty</key>',
        '\t<dict/>',
        '\t<key>None</key>',
        '\t<array/>',
        '</dict>',
        '</plist>',
        '',
      ].join('\n'),
    );
  });

  it.each<[PlistInput, string]>([
    ['a<b>&c\r\n', '<string>a&lt;b&gt;&amp;c&#13;\n</string>'],
    [1.5, '<real>1.5</real>'],
    [2 ** 53, '<real>9007199254740992</real>'],
    [-0, '<integer>0</integer>'],
    [NaN, '<real>nan</real>'],
    [-Infinity, '<real>-infinity</real>'],
    [2n ** 64n - 1n, '<integer>18446744073709551615</integer>'],
    [new Date('2024-05-06T07:08:09.999Z'), '<date>2024-05-06T07:08:09Z</date>'],
    [new Uint8Array([1, 2, 3]).subarray(1), '<data>AgM=</data>'],
    [Buffer.alloc(0), '<data></data>'],
  ])('writes %p', (value, xml) => {
    expect(body(value)).toBe(xml);
  });

  it('writes what it read, with prototype-free dictionaries', () => {
    const document = buildPlist({ __proto__: null, a: [{ b: Buffer.from('c') }] } as unknown as PlistInput);
    expect(buildPlist(parsePlist(document))).toEqual(document);
  });

  it.each<[string, unknown, string]>([
    ['a control character', { a: ['\u0001'] }, 'a[0] holds a character that XML cannot carry'],
    ['half a surrogate pair', { a: '\ud800' }, 'a holds a character that XML cannot carry'],
    ['null', { a: { b: null } }, 'a.b is null, which a property list cannot hold'],
    ['undefined in an array', [undefined], '[0] is of type undefined'],
    ['a function', { a: () => 1 }, 'a is of type function'],
    ['an invalid date', new Date(NaN), 'The value is not a date'],
    ['a date after 9999', new Date('+010000-01-01T00:00:00Z'), 'The value is not a date'],
    ['an integer beyond 64 bits', { a: 2n ** 64n }, 'a is an integer beyond 64 bits'],
  ])('refuses %s and says where', (_name, value, message) => {
    expect(() => buildPlist(value as PlistInput)).toThrow(PlistError);
    expect(() => buildPlist(value as PlistInput)).toThrow(message);
  });

  it('refuses a cycle', () => {
    const cycle: PlistInput[] = [];
    cycle.push(cycle);
    expect(() => buildPlist(cycle)).toThrow('or in a cycle');
  });
});
