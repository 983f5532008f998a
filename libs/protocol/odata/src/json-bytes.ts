const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_ASCII = 0x7e;
/** UTF-16 units take at most so many bytes of UTF-8. */
const BYTES_PER_UNIT = 3;
/** From here on the engine's own copy is faster than a loop. */
const LONG = 64;
const NULL = Buffer.from('null');

/**
 * JSON that grows as bytes. A long text put together of thousands of small ones costs the engine more to put together,
 * to flatten and to encode than all that stands in it: here each byte is written once, where it is sent from.
 */
export class JsonBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param expected how many bytes it is likely to become; it grows beyond */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(expected, LONG));
  }

  get length(): number {
    return this.#length;
  }

  /** What is JSON as it stands. */
  raw(json: Uint8Array): this {
    const { length } = json;
    const bytes = this.#room(length);
    if (length > LONG) bytes.set(json, this.#length);
    else for (let i = 0; i < length; i++) bytes[this.#length + i] = json[i] as number;
    this.#length += length;
    return this;
  }

  /** As `raw`, from text. */
  json(text: string): this {
    this.#length += this.#room(text.length * BYTES_PER_UNIT).write(text, this.#length);
    return this;
  }

  string(text: string): this {
    this.#room(text.length + 2)[this.#length++] = QUOTE;
    this.inside(text);
    this.#room(1)[this.#length++] = QUOTE;
    return this;
  }

  /** A part of a string: as `string`, without the quotes around it. */
  inside(text: string): this {
    const { length } = text;
    const bytes = this.#room(length);
    let at = this.#length;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < FIRST_PRINTABLE || unit > LAST_ASCII || unit === QUOTE || unit === BACKSLASH)
        return this.json(JSON.stringify(text).slice(1, -1));
      bytes[at++] = unit;
    }
    this.#length = at;
    return this;
  }

  /** Whatever JSON.stringify takes; undefined is null. */
  value(value: unknown): this {
    if (typeof value === 'string') return this.string(value);
    if (value === null || value === undefined) return this.raw(NULL);
    // Digits have nothing to escape.
    if (typeof value === 'number' && Number.isFinite(value)) return this.inside(String(value));
    return this.json(JSON.stringify(value) ?? 'null');
  }

  /** All that was written; nothing more is. */
  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(more: number): Buffer {
    const needed = this.#length + more;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}
