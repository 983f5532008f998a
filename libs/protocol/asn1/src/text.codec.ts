import { Asn1Error } from './asn1.error.js';
import { universalTag } from './asn1.tags.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const textTags: ReadonlySet<number> = new Set([
  universalTag.utf8String,
  universalTag.printableString,
  universalTag.ia5String,
  universalTag.numericString,
  universalTag.visibleString,
  universalTag.teletexString,
  universalTag.bmpString,
]);

/** True for the universal tags that {@link decodeText} reads. */
export function isTextTag(tag: number): boolean {
  return textTags.has(tag);
}

/** Reads the content of one of the string types as text. */
export function decodeText(tag: number, content: Buffer): string {
  if (tag === universalTag.utf8String) return decodeUtf8(content);
  if (tag === universalTag.bmpString) return decodeBmp(content);
  // T.61 (teletex) is latin-1 wherever it is still met in certificates; the others are ASCII.
  return content.toString('latin1');
}

function decodeUtf8(content: Buffer): string {
  try {
    return utf8.decode(content);
  } catch (cause) {
    throw new Asn1Error('ESP_ASN1_MALFORMED', 'UTF8String is not UTF-8', { cause });
  }
}

function decodeBmp(content: Buffer): string {
  if (content.length % 2 !== 0) {
    throw new Asn1Error('ESP_ASN1_MALFORMED', 'BMPString has an odd number of bytes');
  }
  return Buffer.from(content).swap16().toString('utf16le');
}
