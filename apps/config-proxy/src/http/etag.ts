import { siteErrors } from '@espalier/contracts';
import type { FastifyReply } from 'fastify';

/** A version as ETag has it. */
export const etagOf = (version: number): string => `"${version}"`;

export function setEtag(reply: FastifyReply, version: number): void {
  void reply.header('etag', etagOf(version));
}

/**
 * Lets a change through that was made to the version at hand.
 * @param ifMatch the header, as `conditionalHeaders` lets it through; without it any version may be changed
 * @throws EspalierError ESP_SITE_CHANGED_MEANWHILE
 */
export function checkIfMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch === '*') return;
  if (ifMatch.replace(/^W\//, '') !== etagOf(version))
    throw siteErrors.ESP_SITE_CHANGED_MEANWHILE({ detail: `It is at version ${version}.` });
}
