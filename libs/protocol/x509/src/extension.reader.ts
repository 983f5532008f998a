import { type Asn1Node, readAsn1, universalTag } from '@espalier/asn1';
import { type KeyUsage, keyUsages, oid } from './x509.oids.js';
import { formatIpAddress } from './ip-address.codec.js';
import { X509Error } from './x509.error.js';

/** An extension as found: the value is the DER inside the OCTET STRING. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Extensions by dotted object identifier. */
export type Extensions = ReadonlyMap<string, Extension>;

/** Alternative names of a subject by kind (RFC 5280 §4.2.1.6); kinds not listed are left out. */
export interface SubjectAltName {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly uri: readonly string[];
  readonly email: readonly string[];
}

const maxExtensions = 64;
const maxAltNames = 256;
const noAltName: SubjectAltName = { dns: [], ip: [], uri: [], email: [] };

/** Reads `Extensions` (RFC 5280 §4.1.2.9). One that occurs twice is refused. */
export function readExtensions(node: Asn1Node | undefined): Extensions {
  const found = new Map<string, Extension>();
  for (const entry of node?.asSequence('extensions') ?? []) {
    const fields = entry.fields('extension');
    const dotted = fields.next('extension id').asOid();
    const critical = fields.optional(universalTag.boolean)?.asBoolean() ?? false;
    const value = fields.next('extension value').asOctets();
    if (found.has(dotted)) throw new X509Error('ESP_X509_MALFORMED', `extension ${dotted} occurs twice`);
    found.set(dotted, { critical, value });
    if (found.size > maxExtensions) throw new X509Error('ESP_X509_MALFORMED', 'too many extensions');
  }
  return found;
}

/** Basic constraints: whether this is a CA, and how many CAs may follow below it. */
export function readBasicConstraints(extensions: Extensions): {
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
} {
  const node = extensionNode(extensions, oid.basicConstraints);
  if (node === undefined) return { isCa: false, pathLength: undefined };
  const fields = node.fields('basic constraints');
  const isCa = fields.optional(universalTag.boolean)?.asBoolean() ?? false;
  return { isCa, pathLength: fields.optional(universalTag.integer)?.asNumber() };
}

/** `undefined` where the extension is missing: then every usage is allowed. */
export function readKeyUsage(extensions: Extensions): readonly KeyUsage[] | undefined {
  const bits = extensionNode(extensions, oid.keyUsage)?.asBits('key usage').bytes;
  return bits && keyUsages.filter((_, bit) => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** Dotted identifiers; `undefined` where the extension is missing. */
export function readExtendedKeyUsage(extensions: Extensions): readonly string[] | undefined {
  return extensionNode(extensions, oid.extendedKeyUsage)
    ?.asSequence('extended key usage')
    .map((usage) => usage.asOid());
}

export function readSubjectKeyId(extensions: Extensions): Buffer | undefined {
  return extensionNode(extensions, oid.subjectKeyId)?.asOctets('subject key id');
}

export function readAuthorityKeyId(extensions: Extensions): Buffer | undefined {
  return extensionNode(extensions, oid.authorityKeyId)
    ?.fields('authority key id')
    .optionalContext(0)
    ?.asImplicitOctets(0);
}

export function readSubjectAltName(extensions: Extensions): SubjectAltName {
  const names = extensionNode(extensions, oid.subjectAltName)?.asSequence('subject alternative name');
  if (names === undefined) return noAltName;
  if (names.length > maxAltNames) throw new X509Error('ESP_X509_MALFORMED', 'too many alternative names');
  const texts = (tag: number): string[] =>
    names.filter((name) => name.isContext(tag)).map((name) => name.asImplicitOctets(tag).toString('latin1'));
  return {
    email: texts(1),
    dns: texts(2),
    uri: texts(6),
    ip: names.filter((name) => name.isContext(7)).map((name) => formatIpAddress(name.asImplicitOctets(7))),
  };
}

function extensionNode(extensions: Extensions, dotted: string): Asn1Node | undefined {
  const extension = extensions.get(dotted);
  return extension && readAsn1(extension.value);
}
