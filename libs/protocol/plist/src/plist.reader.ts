import { isUtf8 } from 'node:buffer';
import { normalizeLineEnds } from './line-ends.js';
import { defaultPlistLimits, type PlistLimits } from './plist-limits.js';
import { PlistError } from './plist.error.js';
import type { PlistDict, PlistValue } from './plist-value.js';
import { decodeData, decodeDate, decodeInteger, decodeReal } from './scalar.decoder.js';
import { elements, type ElementName } from './xml-elements.js';
import { XmlScanner } from './xml.scanner.js';

/**
 * Reads an XML property list.
 *
 * Nothing outside the document is ever fetched and no entity is ever declared. Raw control characters other
 * than NUL are kept, although XML forbids them, because Apple's own writer puts them out unescaped.
 *
 * @param document UTF-8 bytes (a byte order mark is tolerated) or text
 * @param limits replace single limits of {@link defaultPlistLimits}
 * @throws PlistError for anything else than one well-formed property list within the limits
 */
export function parsePlist(document: Uint8Array | string, limits: Partial<PlistLimits> = {}): PlistValue {
  const inForce = { ...defaultPlistLimits, ...limits };
  const bytes = normalizeLineEnds(toBytes(document, inForce.maxBytes));
  return new PlistParser(bytes, inForce).document();
}

function toBytes(document: Uint8Array | string, maxBytes: number): Buffer {
  // A string has at most as many UTF-16 units as bytes: refuse before making a copy of it.
  if (document.length > maxBytes) throw tooLarge(maxBytes);
  if (typeof document === 'string') {
    const bytes = Buffer.from(document, 'utf8');
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  }
  return Buffer.isBuffer(document)
    ? document
    : Buffer.from(document.buffer, document.byteOffset, document.length);
}

function tooLarge(maxBytes: number): PlistError {
  return new PlistError(`The property list is larger than ${maxBytes} bytes`, 'limit');
}

class PlistParser {
  private readonly scanner: XmlScanner;
  private elementCount = 0;
  private depth = 0;

  constructor(
    private readonly bytes: Buffer,
    private readonly limits: PlistLimits,
  ) {
    this.scanner = new XmlScanner(bytes);
  }

  document(): PlistValue {
    const { scanner } = this;
    this.checkEncoding();
    if (!scanner.toTag()) scanner.fail('The property list is empty');
    scanner.skipDoctype();
    if (!scanner.toTag()) scanner.fail('The document ends before <plist>');
    if (scanner.open('ignored') !== elements.plist) scanner.fail('The document must begin with <plist>');
    if (scanner.isEmpty || !scanner.toTag() || scanner.atClosingTag) scanner.fail('<plist> holds no value');
    const value = this.value();
    if (!scanner.toTag()) scanner.fail('</plist> is missing');
    scanner.close(elements.plist);
    if (scanner.toTag()) scanner.fail('Something follows </plist>');
    return value;
  }

  private checkEncoding(): void {
    const { bytes, scanner } = this;
    if (bytes.toString('latin1', 0, 6) === 'bplist') {
      scanner.fail('Binary property lists are not supported: send XML', 'unsupported');
    }
    if (/^(?:\xfe\xff|\xff\xfe|\0<|<\0)/.test(bytes.toString('latin1', 0, 2))) {
      scanner.fail('UTF-16 property lists are not supported: send UTF-8', 'unsupported');
    }
    if (!isUtf8(bytes)) scanner.fail('The property list is not valid UTF-8', 'unsupported');
    const nul = bytes.indexOf(0);
    if (nul !== -1) scanner.fail('The property list holds a NUL character', 'syntax', nul);
    if (bytes.toString('latin1', 0, 3) === '\xef\xbb\xbf') scanner.position = 3;
    const declaration = /^<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([^"']{0,40})/.exec(
      bytes.toString('latin1', scanner.position, scanner.position + 256),
    );
    if (declaration !== null && !/^(?:utf-8|us-ascii)$/i.test(declaration[1] as string)) {
      scanner.fail(
        'Only UTF-8 property lists are supported, and this one declares another encoding',
        'unsupported',
      );
    }
  }

  /** Reads the value whose opening tag is at the position. */
  private value(): PlistValue {
    const { scanner } = this;
    const start = scanner.position;
    const element = this.open();
    switch (element) {
      case elements.string:
        return scanner.textOf(element);
      case elements.dict:
        return this.dict();
      case elements.array:
        return this.array();
      case elements.true:
      case elements.false:
        if (scanner.textOf(element).trim() !== '')
          scanner.fail(`<${element.name}> must be empty`, 'syntax', start);
        return element === elements.true;
      case elements.integer:
        return this.scalar(element, start, (text) => decodeInteger(text.trim()));
      case elements.real:
        return this.scalar(element, start, (text) => decodeReal(text.trim()));
      case elements.date:
        return this.scalar(element, start, (text) => decodeDate(text.trim()));
      case elements.data:
        return this.scalar(element, start, decodeData);
      default:
        return scanner.fail(`<${element.name}> is not a value`, 'syntax', start);
    }
  }

  private open(): ElementName {
    if (++this.elementCount > this.limits.maxElements) {
      this.scanner.fail(`The property list has more than ${this.limits.maxElements} elements`, 'limit');
    }
    return this.scanner.open();
  }

  private scalar<T>(element: ElementName, start: number, decode: (text: string) => T | undefined): T {
    const value = decode(this.scanner.textOf(element));
    return value ?? this.scanner.fail(`<${element.name}> does not hold a valid value`, 'syntax', start);
  }

  private dict(): PlistDict {
    const { scanner } = this;
    const dict = Object.create(null) as PlistDict;
    if (scanner.isEmpty) return dict;
    this.enter();
    while (this.hasMore(elements.dict)) {
      const start = scanner.position;
      if (this.open() !== elements.key)
        scanner.fail('A <dict> must alternate <key> and value', 'syntax', start);
      const key = scanner.key(elements.key);
      if (key in dict) scanner.fail(`The key ${shown(key)} stands twice in one <dict>`, 'syntax', start);
      if (!this.hasMore(elements.dict)) scanner.fail(`The key ${shown(key)} has no value`, 'syntax', start);
      dict[key] = this.value();
    }
    this.leave(elements.dict);
    return dict;
  }

  private array(): PlistValue[] {
    const array: PlistValue[] = [];
    if (this.scanner.isEmpty) return array;
    this.enter();
    while (this.hasMore(elements.array)) array.push(this.value());
    this.leave(elements.array);
    return array;
  }

  private hasMore(parent: ElementName): boolean {
    if (!this.scanner.toTag()) this.scanner.fail(`</${parent.name}> is missing`);
    return !this.scanner.atClosingTag;
  }

  private enter(): void {
    if (++this.depth > this.limits.maxDepth) {
      this.scanner.fail(`The property list is nested deeper than ${this.limits.maxDepth} levels`, 'limit');
    }
  }

  private leave(element: ElementName): void {
    this.scanner.close(element);
    this.depth--;
  }
}

function shown(key: string): string {
  return JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key);
}
