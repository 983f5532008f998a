import { Asn1Error } from '@espalier/asn1';
import { X509Error } from '@espalier/x509';
import { CmsError, type CmsErrorCode } from './cms.error.js';

/** Runs `action` and turns errors of the layers below into this library's own. */
export function guardCms<T>(what: string, code: CmsErrorCode, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof Asn1Error) throw new CmsError(code, `${what}: ${cause.message}`, { cause });
    if (!(cause instanceof X509Error)) throw cause;
    const ownCode = cause.code === 'ESP_X509_UNSUPPORTED' ? 'ESP_CMS_UNSUPPORTED' : code;
    throw new CmsError(ownCode, `${what}: ${cause.message}`, { cause });
  }
}
