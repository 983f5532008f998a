import { cachedKey } from './key.cache.js';
import { PlistError, type PlistErrorKind } from './plist.error.js';
import { elementAt, startsWith, type ElementName } from './xml-elements.js';
import { decodeReference } from './xml.reference.js';

const lessThan = 0x3c;
const greaterThan = 0x3e;
const slash = 0x2f;
const ampersand = 0x26;
const longestShown = 20;

const commentStart = Buffer.from('<!--');
const commentEnd = Buffer.from('-->');
const instructionStart = Buffer.from('<?');
const instructionEnd = Buffer.from('?>');
const cdataStart = Buffer.from('<![CDATA[');
const cdataEnd = Buffer.from(']]>');
const doctypeStart = Buffer.from('<!DOCTYPE');

/** Moves over an XML document with normalised line ends: tags, text and what may stand between them. */
export class XmlScanner {
  /** Offset of the next byte to read. */
  position = 0;
  /** Whether the tag that {@link open} returned last was self-closing. */
  isEmpty = false;

  constructor(private readonly bytes: Buffer) {}

  fail(message: string, kind: PlistErrorKind = 'syntax', offset = this.position): never {
    let line = 1;
    for (let at = this.bytes.indexOf(0x0a); at !== -1 && at < offset; at = this.bytes.indexOf(0x0a, at + 1))
      line++;
    throw new PlistError(message, kind, offset, line);
  }

  /** Moves to the next tag, over white space, comments and processing instructions; false at the end. */
  toTag(): boolean {
    const { bytes } = this;
    for (;;) {
      while (isSpace(bytes[this.position])) this.position++;
      if (this.position >= bytes.length) return false;
      if (bytes[this.position] !== lessThan) this.fail('Text stands where only elements may');
      if (startsWith(bytes, this.position, commentStart)) this.skipPast(commentStart, commentEnd, 'comment');
      else if (startsWith(bytes, this.position, instructionStart)) {
        this.skipPast(instructionStart, instructionEnd, 'processing instruction');
      } else return true;
    }
  }

  /** Skips `<!DOCTYPE …>` if it is next. What it names is never fetched; declarations inside are refused. */
  skipDoctype(): void {
    const { bytes } = this;
    if (!startsWith(bytes, this.position, doctypeStart)) return;
    let quote = 0;
    for (let at = this.position; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (quote !== 0) quote = byte === quote ? 0 : quote;
      else if (byte === 0x22 || byte === 0x27) quote = byte;
      else if (byte === 0x5b) this.fail('Declarations inside the DOCTYPE are not allowed', 'unsupported', at);
      else if (byte === greaterThan) {
        this.position = at + 1;
        return;
      }
    }
    this.fail('The DOCTYPE is not closed');
  }

  get atClosingTag(): boolean {
    return this.bytes[this.position + 1] === slash;
  }

  /** Reads the opening tag at the position; says in {@link isEmpty} whether it closes itself. */
  open(attributes: 'none' | 'ignored' = 'none'): ElementName {
    const { bytes } = this;
    const element = elementAt(bytes, this.position + 1);
    if (element === undefined) this.failUnknownElement();
    let end = this.position + 1 + element.bytes.length;
    let byte = bytes[end];
    if (byte !== greaterThan) {
      if (byte !== slash && !isSpace(byte)) this.failUnknownElement();
      while (isSpace(bytes[end])) end++;
      if (attributes === 'ignored') end = this.endOfAttributes(end);
      byte = bytes[end];
    }
    this.isEmpty = byte === slash;
    if (this.isEmpty) end++;
    if (bytes[end] !== greaterThan) this.fail(`The tag <${element.name}> has attributes or is not closed`);
    this.position = end + 1;
    return element;
  }

  /** Reads the closing tag of this element, which must be next. */
  close(element: ElementName): void {
    const { bytes } = this;
    let end = this.position + 2;
    if (
      bytes[this.position] !== lessThan ||
      bytes[this.position + 1] !== slash ||
      !startsWith(bytes, end, element.bytes)
    ) {
      this.fail(`</${element.name}> is missing`);
    }
    end += element.bytes.length;
    while (isSpace(bytes[end])) end++;
    if (bytes[end] !== greaterThan) this.fail(`</${element.name}> is missing`);
    this.position = end + 1;
  }

  /** Reads the text of an element that {@link open} has just opened, and its closing tag. */
  textOf(element: ElementName): string {
    if (this.isEmpty) return '';
    const { bytes } = this;
    let text = '';
    for (;;) {
      const run = this.plainRun();
      text = text === '' ? run : text + run;
      const next = bytes[this.position];
      if (next === lessThan) {
        if (bytes[this.position + 1] === slash) break;
        if (startsWith(bytes, this.position, commentStart))
          this.skipPast(commentStart, commentEnd, 'comment');
        else if (startsWith(bytes, this.position, cdataStart)) text += this.cdata();
        else this.fail(`<${element.name}> may hold only text`);
      } else if (next === ampersand) text += this.reference();
      else this.fail(`</${element.name}> is missing`);
    }
    this.close(element);
    return text;
  }

  /** Like {@link textOf} for a `<key>`: plain ASCII keys come from a cache. */
  key(element: ElementName): string {
    const { bytes } = this;
    const start = this.position;
    let end = start;
    let hash = 0;
    let byte = bytes[end];
    while (byte !== undefined && byte >= 0x20 && byte < 0x7f && byte !== lessThan && byte !== ampersand) {
      hash = (hash * 31 + byte) | 0;
      byte = bytes[++end];
    }
    if (this.isEmpty || byte !== lessThan || bytes[end + 1] !== slash) return this.textOf(element);
    this.position = end;
    this.close(element);
    return cachedKey(bytes, start, end, hash);
  }

  /** Text up to the next `<` or `&`. */
  private plainRun(): string {
    const { bytes } = this;
    const start = this.position;
    const length = bytes.length;
    let end = start;
    let bits = 0;
    while (end < length) {
      const byte = bytes[end] as number;
      if (byte === lessThan || byte === ampersand) break;
      bits |= byte;
      end++;
    }
    this.position = end;
    if (end === start) return '';
    return bytes.toString(bits < 0x80 ? 'latin1' : 'utf8', start, end);
  }

  private cdata(): string {
    const start = this.position + cdataStart.length;
    this.skipPast(cdataStart, cdataEnd, 'CDATA section');
    return this.bytes.toString('utf8', start, this.position - cdataEnd.length);
  }

  private reference(): string {
    const end = this.bytes.indexOf(0x3b, this.position);
    const name = end === -1 || end - this.position > 12 ? undefined : this.shown(this.position + 1, end);
    const text = name === undefined ? undefined : decodeReference(name);
    if (text === undefined)
      this.fail('An entity is unknown or not closed; only the five of XML and &#…; are allowed');
    this.position = end + 1;
    return text;
  }

  private skipPast(start: Uint8Array, end: Uint8Array, what: string): void {
    const found = this.bytes.indexOf(end, this.position + start.length);
    if (found === -1) this.fail(`A ${what} is not closed`);
    this.position = found + end.length;
  }

  private endOfAttributes(from: number): number {
    let quote = 0;
    for (let at = from; at < this.bytes.length; at++) {
      const byte = this.bytes[at] as number;
      if (quote !== 0) quote = byte === quote ? 0 : quote;
      else if (byte === 0x22 || byte === 0x27) quote = byte;
      else if (byte === greaterThan || byte === slash) return at;
    }
    return this.bytes.length;
  }

  private failUnknownElement(): never {
    if (startsWith(this.bytes, this.position, doctypeStart))
      this.fail('The DOCTYPE may stand only once, before <plist>');
    if (this.position + 1 >= this.bytes.length) this.fail('The document ends inside a tag');
    let end = this.position + 1;
    while (end < this.bytes.length && end - this.position <= longestShown && isNameByte(this.bytes[end]))
      end++;
    this.fail(`<${this.shown(this.position + 1, end)}> is not an element of a property list`);
  }

  private shown(start: number, end: number): string {
    return this.bytes.toString('latin1', start, end);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x09;
}

function isNameByte(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte < 0x7f && byte !== greaterThan && byte !== slash;
}
