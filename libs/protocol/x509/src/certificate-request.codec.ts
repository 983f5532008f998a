import type { KeyObject } from 'node:crypto';
import { type Asn1Node, der, readAsn1 } from '@espalier/asn1';
import { type DistinguishedName, encodeName, type NameInput, readName } from './distinguished-name.codec.js';
import {
  type Extensions,
  readExtensions,
  readSubjectAltName,
  type SubjectAltName,
} from './extension.reader.js';
import { encodeExtensions, type SubjectAltNameInput } from './extension.writer.js';
import { oid } from './x509.oids.js';
import { exportSpki, importSpki } from './public-key.codec.js';
import { readSignatureScheme, signData, verifySignature } from './signature-algorithm.codec.js';
import { X509Error } from './x509.error.js';
import { guardAsn1 } from './x509.guard.js';

/** A certification request whose signature was checked: the sender holds the private key. */
export interface CertificateRequest {
  readonly raw: Buffer;
  readonly subject: DistinguishedName;
  /** SubjectPublicKeyInfo DER. */
  readonly spki: Buffer;
  /** The key to certify, imported. */
  readonly publicKey: KeyObject;
  /** The SCEP challenge (RFC 2985 §5.4.1). A secret: never log it. */
  readonly challengePassword: string | undefined;
  readonly subjectAltName: SubjectAltName;
  /** Extensions asked for (RFC 2985 §5.4.2); the CA decides. */
  readonly requestedExtensions: Extensions;
}

const maxRequestBytes = 64 * 1024;
const maxAttributes = 64;

/**
 * Reads a PKCS#10 request (RFC 2986) and checks its signature. SHA-1 is accepted here: it proves only
 * possession of the key, and device clients still use it.
 * @throws X509Error
 */
export function parseCsr(bytes: Uint8Array): CertificateRequest {
  return guardAsn1('certificate request', 'ESP_X509_MALFORMED', () => {
    const outer = readAsn1(bytes, { maxBytes: maxRequestBytes, maxNodes: 8192 });
    const fields = outer.fields('certificate request');
    const info = fields.next('request info');
    const scheme = readSignatureScheme(fields.next('signature algorithm'));
    const signature = fields.next('signature').asBitBytes();
    fields.end();
    const request = { ...readInfo(info), raw: outer.raw };
    if (!verifySignature({ scheme, key: request.publicKey, data: info.raw, signature })) {
      throw new X509Error('ESP_X509_SIGNATURE', 'the signature of the certificate request does not hold');
    }
    return request;
  });
}

function readInfo(info: Asn1Node): Omit<CertificateRequest, 'raw'> {
  const fields = info.fields('request info');
  fields.next('version').asNumber();
  const subject = readName(fields.next('subject'));
  const spki = fields.next('public key').raw;
  const attributes = readAttributes(fields.optionalContext(0));
  const requestedExtensions = readExtensions(attributes.get(oid.extensionRequest));
  return {
    subject,
    spki,
    publicKey: importSpki(spki),
    challengePassword: attributes.get(oid.challengePassword)?.asText('challenge password'),
    subjectAltName: readSubjectAltName(requestedExtensions),
    requestedExtensions,
  };
}

/** Attributes by identifier; both that matter here are single-valued. */
function readAttributes(node: Asn1Node | undefined): ReadonlyMap<string, Asn1Node> {
  const found = new Map<string, Asn1Node>();
  for (const attribute of node?.children ?? []) {
    const fields = attribute.fields('attribute');
    const dotted = fields.next('attribute type').asOid();
    const [value] = fields.next('attribute values').asSet();
    if (found.has(dotted)) throw new X509Error('ESP_X509_MALFORMED', `attribute ${dotted} occurs twice`);
    if (value !== undefined) found.set(dotted, value);
    if (found.size > maxAttributes) throw new X509Error('ESP_X509_MALFORMED', 'too many attributes');
  }
  return found;
}

/** Creates a PKCS#10 request signed with SHA-256 and returns its DER. */
export function createCsr(options: {
  readonly subject: NameInput;
  /** Private key: RSA or EC. */
  readonly key: KeyObject;
  readonly challengePassword?: string;
  readonly san?: SubjectAltNameInput;
}): Buffer {
  return guardAsn1('certificate request', 'ESP_X509_VALUE', () => {
    const { challengePassword, san } = options;
    const extensions = san ? encodeExtensions({ subjectAltName: san, subjectKeyId: false }, undefined) : [];
    const info = der.sequence(
      der.integer(0),
      encodeName(options.subject),
      exportSpki(options.key),
      der.implicit(
        0,
        der.set(
          challengePassword === undefined
            ? undefined
            : attribute(oid.challengePassword, encodeChallenge(challengePassword)),
          extensions.length === 0 ? undefined : attribute(oid.extensionRequest, der.sequence(...extensions)),
        ),
      ),
    );
    const { algorithm, signature } = signData(info, options.key);
    return der.sequence(info, algorithm, der.bitString(signature));
  });
}

/** PrintableString where it fits (RFC 2985 §5.4.1 prefers it), else UTF8String. */
function encodeChallenge(challenge: string): Buffer {
  return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(challenge)
    ? der.printableString(challenge)
    : der.utf8String(challenge);
}

function attribute(dotted: string, value: Buffer): Buffer {
  return der.sequence(der.oid(dotted), der.set(value));
}
