import type { CipherName } from '@espalier/cms';
import type { DigestName } from '@espalier/x509';

/** Keywords of GetCACaps (RFC 8894 §3.5.2). */
export const scepCapabilities = [
  'AES',
  'DES3',
  'GetNextCACert',
  'POSTPKIOperation',
  'Renewal',
  'SCEPStandard',
  'SHA-1',
  'SHA-256',
  'SHA-512',
] as const;

export type ScepCapability = (typeof scepCapabilities)[number];

const maxCapabilitiesCharacters = 4096;

/** One keyword per line, for `text/plain`. */
export function formatCapabilities(capabilities: Iterable<ScepCapability>): string {
  return [...capabilities].map((capability) => `${capability}\n`).join('');
}

/** Reads the answer to GetCACaps; unknown words are skipped, as RFC 8894 §3.5.2 asks. */
export function parseCapabilities(text: string): ReadonlySet<ScepCapability> {
  const words = text
    .slice(0, maxCapabilitiesCharacters)
    .split(/\s+/)
    .map((word) => word.toLowerCase());
  return new Set(scepCapabilities.filter((capability) => words.includes(capability.toLowerCase())));
}

/** Client: the best algorithms that both ends know. */
export function chooseAlgorithms(capabilities: ReadonlySet<ScepCapability>): {
  readonly cipher: CipherName;
  readonly digest: DigestName;
} {
  const standard = capabilities.has('SCEPStandard');
  const aes = standard || capabilities.has('AES');
  const sha256 = standard || capabilities.has('SHA-256');
  return {
    cipher: aes ? 'aes-128-cbc' : capabilities.has('DES3') ? 'des-ede3-cbc' : 'des-cbc',
    digest: sha256 ? 'sha256' : capabilities.has('SHA-512') ? 'sha512' : 'sha1',
  };
}
