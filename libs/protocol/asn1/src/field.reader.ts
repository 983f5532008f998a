import { Asn1Error } from './asn1.error.js';
import type { Asn1Node } from './asn1.node.js';

/** Takes the fields of a SEQUENCE in order; optional ones are recognised by their tag. */
export class FieldReader {
  #position = 0;

  constructor(
    private readonly nodes: readonly Asn1Node[],
    private readonly what: string,
  ) {}

  /** The next field, which must be there. */
  next(field: string): Asn1Node {
    const node = this.nodes[this.#position++];
    if (node === undefined) {
      throw new Asn1Error('ESP_ASN1_UNEXPECTED', `${this.what} ends before ${field}`);
    }
    return node;
  }

  /** The next field where it has the universal tag. */
  optional(tag: number): Asn1Node | undefined {
    return this.optionalIf((node) => node.isUniversal(tag));
  }

  /** The next field where it has the context tag. */
  optionalContext(tag: number): Asn1Node | undefined {
    return this.optionalIf((node) => node.isContext(tag));
  }

  /** Throws where fields are left: for structures that allow no extension. */
  end(): void {
    if (this.#position < this.nodes.length) {
      throw new Asn1Error('ESP_ASN1_UNEXPECTED', `${this.what} has more fields than expected`);
    }
  }

  private optionalIf(fits: (node: Asn1Node) => boolean): Asn1Node | undefined {
    const node = this.nodes[this.#position];
    if (node === undefined || !fits(node)) return undefined;
    this.#position++;
    return node;
  }
}
