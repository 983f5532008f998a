import { Asn1Error } from './asn1.error.js';

const maxOidBytes = 128;

/** Reads the content octets of an OBJECT IDENTIFIER as dotted text (X.690 §8.19). */
export function decodeOid(content: Uint8Array): string {
  if (content.length === 0 || content.length > maxOidBytes) {
    throw new Asn1Error('ESP_ASN1_MALFORMED', `object identifier has ${content.length} bytes`);
  }
  const arcs: string[] = [];
  let arc = 0;
  let bigArc: bigint | undefined;
  let arcStarts = true;
  for (const octet of content) {
    if (arcStarts && octet === 0x80) {
      throw new Asn1Error('ESP_ASN1_MALFORMED', 'object identifier arc is padded');
    }
    // Arcs such as 2.25.<UUID> pass 2^53; everything else stays on the fast path.
    if (bigArc === undefined && arc > 0x3fffffffffff) bigArc = BigInt(arc);
    if (bigArc === undefined) arc = arc * 128 + (octet & 0x7f);
    else bigArc = bigArc * 128n + BigInt(octet & 0x7f);
    arcStarts = (octet & 0x80) === 0;
    if (!arcStarts) continue;
    if (arcs.length > 0) arcs.push((bigArc ?? arc).toString());
    else if (bigArc !== undefined) arcs.push('2', (bigArc - 80n).toString());
    else arcs.push(...firstTwoArcs(arc));
    arc = 0;
    bigArc = undefined;
  }
  if (!arcStarts) throw new Asn1Error('ESP_ASN1_MALFORMED', 'object identifier ends inside an arc');
  return arcs.join('.');
}

function firstTwoArcs(combined: number): [string, string] {
  const root = combined < 40 ? 0 : combined < 80 ? 1 : 2;
  return [root.toString(), (combined - root * 40).toString()];
}

/** Writes dotted text as the content octets of an OBJECT IDENTIFIER. */
export function encodeOid(oid: string): Buffer {
  const [first, second, ...rest] = parseArcs(oid);
  if (first === undefined || second === undefined || first > 2n || (first < 2n && second > 39n)) {
    throw new Asn1Error('ESP_ASN1_VALUE', `"${oid}" is not an object identifier`);
  }
  const octets: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const groups = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) groups.unshift(Number(left & 0x7fn) | 0x80);
    octets.push(...groups);
  }
  return Buffer.from(octets);
}

function parseArcs(oid: string): bigint[] {
  if (oid.length > maxOidBytes * 3 || !/^\d+(\.\d+)+$/.test(oid)) {
    throw new Asn1Error('ESP_ASN1_VALUE', `"${oid.slice(0, 64)}" is not an object identifier`);
  }
  return oid.split('.').map(BigInt);
}
