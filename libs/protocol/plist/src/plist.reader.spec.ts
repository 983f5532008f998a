import { parsePlist } from './plist.reader.js';
import { PlistError } from './plist.error.js';

const doctype =
  '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">';

const plist = (value: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${doctype}\n<plist version="1.0">${value}</plist>\n`;

function refusal(document: string | Uint8Array, limits = {}): PlistError {
  try {
    parsePlist(document, limits);
  } catch (error) {
    if (error instanceof PlistError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('parsePlist reads', () => {
  it.each<[string, unknown]>([
    ['<string>Zoë &amp; &lt;b&gt; &quot;&apos;</string>', 'Zoë & <b> "\''],
    ['<string/>', ''],
    ['<string></string>', ''],
    ['<string> a\tb\n </string>', ' a\tb\n '],
    ['<string>&#72;&#x1F600;&#13;</string>', 'H😀\r'],
    ['<string>a<![CDATA[<&>]]>b<!-- no -->c</string>', 'a<&>bc'],
    ['<string>a\r\nb\rc</string>', 'a\nb\nc'],
    ['<integer>42</integer>', 42],
    ['<integer> -7\n</integer>', -7],
    ['<integer>+0x1F</integer>', 31],
    ['<integer>9007199254740991</integer>', Number.MAX_SAFE_INTEGER],
    ['<integer>9007199254740993</integer>', 9007199254740993n],
    ['<integer>-9223372036854775808</integer>', -(2n ** 63n)],
    ['<integer>18446744073709551615</integer>', 2n ** 64n - 1n],
    ['<real>1</real>', 1],
    ['<real>-1.5e3</real>', -1500],
    ['<real>nan</real>', NaN],
    ['<real>-infinity</real>', -Infinity],
    ['<true/>', true],
    ['<false></false>', false],
    ['<date>2024-02-29T23:59:59Z</date>', new Date('2024-02-29T23:59:59Z')],
    ['<data>\n\tSGVs\n\tbG8=\n</data>', Buffer.from('Hello')],
    ['<data/>', Buffer.alloc(0)],
    ['<array/>', []],
    ['<array> <true/><!-- two --> <integer>2</integer></array>', [true, 2]],
    ['<dict/>', {}],
    ['<dict><key>a</key><dict><key/><array/></dict></dict>', { a: { '': [] } }],
  ])('%s', (xml, value) => {
    expect(parsePlist(plist(xml))).toEqual(value);
  });

  it('bytes, views into larger buffers, a byte order mark, and a document without prologue', () => {
    const bytes = Buffer.from(`....\ufeff${plist('<string>é</string>')}....`);
    expect(parsePlist(new Uint8Array(bytes.buffer, bytes.byteOffset + 4, bytes.length - 8))).toBe('é');
    expect(parsePlist('<plist><true/></plist>')).toBe(true);
    expect(parsePlist('<?xml version="1.0"?><!-- a --><?pi b?><plist ><true /></plist ><!-- c -->')).toBe(
      true,
    );
  });

  it('keys named like parts of Object as data, on dictionaries without a prototype', () => {
    const dict = parsePlist(
      plist('<dict><key>__proto__</key><dict><key>x</key><true/></dict><key>constructor</key><true/></dict>'),
    );
    expect(Object.getPrototypeOf(dict)).toBeNull();
    expect(Object.keys(dict as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('keys with entities, in other scripts and longer than the key cache holds', () => {
    const long = 'k'.repeat(200);
    expect(
      parsePlist(
        plist(`<dict><key>a&amp;b</key><true/><key>ключ</key><true/><key>${long}</key><true/></dict>`),
      ),
    ).toEqual({
      'a&b': true,
      ключ: true,
      [long]: true,
    });
  });

  it('different keys that fall into the same slot of the key cache', () => {
    // 31 * 'A' + 'a' = 31 * 'B' + 'B': the same hash.
    for (const key of ['Aa', 'BB', 'Aa', 'BB']) {
      expect(parsePlist(plist(`<dict><key>${key}</key><true/></dict>`))).toEqual({ [key]: true });
    }
  });

  it('raw control characters, which the writer of Apple puts out unescaped', () => {
    expect(parsePlist(plist('<string>a\u0001b</string>'))).toBe('a\u0001b');
  });
});

describe('parsePlist refuses', () => {
  it.each([
    ['', 'The property list is empty'],
    ['  \n', 'The property list is empty'],
    ['<dict/>', 'The document must begin with <plist>'],
    ['<plist/>', '<plist> holds no value'],
    ['<plist></plist>', '<plist> holds no value'],
    [plist('<true/><true/>'), '</plist> is missing'],
    [`${plist('<true/>')}<true/>`, 'Something follows </plist>'],
    [`${plist('<true/>')}x`, 'Text stands where only elements may'],
    [plist('text'), 'Text stands where only elements may'],
    [plist('<uid>1</uid>'), '<uid> is not an element of a property list'],
    [plist('<strings>1</strings>'), '<strings> is not an element of a property list'],
    [plist('<key>a</key>'), '<key> is not a value'],
    [plist('<string a="b">c</string>'), 'The tag <string> has attributes or is not closed'],
    [plist('<string><true/></string>'), '<string> may hold only text'],
    [plist('<true>1</true>'), '<true> must be empty'],
    [plist('<dict><true/></dict>'), 'A <dict> must alternate <key> and value'],
    [plist('<dict><key>a</key></dict>'), 'The key "a" has no value'],
    [plist('<dict><key>a</key><true/><key>a</key><true/></dict>'), 'The key "a" stands twice in one <dict>'],
    [
      plist('<dict><key>__proto__</key><true/><key>__proto__</key><true/></dict>'),
      'The key "__proto__" stands twice',
    ],
    [plist('<array><true/></dict>'), '</array> is missing'],
    [plist('<string>&nbsp;</string>'), 'An entity is unknown or not closed'],
    [plist('<string>a & b</string>'), 'An entity is unknown or not closed'],
    [plist('<string>&#0;</string>'), 'An entity is unknown or not closed'],
    [plist('<string>&#xD800;</string>'), 'An entity is unknown or not closed'],
    [plist('<string>&#x110000;</string>'), 'An entity is unknown or not closed'],
    [plist('<string>\0</string>'), 'The property list holds a NUL character'],
    [plist('<string><![CDATA[a</string>'), 'A CDATA section is not closed'],
    [plist('<array><!-- </array>'), 'A comment is not closed'],
    [plist(`${doctype}<true/>`), 'The DOCTYPE may stand only once'],
    [`${doctype}${doctype}<plist><true/></plist>`, 'The DOCTYPE may stand only once'],
    ['<!DOCTYPE plist "', 'The DOCTYPE is not closed'],
    ...['', '1.5', '0x', '--1', '1 2', '18446744073709551616', '-9223372036854775809', '9'.repeat(60)].map(
      (text) => [plist(`<integer>${text}</integer>`), '<integer> does not hold a valid value'],
    ),
    ...['', 'e5', '1,5', 'constructor', `0.${'1'.repeat(500)}`].map((text) => [
      plist(`<real>${text}</real>`),
      '<real> does not hold a valid value',
    ]),
    ...['2024-02-30T00:00:00Z', '2024-01-01', '2024-01-01T24:00:00Z', '2024-01-01T00:00:00+01:00'].map(
      (text) => [plist(`<date>${text}</date>`), '<date> does not hold a valid value'],
    ),
    ...['A', 'AAA', 'AA=A', 'AAAA====', 'AA-_', 'ÿÿÿÿ', '='].map((text) => [
      plist(`<data>${text}</data>`),
      '<data> does not hold a valid value',
    ]),
  ])('%j', (document, message) => {
    const error = refusal(document);
    expect(error.message).toContain(message);
    expect(error.kind).toBe('syntax');
  });

  it.each<[string, Uint8Array, string]>([
    [
      'binary lists',
      Buffer.from('bplist00\xd1', 'latin1'),
      'Binary property lists are not supported: send XML',
    ],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${plist('<true/>')}`, 'utf16le'), 'UTF-16 property lists'],
    ['UTF-16 without a mark', Buffer.from(plist('<true/>'), 'utf16le'), 'UTF-16 property lists'],
    ['bytes that are no UTF-8', Buffer.from(plist('<string>\xff</string>'), 'latin1'), 'not valid UTF-8'],
    [
      'a declared other encoding',
      Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><plist/>'),
      'declares another',
    ],
  ])('%s', (_name, document, message) => {
    const error = refusal(document);
    expect(error.message).toContain(message);
    expect(error.kind).toBe('unsupported');
  });

  it('says where: line from 1 and offset in bytes', () => {
    const error = refusal('<plist>\n<dict>\n\t<key>é</key>\n\t<oops/>\n</dict>\n</plist>');
    expect({ line: error.line, offset: error.offset }).toEqual({ line: 4, offset: 31 });
    expect(error.message).toBe('<oops> is not an element of a property list (line 4, offset 31)');
  });
});

describe('parsePlist under attack', () => {
  it('refuses entity declarations (billion laughs, external entities) before any is used', () => {
    const laughs = `<!DOCTYPE plist [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><plist><string>&b;</string></plist>`;
    const external = `<!DOCTYPE plist [<!ENTITY x SYSTEM "file:///etc/passwd">]><plist><string>&x;</string></plist>`;
    for (const document of [laughs, external]) {
      expect(refusal(document)).toMatchObject({
        kind: 'unsupported',
        message: expect.stringContaining('DOCTYPE'),
      });
    }
  });

  it('refuses 100,000 nested arrays without overflowing the stack', () => {
    expect(refusal(`<plist>${'<array>'.repeat(100_000)}`)).toMatchObject({ kind: 'limit' });
    expect(refusal(`<plist>${'<dict><key>a</key>'.repeat(100_000)}`)).toMatchObject({ kind: 'limit' });
  });

  it('accepts exactly as many levels, elements and bytes as the limits say', () => {
    const nested = (levels: number): string =>
      plist('<array>'.repeat(levels - 1) + '<array/>' + '</array>'.repeat(levels - 1));
    expect(() => parsePlist(nested(65))).not.toThrow();
    expect(parsePlist(nested(4), { maxDepth: 4 })).toEqual([[[[]]]]);
    expect(refusal(nested(5), { maxDepth: 3 }).kind).toBe('limit');
    const four = plist('<array><true/><true/><true/></array>');
    expect(parsePlist(four, { maxElements: 4 })).toEqual([true, true, true]);
    expect(refusal(four, { maxElements: 3 }).kind).toBe('limit');
    const bytes = Buffer.from(plist('<string>éé</string>'));
    expect(parsePlist(bytes, { maxBytes: bytes.length })).toBe('éé');
    expect(refusal(bytes, { maxBytes: bytes.length - 1 }).kind).toBe('limit');
    expect(refusal(bytes.toString(), { maxBytes: bytes.length - 1 }).kind).toBe('limit');
  });

  it('refuses a text of 100 MB before copying it', () => {
    const document = plist(`<string>${'a'.repeat(100 * 1024 * 1024)}</string>`);
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(document).kind).toBe('limit');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
  });

  it('refuses every proper beginning of a document', () => {
    const document = plist(
      '<dict><key>a</key><string>b&amp;<![CDATA[c]]></string><key>d</key><data>AAAA</data></dict>',
    );
    const end = document.lastIndexOf('>');
    for (let length = 0; length <= end; length++) {
      expect(refusal(document.slice(0, length))).toBeInstanceOf(PlistError);
    }
  });

  it('keeps values out of its messages', () => {
    expect(refusal(plist('<dict><key>PIN</key><integer>s3cret</integer></dict>')).message).not.toContain(
      's3cret',
    );
  });
});
