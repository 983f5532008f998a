import { Readable } from 'node:stream';
import { Controller, Inject, Req, Res } from '@nestjs/common';
import { commonErrors, isEspalierError } from '@espalier/contracts';
import { defineEndpoint, Endpoint, httpErrors, readBodyStream, type Problem } from '@espalier/nest-kit';
import { errorBody } from '@espalier/odata';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { FromCaller, requireScope, type Caller } from '../access/caller.js';
import { approvalHeaders, reasonOf, withRetryAfter } from '../approvals/approval.http.js';
import { idempotencyHeaders, idempotencyKey } from '../idempotency/idempotency.headers.js';
import { AdminServiceService } from './admin-service.service.js';
import { ADMIN_SERVICE_PATH } from './admin-service.url.js';
import type { DoorRequest, Visitor } from './door.js';

/** What PowerShell and fetch() call JSON where nobody tells them. */
const LOOSE_TYPES = ['application/x-www-form-urlencoded', 'text/plain', 'text/json'] as const;
const MOST_BYTES = 1_048_576;
const JSON_TYPE = 'application/json;odata.metadata=minimal;charset=utf-8';

/** An error as AdminService gives it, with our own inside. */
const odataError = (problem: Problem): object => {
  const message = [problem.title, problem.detail, problem.mend]
    .flatMap((part) => (part === undefined ? [] : [/[.!?)…]$/.test(part) ? part : `${part}.`]))
    .join(' ');
  const { error } = errorBody(String(problem.status), message);
  return { error: { ...(error as object), innererror: problem } };
};

const askedHeaders = z.object({ ...idempotencyHeaders.shape, ...approvalHeaders.shape });
const door = {
  path: ADMIN_SERVICE_PATH,
  scope: 'any',
  reach: 'filtered',
  tag: 'AdminService',
  ownAnswer: true,
  errorBody: odataError,
} as const;
const anyObject = (example: Readonly<Record<string, unknown>>): z.ZodType =>
  z.looseObject({}).meta({ examples: [example] });
const shown = { response: anyObject({ value: [{ ResourceId: 16_777_219, Name: 'LAB-01' }] }) };
/** JSON, also where it is not called so. */
const sent = {
  body: anyObject({ Name: 'Lab', CollectionType: 2, LimitToCollectionID: 'SMS00001' }),
  streams: LOOSE_TYPES,
};
const HOW =
  'Everything under /AdminService/wmi/ and /AdminService/v1.0/ in any letter case, as docs/admin-service.md says. Each class and method needs a scope of its own.';

const readAdminService = defineEndpoint({
  ...door,
  method: 'GET',
  summary: 'Read as from AdminService of ConfigMgr',
  description: HOW,
  ...shown,
});
const postAdminService = defineEndpoint({
  ...door,
  method: 'POST',
  summary: 'Make an object or call a method as in AdminService',
  description: HOW,
  ...shown,
  ...sent,
});
const putAdminService = defineEndpoint({
  ...door,
  method: 'PUT',
  summary: 'Replace an object as in AdminService',
  description: HOW,
  ...shown,
  ...sent,
});
const patchAdminService = defineEndpoint({
  ...door,
  method: 'PATCH',
  summary: 'Change an object as in AdminService',
  description: HOW,
  ...shown,
  ...sent,
});
const deleteAdminService = defineEndpoint({
  ...door,
  method: 'DELETE',
  summary: 'Delete an object as in AdminService',
  description: HOW,
});

/** The edge of the AdminService-compatible door. */
@Controller()
export class AdminServiceController {
  constructor(@Inject(AdminServiceService) private readonly adminService: AdminServiceService) {}

  @Endpoint(readAdminService)
  readAdminService(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    return this.answer('GET', { request, reply, caller });
  }

  @Endpoint(postAdminService)
  postAdminService(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    return this.answer('POST', { request, reply, caller });
  }

  @Endpoint(putAdminService)
  putAdminService(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    return this.answer('PUT', { request, reply, caller });
  }

  @Endpoint(patchAdminService)
  patchAdminService(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    return this.answer('PATCH', { request, reply, caller });
  }

  @Endpoint(deleteAdminService)
  deleteAdminService(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    return this.answer('DELETE', { request, reply, caller });
  }

  private async answer(method: DoorRequest['method'], { request, reply, caller }: Asked): Promise<void> {
    const body = method === 'GET' || method === 'DELETE' ? {} : await readBody(request);
    const visitor: Visitor = {
      caller,
      asked: askedBy(request),
      need: (scope) => {
        if (scope !== 'any') requireScope(caller.scopes, scope, reply);
      },
    };
    const { originalUrl: url, host } = request;
    const {
      status,
      location,
      json,
      body: written,
      text,
    } = await withRetryAfter(reply, () => this.adminService.answer({ method, url, host, body, visitor }));
    void reply.code(status).header('odata-version', '4.0');
    if (location !== undefined) void reply.header('location', location);
    if (json !== undefined) void reply.header('content-type', JSON_TYPE).send(JSON.stringify(json));
    else if (written !== undefined)
      void reply
        .header('content-type', JSON_TYPE)
        .send(Buffer.isBuffer(written) ? written : Readable.from(written, { objectMode: false }));
    else if (text !== undefined)
      void reply.header('content-type', `${text.type};charset=utf-8`).send(text.content);
    else void reply.send();
  }
}

interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
}

/** Scripts of ConfigMgr know neither header; those that do get what the JSON API gives. */
function askedBy({ headers }: FastifyRequest): Visitor['asked'] {
  const parsed = askedHeaders.safeParse(headers);
  if (!parsed.success)
    throw commonErrors.ESP_BAD_REQUEST({
      fields: Object.fromEntries(parsed.error.issues.map(({ path, message }) => [path.join('.'), message])),
    });
  return { key: idempotencyKey(parsed.data), reason: reasonOf(parsed.data) };
}

/**
 * JSON under whatever type it was sent. Browsers let any page post these types without asking, and add credentials by
 * themselves: what names an origin must say that it is JSON.
 */
async function readBody(request: FastifyRequest): Promise<unknown> {
  const { body, headers } = request;
  if (!(body instanceof Readable)) return inUtf8(body ?? {});
  if (headers.origin !== undefined) throw httpErrors.ESP_HTTP_UNSUPPORTED_MEDIA_TYPE();
  const text = (await readBodyStream(body, MOST_BYTES)).toString().replace(/^\uFEFF/, '');
  try {
    return inUtf8(text.trim() === '' ? {} : (JSON.parse(text) as unknown));
  } catch (error) {
    if (isEspalierError(error)) throw error;
    throw commonErrors.ESP_BAD_REQUEST({ detail: 'The body must be JSON.', cause: error });
  }
}

/** Windows PowerShell sends ISO-8859-1 unless it is told otherwise: "Büro" would become "B�ro", for good. */
function inUtf8(body: unknown): unknown {
  if (!JSON.stringify(body).includes('\uFFFD')) return body;
  throw commonErrors.ESP_BAD_REQUEST({
    detail: "The body is not UTF-8. In PowerShell: -ContentType 'application/json; charset=utf-8'.",
  });
}

/** For the module of the console. */
export const adminServiceControllers = [AdminServiceController] as const;
