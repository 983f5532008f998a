import { approvalSchema, conditionalHeaders } from '@espalier/contracts';
import { defineEndpoint } from '@espalier/nest-kit';
import { z } from 'zod';
import { approvalResponseHeaders, GATED, gatedHeaders } from '../approvals/approval.http.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import {
  etagHeader,
  libraryList,
  libraryListQuery,
  libraryParams,
  LOCATION,
  revisionListQuery,
  revisionParams,
} from '../library/library.http.js';

interface Words {
  readonly path: `/api/v1/${string}`;
  readonly tag: string;
  /** As in `an application`. */
  readonly one: string;
  /** As in `applications`. */
  readonly many: string;
  /** What its definition holds. */
  readonly definition: string;
}

/** The endpoints of applications and of packages: the same, but for what definitions hold. */
export function softwareEndpoints<
  New extends z.ZodType,
  Change extends z.ZodType,
  Detail extends z.ZodType,
  Page extends z.ZodType,
  Revision extends z.ZodType,
  RevisionPage extends z.ZodType,
>(
  { path, tag, one, many, definition }: Words,
  schemas: {
    readonly create: New;
    readonly change: Change;
    readonly detail: Detail;
    readonly page: Page;
    readonly revision: Revision;
    readonly revisionPage: RevisionPage;
  },
) {
  const read = { scope: 'library:read', reach: 'self', tag } as const;
  const write = { scope: 'library:write', reach: 'site', tag } as const;
  return {
    list: defineEndpoint({
      ...read,
      ...libraryList,
      method: 'GET',
      path,
      summary: `List ${many}`,
      query: libraryListQuery,
      response: schemas.page,
    }),
    create: defineEndpoint({
      ...write,
      method: 'POST',
      path,
      summary: `Make ${one}`,
      description: definition,
      headers: idempotencyHeaders,
      body: schemas.create,
      response: schemas.detail,
      status: 201,
      responseHeaders: { ...etagHeader, ...LOCATION },
    }),
    read: defineEndpoint({
      ...read,
      method: 'GET',
      path: `${path}/:id`,
      summary: `See ${one}`,
      params: libraryParams,
      response: schemas.detail,
      responseHeaders: etagHeader,
    }),
    change: defineEndpoint({
      ...write,
      method: 'PATCH',
      path: `${path}/:id`,
      summary: `Change ${one}`,
      description: `Another definition makes a new revision; deployments that follow the latest one get it by themselves. ${GATED}`,
      params: libraryParams,
      headers: gatedHeaders,
      body: schemas.change,
      response: z.union([schemas.detail, approvalSchema]),
      responseHeaders: { ...etagHeader, ...approvalResponseHeaders },
    }),
    remove: defineEndpoint({
      ...write,
      method: 'DELETE',
      path: `${path}/:id`,
      summary: `Delete ${one} with all revisions`,
      description: 'Refused while it is deployed; the answer names the deployments.',
      params: libraryParams,
      headers: conditionalHeaders,
    }),
    revisions: defineEndpoint({
      ...read,
      method: 'GET',
      path: `${path}/:id/revisions`,
      summary: `List the revisions of ${one}`,
      description: 'Newest first. Revisions never change.',
      params: libraryParams,
      query: revisionListQuery,
      response: schemas.revisionPage,
    }),
    revision: defineEndpoint({
      ...read,
      method: 'GET',
      path: `${path}/:id/revisions/:revision`,
      summary: `See a revision of ${one}`,
      params: revisionParams,
      response: schemas.revision,
    }),
  };
}
