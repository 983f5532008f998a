import { Asn1Error, type Asn1Node, readAsn1, universalTag } from './index.js';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const ber = (hex: string): Asn1Node => readAsn1(bytes(hex), { encoding: 'ber' });

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof Asn1Error) return error.code;
    throw error;
  }
  return 'no error';
}

describe('readAsn1', () => {
  it('gives views on the input, not copies', () => {
    const input = bytes('30 06 02 01 05 04 01 aa');
    const [, octets] = readAsn1(input).asSequence();
    input[7] = 0xbb;
    expect(octets?.asOctets().toString('hex')).toBe('bb');
  });

  it('reads a Uint8Array that is a window on a larger buffer', () => {
    const window = new Uint8Array(bytes('ff 02 01 07 ff')).subarray(1, 4);
    expect(readAsn1(window).asNumber()).toBe(7);
  });

  it('refuses trailing bytes, truncation and children longer than their parent', () => {
    for (const hex of ['05 00 00', '30 03 02 01', '', '30', '30 82 01']) {
      expect(codeOf(() => readAsn1(bytes(hex)))).toBe('ESP_ASN1_MALFORMED');
    }
    expect(codeOf(() => readAsn1(bytes('30 03 02 05 00')).children)).toBe('ESP_ASN1_MALFORMED');
  });

  it('reads BER forms only where asked to: indefinite length, padded length, strings in pieces', () => {
    const indefinite = '30 80 24 80 04 01 61 04 02 62 63 00 00 00 00';
    expect(ber(indefinite).asSequence()[0]?.asOctets().toString()).toBe('abc');
    expect(codeOf(() => readAsn1(bytes(indefinite)))).toBe('ESP_ASN1_MALFORMED');
    expect(ber('04 81 01 61').asOctets().toString()).toBe('a');
    expect(codeOf(() => readAsn1(bytes('04 81 01 61')))).toBe('ESP_ASN1_MALFORMED');
    expect(codeOf(() => readAsn1(bytes('24 03 04 01 61')).asOctets())).toBe('ESP_ASN1_UNEXPECTED');
    expect(ber('a0 80 04 01 61 04 01 62 00 00').asImplicitOctets(0).toString()).toBe('ab');
  });

  it('leaves the end mark out of the content but keeps it in raw', () => {
    const node = ber('30 80 05 00 00 00');
    expect(node.content.toString('hex')).toBe('0500');
    expect(node.raw.toString('hex')).toBe('308005000000');
    expect(node.indefinite).toBe(true);
  });

  it('stops at the nesting limit, for definite lengths when they are walked and for indefinite at once', () => {
    expect(codeOf(() => ber('30 80'.repeat(200)))).toBe('ESP_ASN1_LIMIT');
    let nested: Buffer = bytes('05 00');
    for (let depth = 0; depth < 100; depth++) {
      nested = Buffer.concat([
        bytes('30'),
        Buffer.from(nested.length < 128 ? [nested.length] : [0x81, nested.length]),
        nested,
      ]);
    }
    const walk = (node: Asn1Node): void => (node.constructed ? node.children.forEach(walk) : undefined);
    expect(codeOf(() => walk(readAsn1(nested)))).toBe('ESP_ASN1_LIMIT');
  });

  it('stops at the limits of bytes and of elements', () => {
    expect(codeOf(() => readAsn1(bytes('05 00'), { maxBytes: 1 }))).toBe('ESP_ASN1_LIMIT');
    const many = Buffer.concat([bytes('30 82 27 10'), Buffer.alloc(10_000, bytes('05 00'))]);
    expect(readAsn1(many).children.length).toBe(5000);
    expect(codeOf(() => readAsn1(many, { maxNodes: 1000 }).children)).toBe('ESP_ASN1_LIMIT');
  });

  it('refuses padded integers and reads negative, large and small ones', () => {
    expect(readAsn1(bytes('02 01 ff')).asInteger()).toBe(-1n);
    expect(readAsn1(bytes('02 09 00 ff ff ff ff ff ff ff ff')).asInteger()).toBe(2n ** 64n - 1n);
    expect(readAsn1(bytes('02 02 ff 00')).asNumber()).toBe(-256);
    for (const hex of ['02 00', '02 02 00 01', '02 02 ff ff']) {
      expect(codeOf(() => readAsn1(bytes(hex)).asInteger())).toBe('ESP_ASN1_MALFORMED');
    }
    expect(codeOf(() => readAsn1(bytes('02 07 01 00 00 00 00 00 00')).asNumber())).toBe('ESP_ASN1_LIMIT');
  });

  it('reads times, two-digit years around 1950, zones, and refuses days that do not exist', () => {
    const time = (tag: string, text: string): Date =>
      readAsn1(Buffer.concat([bytes(tag), Buffer.from([text.length]), Buffer.from(text)])).asTime();
    expect(time('17', '491231235959Z').toISOString()).toBe('2049-12-31T23:59:59.000Z');
    expect(time('17', '500101000000Z').toISOString()).toBe('1950-01-01T00:00:00.000Z');
    expect(time('17', '2601010000+0130').toISOString()).toBe('2025-12-31T22:30:00.000Z');
    expect(time('18', '20500615120000.25Z').toISOString()).toBe('2050-06-15T12:00:00.250Z');
    for (const text of ['260631000000Z', '261301000000Z', '260101250000Z', '2601010000', 'x']) {
      expect(codeOf(() => time('17', text))).toBe('ESP_ASN1_MALFORMED');
    }
  });

  it('reads object identifiers, also with arcs beyond 2^53', () => {
    expect(readAsn1(bytes('06 06 2a 86 48 86 f7 0d')).asOid()).toBe('1.2.840.113549');
    const uuid = '06 14 69 83 8c ca 9d d4 d6 9c 9c f8 8c 9b bf a2 d5 c7 d2 e7 e5 1a';
    expect(readAsn1(bytes(uuid)).asOid()).toMatch(/^2\.25\.\d{36,40}$/);
    for (const hex of ['06 00', '06 01 80', '06 02 2a 80', '06 03 2a 80 01']) {
      expect(codeOf(() => readAsn1(bytes(hex)).asOid())).toBe('ESP_ASN1_MALFORMED');
    }
  });

  it('names what was expected and what was found', () => {
    expect(() => readAsn1(bytes('04 00')).asSequence('certificate')).toThrow(
      'expected certificate, found universal tag 4',
    );
    expect(() => readAsn1(bytes('30 00')).fields('name').next('type')).toThrow('name ends before type');
  });

  it('takes optional fields by tag and notices fields that are left', () => {
    const fields = readAsn1(bytes('30 08 a0 03 02 01 02 02 01 07')).fields();
    expect(fields.optional(universalTag.integer)).toBe(undefined);
    expect(fields.optionalContext(0)?.asExplicit(0).asNumber()).toBe(2);
    expect(codeOf(() => fields.end())).toBe('ESP_ASN1_UNEXPECTED');
    expect(fields.optional(universalTag.integer)?.asNumber()).toBe(7);
    fields.end();
  });

  it('reads tag numbers above 30, as attestation extensions use them', () => {
    expect(readAsn1(bytes('bf 84 00 02 05 00')).isContext(512)).toBe(true);
    expect(codeOf(() => readAsn1(bytes('bf ff ff ff ff 7f 00')))).toBe('ESP_ASN1_MALFORMED');
  });

  it('reads the string types and refuses broken UTF-8', () => {
    expect(readAsn1(bytes('0c 02 c3 a9')).asText()).toBe('é');
    expect(readAsn1(bytes('1e 02 00 e9')).asText()).toBe('é');
    expect(readAsn1(bytes('14 01 e9')).asText()).toBe('é');
    expect(codeOf(() => readAsn1(bytes('0c 01 c3')).asText())).toBe('ESP_ASN1_MALFORMED');
    expect(codeOf(() => readAsn1(bytes('04 01 41')).asText())).toBe('ESP_ASN1_UNEXPECTED');
  });
});
