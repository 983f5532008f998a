import { type Asn1Node, der, readAsn1 } from '@espalier/asn1';
import { type NameAttributeKey, nameAttributes } from './x509.oids.js';
import { X509Error } from './x509.error.js';
import { guardAsn1 } from './x509.guard.js';

/** One attribute of a name. */
export interface NameAttribute {
  /** Dotted object identifier. */
  readonly oid: string;
  /** Short name such as `CN`, or the dotted identifier where there is none. */
  readonly key: string;
  /** Text; `#` and hex of the DER where the value is no text (RFC 4514 §2.4). */
  readonly value: string;
}

/** A distinguished name as found in a certificate. */
export interface DistinguishedName {
  /** The DER, to compare names and to copy them unchanged. */
  readonly raw: Buffer;
  /** Outer list: relative names in encoded order; inner: the attributes of one (mostly one). */
  readonly relativeNames: readonly (readonly NameAttribute[])[];
}

/** `CN`, `O`, … or a dotted object identifier. */
export type NameKey = NameAttributeKey | `${number}.${string}`;

/**
 * A name to write: attributes in the order they are encoded (several values make several relative
 * names), or pairs where a key repeats out of order, or a parsed name, which is copied byte for byte.
 */
export type NameInput =
  | { readonly [K in NameKey]?: string | readonly string[] }
  | readonly (readonly [NameKey, string])[]
  | DistinguishedName;

const maxRelativeNames = 64;
const keysByOid = new Map<string, string>(
  Object.entries(nameAttributes).map(([key, dotted]) => [dotted, key]),
);

/** Writes a name as DER. */
export function encodeName(name: NameInput): Buffer {
  if (isParsedName(name)) return name.raw;
  const pairs = isPairs(name)
    ? name
    : Object.entries(name).flatMap(([key, values]) =>
        (typeof values === 'string' ? [values] : (values ?? [])).map((value) => [key, value] as const),
      );
  return guardAsn1('name', 'ESP_X509_VALUE', () => der.sequence(...pairs.map(encodeRelativeName)));
}

function isParsedName(name: NameInput): name is DistinguishedName {
  return 'raw' in name && Buffer.isBuffer(name.raw);
}

function isPairs(name: NameInput): name is readonly (readonly [NameKey, string])[] {
  return Array.isArray(name);
}

function encodeRelativeName([key, value]: readonly [string, string]): Buffer {
  const dotted = Object.hasOwn(nameAttributes, key) ? nameAttributes[key as NameAttributeKey] : key;
  if (value === '') throw new X509Error('ESP_X509_VALUE', `name attribute ${key} is empty`);
  return der.set(der.sequence(der.oid(dotted), encodeValue(dotted, value)));
}

/** String types as RFC 5280 Appendix A.1 and RFC 4519 ask: UTF8String but for these. */
function encodeValue(dotted: string, value: string): Buffer {
  switch (dotted) {
    case nameAttributes.C:
    case nameAttributes.serialNumber:
      return der.printableString(value);
    case nameAttributes.DC:
    case nameAttributes.emailAddress:
      return der.ia5String(value);
    default:
      return der.utf8String(value);
  }
}

/** Reads a name from its DER. */
export function parseName(bytes: Uint8Array): DistinguishedName {
  return guardAsn1('name', 'ESP_X509_MALFORMED', () => readName(readAsn1(bytes)));
}

/** Reads a name that is part of a larger structure. */
export function readName(node: Asn1Node): DistinguishedName {
  const sets = node.asSequence('name');
  if (sets.length > maxRelativeNames) throw new X509Error('ESP_X509_MALFORMED', 'the name is too long');
  return { raw: node.raw, relativeNames: sets.map((set) => set.asSet('relative name').map(readAttribute)) };
}

function readAttribute(node: Asn1Node): NameAttribute {
  const fields = node.fields('name attribute');
  const dotted = fields.next('type').asOid();
  const value = fields.next('value');
  return { oid: dotted, key: keysByOid.get(dotted) ?? dotted, value: readValue(value) };
}

function readValue(value: Asn1Node): string {
  return value.isText ? value.asText('name value') : `#${value.raw.toString('hex')}`;
}

/** The first value of an attribute (`nameValue(name, 'CN')`), or `undefined`. */
export function nameValue(name: DistinguishedName, key: NameKey): string | undefined {
  return nameValues(name, key)[0];
}

/** All values of an attribute in encoded order. */
export function nameValues(name: DistinguishedName, key: NameKey): readonly string[] {
  return name.relativeNames
    .flat()
    .filter((attribute) => attribute.key === key || attribute.oid === key)
    .map((attribute) => attribute.value);
}

/** The name as RFC 4514 text: last relative name first, `,` between, `+` within. */
export function formatName(name: DistinguishedName): string {
  return name.relativeNames
    .map((attributes) => attributes.map(({ key, value }) => `${key}=${escapeValue(value)}`).join('+'))
    .reverse()
    .join(',');
}

/** RFC 4514 §2.4; control characters are escaped too so that the text is safe in logs. */
function escapeValue(value: string): string {
  return value
    .replaceAll(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replaceAll(/[\p{Cc}\u2028\u2029]/gu, (char) =>
      [...Buffer.from(char, 'utf8')].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join(''),
    );
}
