import { Controller, Inject, Res } from '@nestjs/common';
import {
  administratorBodySchema,
  administratorPageSchema,
  administratorSchema,
  assignmentsBodySchema,
  conditionalHeaders,
  identitiesBodySchema,
  listQuery,
  newAdministratorBodySchema,
  type Administrator,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { checkIfMatch, setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { AdministratorService, type AdministratorEdit } from './administrator.service.js';

const shared = { scope: 'administrators:admin', reach: 'site', tag: 'Administrators' } as const;
const params = z.object({ id: z.uuid() });
const responseHeaders = { ETag: 'Version of the administrator: send it as If-Match with a change.' } as const;
const GIVES =
  'Nobody can give more than they have themselves for the whole site; taking away is always possible, but somebody stays who may do everything.';

const listAdministrators = defineEndpoint({
  ...shared,
  method: 'GET',
  path: '/api/v1/administrators',
  summary: 'List administrators',
  description:
    'By name. Fields for filter and orderBy: id, name, displayName, kind, isEnabled, createdAt, changedAt.',
  query: z.object(listQuery),
  response: administratorPageSchema,
});

const createAdministrator = defineEndpoint({
  ...shared,
  method: 'POST',
  path: '/api/v1/administrators',
  summary: 'Make a person or service account an administrator',
  description: 'Without any role. The same Idempotency-Key answers with the same administrator.',
  headers: idempotencyHeaders,
  body: newAdministratorBodySchema,
  response: administratorSchema,
  status: 201,
  responseHeaders: { ...responseHeaders, Location: 'The administrator.' },
  example: { name: 'CORP\\anna', displayName: 'Anna Example', kind: 'person' },
});

const readAdministrator = defineEndpoint({
  ...shared,
  method: 'GET',
  path: '/api/v1/administrators/:id',
  summary: 'See one administrator',
  params,
  response: administratorSchema,
  responseHeaders,
});

const updateAdministrator = defineEndpoint({
  ...shared,
  method: 'PUT',
  path: '/api/v1/administrators/:id',
  summary: 'Rename, disable or enable an administrator',
  description: `Disabling ends all of their tokens: at once on this replica, within 5 seconds on all. ${GIVES}`,
  params,
  headers: conditionalHeaders,
  body: administratorBodySchema,
  response: administratorSchema,
  responseHeaders,
});

const assignRoles = defineEndpoint({
  ...shared,
  method: 'PUT',
  path: '/api/v1/administrators/:id/assignments',
  summary: "Replace an administrator's roles",
  description: `Each for the whole site or for collections. ${GIVES}`,
  params,
  headers: conditionalHeaders,
  body: assignmentsBodySchema,
  response: administratorSchema,
  responseHeaders,
  example: { assignments: [{ roleId: 'helpdesk', collectionIds: ['ESP00014'] }] },
});

const setIdentities = defineEndpoint({
  ...shared,
  method: 'PUT',
  path: '/api/v1/administrators/:id/identities',
  summary: "Replace an administrator's ways to sign in",
  description: `An identity belongs to one administrator. ${GIVES}`,
  params,
  headers: conditionalHeaders,
  body: identitiesBodySchema,
  response: administratorSchema,
  responseHeaders,
  example: { identities: ['kerberos:anna@CORP.EXAMPLE', 'oidc:https://id.example/#2f1c9d'] },
});

const deleteAdministrator = defineEndpoint({
  ...shared,
  method: 'DELETE',
  path: '/api/v1/administrators/:id',
  summary: 'Delete an administrator',
  description: 'With their tokens.',
  params,
  headers: conditionalHeaders,
});

@Controller()
export class AdministratorController {
  constructor(@Inject(AdministratorService) private readonly administrators: AdministratorService) {}

  @Endpoint(listAdministrators)
  listAdministrators(
    @Input() { query }: InputOf<typeof listAdministrators>,
  ): Promise<ResultOf<typeof listAdministrators>> {
    return this.administrators.list(query);
  }

  @Endpoint(createAdministrator)
  async createAdministrator(
    @Input() { body, headers }: InputOf<typeof createAdministrator>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createAdministrator>> {
    const made = await this.administrators.create(body, caller, headers['idempotency-key']);
    void reply.header('location', `/api/v1/administrators/${made.id}`);
    return tagged(made, reply);
  }

  @Endpoint(readAdministrator)
  async readAdministrator(
    @Input() { params: { id } }: InputOf<typeof readAdministrator>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readAdministrator>> {
    return tagged(await this.administrators.get(id), reply);
  }

  @Endpoint(updateAdministrator)
  async updateAdministrator(
    @Input() input: InputOf<typeof updateAdministrator>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof updateAdministrator>> {
    return tagged(await this.administrators.update(editOf(input, caller), input.body), reply);
  }

  @Endpoint(assignRoles)
  async assignRoles(
    @Input() input: InputOf<typeof assignRoles>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof assignRoles>> {
    return tagged(await this.administrators.assign(editOf(input, caller), input.body.assignments), reply);
  }

  @Endpoint(setIdentities)
  async setIdentities(
    @Input() input: InputOf<typeof setIdentities>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof setIdentities>> {
    return tagged(await this.administrators.identify(editOf(input, caller), input.body.identities), reply);
  }

  @Endpoint(deleteAdministrator)
  deleteAdministrator(
    @Input() input: InputOf<typeof deleteAdministrator>,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    return this.administrators.delete(editOf(input, caller));
  }
}

function tagged(administrator: Administrator, reply: FastifyReply): Administrator {
  setEtag(reply, administrator.version);
  return administrator;
}

const editOf = (
  { params, headers }: Pick<InputOf<typeof deleteAdministrator>, 'params' | 'headers'>,
  by: Caller,
): AdministratorEdit => ({
  id: params.id,
  by,
  check: (version) => checkIfMatch(headers['if-match'], version),
});
