import { Asn1Error } from './asn1.error.js';
import { constructedBit, universalTag } from './asn1.tags.js';
import { encodeOid } from './oid.codec.js';
import { encodeGeneralizedTime, encodeUtcTime, fitsUtcTime } from './time.codec.js';

/** An encoded element, or `undefined` for an optional one that is left out. */
export type OptionalElement = Uint8Array | undefined;

const contextClass = 0x80;
// PrintableString (X.680 §41.4).
const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return [0x80 | octets.length, ...octets];
}

function tlv(identifier: number, ...content: readonly OptionalElement[]): Buffer {
  const parts = content.filter((part) => part !== undefined);
  const length = parts.reduce((total, part) => total + part.length, 0);
  const header = Buffer.from([identifier, ...encodeLength(length)]);
  return Buffer.concat([header, ...parts], header.length + length);
}

function contextIdentifier(tag: number, constructed: boolean): number {
  if (!Number.isInteger(tag) || tag < 0 || tag > 30) {
    throw new Asn1Error('ESP_ASN1_VALUE', `context tag ${tag} is not between 0 and 30`);
  }
  return contextClass | (constructed ? constructedBit : 0) | tag;
}

function integerContent(value: bigint | number | Uint8Array): Buffer {
  if (value instanceof Uint8Array) return unsignedContent(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Asn1Error('ESP_ASN1_VALUE', `${value} is not an exact integer`);
  }
  const big = BigInt(value);
  let octets = 1;
  while (BigInt.asIntN(octets * 8, big) !== big) octets++;
  const hex = BigInt.asUintN(octets * 8, big)
    .toString(16)
    .padStart(octets * 2, '0');
  return Buffer.from(hex, 'hex');
}

function unsignedContent(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const magnitude = bytes.subarray(start);
  return (magnitude[0] ?? 0x80) >= 0x80
    ? Buffer.concat([Uint8Array.of(0), magnitude])
    : Buffer.from(magnitude);
}

/**
 * Writes DER. Every function returns a whole element (identifier, length, content);
 * `undefined` among the elements of a sequence, set or explicit tag is skipped, for optional fields.
 */
export const der = {
  /** Any element, by its identifier octet. */
  tlv,

  sequence: (...elements: readonly OptionalElement[]): Buffer =>
    tlv(universalTag.sequence | constructedBit, ...elements),

  /** SET OF, sorted as DER asks (X.690 §11.6). */
  set: (...elements: readonly OptionalElement[]): Buffer =>
    tlv(
      universalTag.set | constructedBit,
      ...elements.filter((element) => element !== undefined).sort((a, b) => Buffer.compare(a, b)),
    ),

  oid: (dotted: string): Buffer => tlv(universalTag.objectIdentifier, encodeOid(dotted)),

  /** Bytes are an unsigned magnitude: leading zeros go, and one is put where the top bit is set. */
  integer: (value: bigint | number | Uint8Array): Buffer => tlv(universalTag.integer, integerContent(value)),

  octetString: (bytes: Uint8Array): Buffer => tlv(universalTag.octetString, bytes),

  bitString: (bytes: Uint8Array, unusedBits = 0): Buffer =>
    tlv(universalTag.bitString, Uint8Array.of(unusedBits), bytes),

  /** Named bits, such as key usage: bit numbers to a BIT STRING without trailing zeros (X.690 §11.2.2). */
  namedBits(bits: readonly number[]): Buffer {
    const highest = Math.max(-1, ...bits);
    const bytes = new Uint8Array(Math.floor(highest / 8) + 1);
    for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
    return der.bitString(bytes, highest < 0 ? 0 : 7 - (highest & 7));
  },

  utf8String: (text: string): Buffer => tlv(universalTag.utf8String, Buffer.from(text, 'utf8')),

  printableString(text: string): Buffer {
    if (!printable.test(text)) throw new Asn1Error('ESP_ASN1_VALUE', 'the text does not fit PrintableString');
    return tlv(universalTag.printableString, Buffer.from(text, 'latin1'));
  },

  ia5String(text: string): Buffer {
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.some((byte) => byte > 0x7f)) {
      throw new Asn1Error('ESP_ASN1_VALUE', 'the text does not fit IA5String');
    }
    return tlv(universalTag.ia5String, bytes);
  },

  utcTime: (date: Date): Buffer => tlv(universalTag.utcTime, Buffer.from(encodeUtcTime(date), 'latin1')),

  generalizedTime: (date: Date): Buffer =>
    tlv(universalTag.generalizedTime, Buffer.from(encodeGeneralizedTime(date), 'latin1')),

  /** UTCTime up to 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
  time: (date: Date): Buffer => (fitsUtcTime(date) ? der.utcTime(date) : der.generalizedTime(date)),

  boolean: (value: boolean): Buffer => tlv(universalTag.boolean, Uint8Array.of(value ? 0xff : 0)),

  null: (): Buffer => tlv(universalTag.null),

  /** `[tag] EXPLICIT`: the elements stay whole inside. */
  explicit: (tag: number, ...elements: readonly OptionalElement[]): Buffer =>
    tlv(contextIdentifier(tag, true), ...elements),

  /** `[tag] IMPLICIT`: replaces the identifier of a whole element and keeps its form. */
  implicit(tag: number, element: Uint8Array): Buffer {
    const [identifier] = element;
    if (identifier === undefined || (identifier & 0x1f) === 0x1f) {
      throw new Asn1Error('ESP_ASN1_VALUE', 'only an element with a low tag number can be re-tagged');
    }
    const retagged = Buffer.from(element);
    retagged[0] = contextIdentifier(tag, (identifier & constructedBit) !== 0);
    return retagged;
  },
} as const;
