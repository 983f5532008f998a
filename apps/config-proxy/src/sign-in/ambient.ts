import { signInErrors } from '@espalier/contracts';
import type { FastifyRequest } from 'fastify';

const OWN: readonly unknown[] = [undefined, 'same-origin', 'none'];

/**
 * Refuses what another web site makes a browser send. Browsers add certificates and Kerberos tickets by themselves, so
 * that a page anywhere could act for whoever looks at it (Fetch Metadata §2.1; RFC 6454 §7 for older browsers).
 * @throws EspalierError ESP_SIGN_IN_CROSS_SITE
 */
export function refuseCrossSite({ headers, host }: FastifyRequest): void {
  const { origin } = headers;
  if (!OWN.includes(headers['sec-fetch-site'])) throw signInErrors.ESP_SIGN_IN_CROSS_SITE();
  if (origin !== undefined && origin !== `https://${host}`) throw signInErrors.ESP_SIGN_IN_CROSS_SITE();
}
