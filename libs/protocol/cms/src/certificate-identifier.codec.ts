import { type Asn1Node, der } from '@espalier/asn1';
import { parseCertificate, readIssuerAndSerial, X509Error } from '@espalier/x509';

/** How CMS names a certificate (SignerIdentifier, RecipientIdentifier: RFC 5652 §5.3, §6.2.1). */
export type CertificateIdentifier =
  { readonly issuer: Buffer; readonly serial: Buffer } | { readonly subjectKeyId: Buffer };

export function readCertificateIdentifier(node: Asn1Node): CertificateIdentifier {
  if (node.isContext(0)) return { subjectKeyId: node.asImplicitOctets(0) };
  const fields = node.fields('issuer and serial number');
  const issuer = fields.next('issuer').raw;
  return { issuer, serial: fields.next('serial number').asIntegerBytes() };
}

/** IssuerAndSerialNumber of a certificate. */
export function writeIssuerAndSerial(certificate: Uint8Array): Buffer {
  const { issuer, serial } = readIssuerAndSerial(certificate);
  return der.sequence(issuer, der.tlv(0x02, serial));
}

/** True where the identifier names this certificate; false also for bytes that are no certificate. */
export function identifies(identifier: CertificateIdentifier, certificate: Uint8Array): boolean {
  try {
    if ('subjectKeyId' in identifier) {
      return parseCertificate(certificate).subjectKeyId?.equals(identifier.subjectKeyId) ?? false;
    }
    const { issuer, serial } = readIssuerAndSerial(certificate);
    return serial.equals(identifier.serial) && issuer.equals(identifier.issuer);
  } catch (error) {
    if (error instanceof X509Error) return false;
    throw error;
  }
}
