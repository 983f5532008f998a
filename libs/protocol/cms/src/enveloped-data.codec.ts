import {
  constants,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes as systemRandomBytes,
} from 'node:crypto';
import { type Asn1Node, der } from '@espalier/asn1';
import { importSpki, readIssuerAndSerial } from '@espalier/x509';
import {
  type CertificateIdentifier,
  identifies,
  readCertificateIdentifier,
  writeIssuerAndSerial,
} from './certificate-identifier.codec.js';
import { CmsError } from './cms.error.js';
import { guardCms } from './cms.guard.js';
import { cmsOid } from './cms.oids.js';
import {
  cipherByName,
  type CipherName,
  type ContentCipher,
  decryptContent,
  encryptContent,
  readContentCipher,
  writeContentCipher,
} from './content-cipher.codec.js';
import { type CmsLimits, openContentInfo, wrapContentInfo } from './content-info.codec.js';

/** What to encrypt, and for whom. */
export interface EnvelopedDataInput {
  readonly content: Uint8Array;
  /** Type of the content, dotted. Default: data. */
  readonly contentType?: string;
  /** Certificates (DER) with RSA keys. */
  readonly recipients: readonly Uint8Array[];
  /** Default `aes-256-cbc`. `des-cbc` only to answer a client that can do nothing else. */
  readonly cipher?: CipherName;
  /** Source of the content key and vector. Default: `crypto.randomBytes`. */
  readonly randomBytes?: (size: number) => Uint8Array;
}

/** Encrypts content by RSA key transport (RFC 5652 §6, PKCS#1 v1.5) and returns the DER of the ContentInfo. */
export function createEnvelopedData(input: EnvelopedDataInput): Buffer {
  return guardCms('enveloped data', 'ESP_CMS_VALUE', () => {
    const { recipients, contentType = cmsOid.data, randomBytes = systemRandomBytes } = input;
    if (recipients.length === 0) throw new CmsError('ESP_CMS_VALUE', 'there is no recipient');
    const cipher = cipherByName(input.cipher ?? 'aes-256-cbc');
    const key = randomBytes(cipher.keyBytes);
    const iv = randomBytes(cipher.ivBytes);
    const encrypted = encryptContent(cipher, key, iv, input.content);
    const envelopedData = der.sequence(
      der.integer(0),
      der.set(...recipients.map((recipient) => encryptKey(recipient, key))),
      der.sequence(
        der.oid(contentType),
        writeContentCipher(cipher, iv),
        der.implicit(0, der.octetString(encrypted)),
      ),
    );
    return wrapContentInfo(cmsOid.envelopedData, envelopedData);
  });
}

function encryptKey(recipient: Uint8Array, contentKey: Uint8Array): Buffer {
  const key = importSpki(readIssuerAndSerial(recipient).spki);
  if (key.asymmetricKeyType !== 'rsa') {
    throw new CmsError('ESP_CMS_UNSUPPORTED', 'only RSA keys can receive encrypted content');
  }
  return der.sequence(
    der.integer(0),
    writeIssuerAndSerial(recipient),
    der.sequence(der.oid(cmsOid.rsaEncryption), der.null()),
    der.octetString(publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, contentKey)),
  );
}

/** What to open, and as whom. */
export interface EnvelopeOpening extends CmsLimits {
  readonly envelopedData: Uint8Array;
  /** The recipient's certificate (DER): finds the recipient's entry. */
  readonly certificate: Uint8Array;
  /** The recipient's private RSA key. */
  readonly key: KeyObject;
}

/** Opened content and how it was encrypted, so that an answer can mirror it. */
export interface OpenedEnvelope {
  readonly content: Buffer;
  readonly contentType: string;
  readonly cipher: CipherName;
}

/**
 * Opens an EnvelopedData message. AES-128/192/256-CBC, triple and single DES; RSA PKCS#1 v1.5.
 *
 * CBC without authentication and PKCS#1 v1.5 invite oracles. A wrong key and broken padding end in one
 * and the same `ESP_CMS_DECRYPT`: a badly padded key is replaced by a random one (RFC 3218 §2.3.2). The
 * caller must answer content that makes no sense like content that could not be opened.
 * @throws CmsError
 */
export function openEnvelopedData(opening: EnvelopeOpening): OpenedEnvelope {
  const { envelopedData, certificate, key, ...limits } = opening;
  return guardCms('enveloped data', 'ESP_CMS_MALFORMED', () => {
    const envelope = readEnvelope(openContentInfo(envelopedData, cmsOid.envelopedData, limits));
    const recipient = envelope.recipients.find(({ identifier }) => identifies(identifier, certificate));
    if (recipient === undefined) throw undecryptable();
    const { cipher, iv, encrypted, contentType } = envelope;
    const contentKey = decryptKey(cipher, key, recipient.encryptedKey);
    try {
      return { content: decryptContent(cipher, contentKey, iv, encrypted), contentType, cipher: cipher.name };
    } catch {
      throw undecryptable();
    }
  });
}

interface Recipient {
  readonly identifier: CertificateIdentifier;
  readonly encryptedKey: Buffer;
}

const maxRecipients = 64;

function readEnvelope(node: Asn1Node): {
  readonly recipients: readonly Recipient[];
  readonly contentType: string;
  readonly cipher: ContentCipher;
  readonly iv: Buffer;
  readonly encrypted: Buffer;
} {
  const fields = node.fields('enveloped data');
  fields.next('version').asNumber();
  fields.optionalContext(0);
  const recipients = fields.next('recipients').asSet();
  if (recipients.length > maxRecipients) throw new CmsError('ESP_CMS_MALFORMED', 'too many recipients');
  const contentInfo = fields.next('encrypted content').fields('encrypted content');
  const contentType = contentInfo.next('content type').asOid();
  const { cipher, iv } = readContentCipher(contentInfo.next('content cipher'));
  const encrypted = contentInfo.next('encrypted bytes').asImplicitOctets(0);
  // Other kinds of recipient (key agreement, password …) are context-tagged.
  const transported = recipients.filter((recipient) => !recipient.isContext(recipient.tag));
  return { recipients: transported.flatMap(readRecipient), contentType, cipher, iv, encrypted };
}

function readRecipient(node: Asn1Node): Recipient[] {
  const fields = node.fields('recipient');
  fields.next('version').asNumber();
  const identifier = readCertificateIdentifier(fields.next('recipient identifier'));
  const algorithm = fields.next('key encryption').fields('key encryption').next('algorithm').asOid();
  const encryptedKey = fields.next('encrypted key').asOctets();
  return algorithm === cmsOid.rsaEncryption ? [{ identifier, encryptedKey }] : [];
}

/** OpenSSL ≥ 3.2 answers bad padding with a pseudo-random key; one of a wrong size is replaced here. */
function decryptKey(cipher: ContentCipher, key: KeyObject, encryptedKey: Buffer): Uint8Array {
  const replacement = systemRandomBytes(cipher.keyBytes);
  try {
    const contentKey = privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, encryptedKey);
    return contentKey.length === cipher.keyBytes ? contentKey : replacement;
  } catch (cause) {
    // Not a matter of the message: a Node.js on an OpenSSL without implicit rejection refuses this padding.
    if (cause instanceof TypeError && 'code' in cause && cause.code === 'ERR_INVALID_ARG_VALUE') {
      throw new CmsError('ESP_CMS_UNSUPPORTED', 'this Node.js cannot decrypt RSA PKCS#1 v1.5', { cause });
    }
    return replacement;
  }
}

function undecryptable(): CmsError {
  return new CmsError('ESP_CMS_DECRYPT', 'the content cannot be decrypted');
}
