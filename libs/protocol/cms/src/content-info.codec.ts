import { type Asn1Node, der, readAsn1 } from '@espalier/asn1';
import { CmsError } from './cms.error.js';

/** Caps on what is read, in bytes. */
export interface CmsLimits {
  /** Default 16 MiB. */
  readonly maxBytes?: number;
}

/** Opens a ContentInfo (RFC 5652 §3) of the type asked for. BER is read: Apple and OpenSSL write it. */
export function openContentInfo(bytes: Uint8Array, contentType: string, limits: CmsLimits): Asn1Node {
  const fields = readAsn1(bytes, { encoding: 'ber', ...limits }).fields('CMS message');
  const found = fields.next('content type').asOid();
  if (found !== contentType) {
    throw new CmsError('ESP_CMS_MALFORMED', `the CMS content type is ${found}, not ${contentType}`);
  }
  return fields.next('content').asExplicit(0);
}

/** Wraps content as ContentInfo. */
export function wrapContentInfo(contentType: string, content: Buffer): Buffer {
  return der.sequence(der.oid(contentType), der.explicit(0, content));
}
