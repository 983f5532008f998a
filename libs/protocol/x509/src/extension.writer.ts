import { createHash } from 'node:crypto';
import { der, readAsn1 } from '@espalier/asn1';
import { type ExtendedKeyUsage, extendedKeyUsages, type KeyUsage, keyUsages, oid } from './x509.oids.js';
import { parseIpAddress } from './ip-address.codec.js';

/** Alternative names to write. */
export interface SubjectAltNameInput {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly uri?: readonly string[];
  readonly email?: readonly string[];
}

/** Extensions to write. Basic constraints and key usage are marked critical (RFC 5280 §4.2.1). */
export interface ExtensionsInput {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: readonly KeyUsage[];
  readonly extendedKeyUsage?: readonly ExtendedKeyUsage[];
  readonly subjectAltName?: SubjectAltNameInput;
  /** Default true: derived from the key. Bytes to set it, false to leave it out. */
  readonly subjectKeyId?: boolean | Buffer;
  /** Bytes of the issuer's subject key id. Taken from `issuer` where that is a certificate. */
  readonly authorityKeyId?: Buffer;
}

/** The elements of `Extensions`, without their SEQUENCE. */
export function encodeExtensions(input: ExtensionsInput, spki: Buffer | undefined): Buffer[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectAltName, authorityKeyId } = input;
  const subjectKeyId = input.subjectKeyId ?? true;
  const keyId = Buffer.isBuffer(subjectKeyId) ? subjectKeyId : subjectKeyId && spki && keyIdentifier(spki);
  // GeneralNames may not be empty (RFC 5280 §4.2.1.6): a request without names passes through.
  const hasAltName = Object.values(subjectAltName ?? {}).some((names) => names.length > 0);
  const extensions = [
    basicConstraints && extension(oid.basicConstraints, true, encodeBasicConstraints(basicConstraints)),
    keyUsage && extension(oid.keyUsage, true, encodeKeyUsage(keyUsage)),
    extendedKeyUsage && extension(oid.extendedKeyUsage, false, encodeExtendedKeyUsage(extendedKeyUsage)),
    subjectAltName && hasAltName && extension(oid.subjectAltName, false, encodeAltName(subjectAltName)),
    keyId && extension(oid.subjectKeyId, false, der.octetString(keyId)),
    authorityKeyId &&
      extension(oid.authorityKeyId, false, der.sequence(der.implicit(0, der.octetString(authorityKeyId)))),
  ];
  return extensions.filter((element) => Buffer.isBuffer(element));
}

/** First 160 bits of the SHA-256 of the public key bits (RFC 7093 §2 method 1). */
export function keyIdentifier(spki: Buffer): Buffer {
  const bits = readAsn1(spki).asSequence('public key')[1]?.asBitBytes('public key bits') ?? spki;
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

function extension(dotted: string, critical: boolean, value: Buffer): Buffer {
  return der.sequence(der.oid(dotted), critical ? der.boolean(true) : undefined, der.octetString(value));
}

function encodeBasicConstraints({ ca, pathLength }: { ca: boolean; pathLength?: number }): Buffer {
  return der.sequence(
    ca ? der.boolean(true) : undefined,
    ca && pathLength !== undefined ? der.integer(pathLength) : undefined,
  );
}

function encodeKeyUsage(usages: readonly KeyUsage[]): Buffer {
  return der.namedBits(usages.map((usage) => keyUsages.indexOf(usage)));
}

function encodeExtendedKeyUsage(usages: readonly ExtendedKeyUsage[]): Buffer {
  return der.sequence(
    ...usages.map((usage) => {
      const known: Readonly<Record<string, string>> = extendedKeyUsages;
      return der.oid(known[usage] ?? usage);
    }),
  );
}

function encodeAltName(names: SubjectAltNameInput): Buffer {
  const texts = (tag: number, values: readonly string[] = []): Buffer[] =>
    values.map((value) => der.implicit(tag, der.ia5String(value)));
  return der.sequence(
    ...texts(1, names.email),
    ...texts(2, names.dns),
    ...texts(6, names.uri),
    ...(names.ip ?? []).map((ip) => der.implicit(7, der.octetString(parseIpAddress(ip)))),
  );
}
