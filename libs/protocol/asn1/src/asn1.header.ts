import { Asn1Error } from './asn1.error.js';
import type { TagClass } from './asn1.tags.js';

/** What all nodes of one input share. `nodesLeft` counts down so that re-reading cannot pass the cap. */
export interface ReadState {
  readonly bytes: Buffer;
  readonly ber: boolean;
  readonly maxDepth: number;
  nodesLeft: number;
}

/** Identifier and length of an element, and where its content starts. */
export interface Header {
  readonly tagClass: TagClass;
  readonly tag: number;
  readonly constructed: boolean;
  readonly contentStart: number;
  /** `undefined` for the indefinite form. */
  readonly length: number | undefined;
}

/** Reads the identifier and length octets at `at` (X.690 §8.1.2, §8.1.3). */
export function readHeader(state: ReadState, at: number, limit: number): Header {
  let position = at;
  const next = (): number => {
    const octet = position < limit ? state.bytes[position++] : undefined;
    if (octet === undefined) throw new Asn1Error('ESP_ASN1_MALFORMED', 'the input ends inside an element');
    return octet;
  };
  const identifier = next();
  const constructed = (identifier & 0x20) !== 0;
  let tag = identifier & 0x1f;
  if (tag === 0x1f) tag = readHighTag(next);
  const length = readLength(next, state.ber);
  if (length === undefined && !constructed) {
    throw new Asn1Error('ESP_ASN1_MALFORMED', 'a primitive element has no length');
  }
  return { tagClass: (identifier >> 6) as TagClass, tag, constructed, contentStart: position, length };
}

/** Tag numbers from 31 on (X.690 §8.1.2.4), as Apple's attestation extensions use them. */
function readHighTag(next: () => number): number {
  let tag = 0;
  for (let octets = 0; octets < 4; octets++) {
    const octet = next();
    tag = tag * 128 + (octet & 0x7f);
    if ((octet & 0x80) === 0) return tag;
  }
  throw new Asn1Error('ESP_ASN1_MALFORMED', 'a tag number is too large');
}

function readLength(next: () => number, ber: boolean): number | undefined {
  const first = next();
  if (first < 0x80) return first;
  if (first === 0x80) {
    if (!ber) throw new Asn1Error('ESP_ASN1_MALFORMED', 'an indefinite length is not DER');
    return undefined;
  }
  const octets = first & 0x7f;
  if (octets > 6) throw new Asn1Error('ESP_ASN1_MALFORMED', 'a length is too large');
  let length = 0;
  for (let read = 0; read < octets; read++) length = length * 256 + next();
  const shortest = length < 0x80 ? 0 : Math.ceil((32 - Math.clz32(length)) / 8);
  if (!ber && length <= 0xffffffff && shortest !== octets) {
    throw new Asn1Error('ESP_ASN1_MALFORMED', 'a padded length is not DER');
  }
  return length;
}
