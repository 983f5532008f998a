import { Asn1Error } from './asn1.error.js';
import { type Header, readHeader, type ReadState } from './asn1.header.js';
import { tagClass, type TagClass, universalTag } from './asn1.tags.js';
import { FieldReader } from './field.reader.js';
import { decodeOid } from './oid.codec.js';
import { decodeText, isTextTag } from './text.codec.js';
import { decodeGeneralizedTime, decodeUtcTime } from './time.codec.js';

/**
 * One element. Every `as…` method checks the type and throws {@link Asn1Error} naming `what` where it
 * does not fit. Made by `readAsn1`.
 */
export class Asn1Node {
  #children: readonly Asn1Node[] | undefined;

  private constructor(
    private readonly state: ReadState,
    private readonly header: Header,
    private readonly start: number,
    private readonly contentEnd: number,
    /** Where the next element starts, as offset in the input. */
    readonly end: number,
    private readonly depth: number,
    children?: readonly Asn1Node[],
  ) {
    this.#children = children;
  }

  /** Reads the element that starts at `at` and must not pass `limit`. Use `readAsn1` instead. */
  static read(state: ReadState, at: number, limit: number, depth: number): Asn1Node {
    if (depth > state.maxDepth) {
      throw new Asn1Error('ESP_ASN1_LIMIT', `elements are nested deeper than ${state.maxDepth}`);
    }
    if (--state.nodesLeft < 0) throw new Asn1Error('ESP_ASN1_LIMIT', 'too many elements');
    const header = readHeader(state, at, limit);
    if (header.length === undefined) {
      const { children, end } = readUntilEndOfContents(state, header.contentStart, limit, depth + 1);
      return new Asn1Node(state, header, at, end - 2, end, depth, children);
    }
    const end = header.contentStart + header.length;
    if (end > limit) throw new Asn1Error('ESP_ASN1_MALFORMED', 'an element is longer than what holds it');
    return new Asn1Node(state, header, at, end, end, depth);
  }

  get tagClass(): TagClass {
    return this.header.tagClass;
  }

  get tag(): number {
    return this.header.tag;
  }

  get constructed(): boolean {
    return this.header.constructed;
  }

  /** True where the length was given by an end-of-contents mark (BER only). */
  get indefinite(): boolean {
    return this.header.length === undefined;
  }

  /** Identifier, length and content: a view on the input. */
  get raw(): Buffer {
    return this.state.bytes.subarray(this.start, this.end);
  }

  /** The content octets without identifier, length and end mark: a view on the input. */
  get content(): Buffer {
    return this.state.bytes.subarray(this.header.contentStart, this.contentEnd);
  }

  /** The elements inside a constructed element. */
  get children(): readonly Asn1Node[] {
    this.#children ??= this.readChildren();
    return this.#children;
  }

  isUniversal(tag: number): boolean {
    return this.header.tag === tag && this.header.tagClass === tagClass.universal;
  }

  isContext(tag: number): boolean {
    return this.header.tag === tag && this.header.tagClass === tagClass.context;
  }

  /** True where `asText` can read this element. */
  get isText(): boolean {
    const { tagClass: ownClass, tag, constructed } = this.header;
    return ownClass === tagClass.universal && !constructed && isTextTag(tag);
  }

  asSequence(what = 'SEQUENCE'): readonly Asn1Node[] {
    this.expect(universalTag.sequence, what);
    return this.children;
  }

  asSet(what = 'SET'): readonly Asn1Node[] {
    this.expect(universalTag.set, what);
    return this.children;
  }

  /** The fields of a SEQUENCE, to be taken one after the other. */
  fields(what = 'SEQUENCE'): FieldReader {
    return new FieldReader(this.asSequence(what), what);
  }

  /** The one element inside an explicit tag `[tag]`. */
  asExplicit(tag: number, what = `[${tag}]`): Asn1Node {
    const inner = this.isContext(tag) ? this.children : [];
    const [only] = inner;
    if (only === undefined || inner.length !== 1) throw this.unexpected(what);
    return only;
  }

  asOid(what = 'OBJECT IDENTIFIER'): string {
    this.expect(universalTag.objectIdentifier, what);
    return decodeOid(this.primitiveContent(what));
  }

  /** The two's complement content octets of an INTEGER: a serial number as it is on the wire. */
  asIntegerBytes(what = 'INTEGER'): Buffer {
    this.expect(universalTag.integer, what);
    const content = this.primitiveContent(what);
    const [first, second = 0] = content;
    if (first === undefined) throw new Asn1Error('ESP_ASN1_MALFORMED', `${what} is empty`);
    const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
    if (content.length > 1 && padded) throw new Asn1Error('ESP_ASN1_MALFORMED', `${what} is padded`);
    return content;
  }

  /** An INTEGER of at most 1,024 bytes. */
  asInteger(what = 'INTEGER'): bigint {
    const content = this.asIntegerBytes(what);
    if (content.length > 1024) throw new Asn1Error('ESP_ASN1_LIMIT', `${what} is too large`);
    return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`));
  }

  /** An INTEGER that fits 6 bytes, as a number: versions, counts, lengths. */
  asNumber(what = 'INTEGER'): number {
    const content = this.asIntegerBytes(what);
    if (content.length > 6) throw new Asn1Error('ESP_ASN1_LIMIT', `${what} is too large`);
    return content.readIntBE(0, content.length);
  }

  /** An OCTET STRING; the pieces of a constructed one (BER) are joined. */
  asOctets(what = 'OCTET STRING'): Buffer {
    this.expect(universalTag.octetString, what);
    return this.joinOctets(what);
  }

  /** `[tag] IMPLICIT OCTET STRING`, primitive or in pieces. */
  asImplicitOctets(tag: number, what = `[${tag}]`): Buffer {
    if (!this.isContext(tag)) throw this.unexpected(what);
    return this.joinOctets(what);
  }

  /** A BIT STRING; `unusedBits` of the last byte do not count. */
  asBits(what = 'BIT STRING'): { readonly bytes: Buffer; readonly unusedBits: number } {
    this.expect(universalTag.bitString, what);
    const content = this.primitiveContent(what);
    const unusedBits = content[0];
    if (unusedBits === undefined || unusedBits > 7 || (unusedBits > 0 && content.length === 1)) {
      throw new Asn1Error('ESP_ASN1_MALFORMED', `${what} has a wrong count of unused bits`);
    }
    return { bytes: content.subarray(1), unusedBits };
  }

  /** A BIT STRING of whole bytes: keys and signatures. */
  asBitBytes(what = 'BIT STRING'): Buffer {
    const { bytes, unusedBits } = this.asBits(what);
    if (unusedBits !== 0) throw this.unexpected(what);
    return bytes;
  }

  /** Any of the string types. */
  asText(what = 'string'): string {
    if (!this.isText) throw this.unexpected(what);
    return decodeText(this.header.tag, this.content);
  }

  /** UTCTime or GeneralizedTime. */
  asTime(what = 'time'): Date {
    if (this.isUniversal(universalTag.utcTime)) {
      return decodeUtcTime(this.primitiveContent(what).toString('latin1'));
    }
    this.expect(universalTag.generalizedTime, what);
    return decodeGeneralizedTime(this.primitiveContent(what).toString('latin1'));
  }

  asBoolean(what = 'BOOLEAN'): boolean {
    this.expect(universalTag.boolean, what);
    const content = this.primitiveContent(what);
    const [value] = content;
    if (value === undefined || content.length !== 1 || (!this.state.ber && value !== 0 && value !== 0xff)) {
      throw new Asn1Error('ESP_ASN1_MALFORMED', `${what} is no BOOLEAN value`);
    }
    return value !== 0;
  }

  /** The error to throw where this element is not `what`. */
  unexpected(what: string): Asn1Error {
    const found = `${['universal', 'application', 'context', 'private'][this.tagClass]} tag ${this.tag}`;
    return new Asn1Error('ESP_ASN1_UNEXPECTED', `expected ${what}, found ${found}`);
  }

  private expect(tag: number, what: string): void {
    if (!this.isUniversal(tag)) throw this.unexpected(what);
  }

  private primitiveContent(what: string): Buffer {
    if (this.header.constructed) throw this.unexpected(`primitive ${what}`);
    return this.content;
  }

  private joinOctets(what: string): Buffer {
    if (!this.header.constructed) return this.content;
    // DER has no string in pieces (X.690 §10.2).
    if (!this.state.ber) throw this.unexpected(`primitive ${what}`);
    return Buffer.concat(this.children.map((piece) => piece.asOctets(what)));
  }

  private readChildren(): readonly Asn1Node[] {
    if (!this.header.constructed) throw this.unexpected('a constructed element');
    const children: Asn1Node[] = [];
    for (let at = this.header.contentStart; at < this.contentEnd;) {
      const child = Asn1Node.read(this.state, at, this.contentEnd, this.depth + 1);
      children.push(child);
      at = child.end;
    }
    return children;
  }
}

/** Finding the end of an indefinite element visits what is inside, so the children are kept. */
function readUntilEndOfContents(
  state: ReadState,
  start: number,
  limit: number,
  depth: number,
): { children: Asn1Node[]; end: number } {
  const children: Asn1Node[] = [];
  for (let at = start; ;) {
    if (state.bytes[at] === 0 && state.bytes[at + 1] === 0 && at + 2 <= limit) {
      return { children, end: at + 2 };
    }
    const child = Asn1Node.read(state, at, limit, depth);
    children.push(child);
    at = child.end;
  }
}
