import { listQuery, pageQuery } from '@espalier/contracts';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

/** What the endpoints of the library share. */
export const libraryParams = z.object({ id: z.uuid() });
export const revisionParams = libraryParams.extend({
  revision: z.coerce.number('must be a number').int().min(1).max(2_147_483_647),
});
export const libraryListQuery = z.object(listQuery);
export const revisionListQuery = z.object(pageQuery);
export const libraryList = { description: 'By name unless another order is asked for.' } as const;
export const etagHeader = { ETag: 'The version, for If-Match.' } as const;
export const LOCATION = { Location: 'What was made.' } as const;

/** Has a browser save the answer under this name (RFC 6266) instead of showing it. */
export function asAttachment(reply: FastifyReply, name: string): void {
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, '_');
  // encodeURIComponent leaves ' ( ) * alone, which RFC 8187 does not.
  const full = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  void reply.header('content-disposition', `attachment; filename="${plain}"; filename*=UTF-8''${full}`);
}
