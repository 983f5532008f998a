import { Controller, Inject, Res } from '@nestjs/common';
import {
  conditionalHeaders,
  listQuery,
  newScriptBodySchema,
  scriptChangeBodySchema,
  scriptDecisionBodySchema,
  scriptPageSchema,
  scriptSchema,
  scriptTextSchema,
  type Script,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { personOf } from '../approvals/approval.http.js';
import { setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { ScriptService } from './script.service.js';

const tag = 'Scripts';
const params = z.object({ id: z.uuid() });
const PATH = '/api/v1/scripts';
const responseHeaders = { ETag: 'The version, for If-Match.' } as const;
const DECIDES =
  'Not by who wrote this version, with whatever token, nor by a service account or an account that was made or changed a short time ago. Send If-Match: what was changed since you read it is not what you decide on. What was changed since it was made is not approved without it.';

const listScripts = defineEndpoint({
  method: 'GET',
  path: PATH,
  scope: 'scripts:read',
  reach: 'self',
  tag,
  summary: 'List scripts',
  description: 'By name unless another order is asked for; without their text.',
  query: z.object(listQuery),
  response: scriptPageSchema,
});

const createScript = defineEndpoint({
  method: 'POST',
  path: PATH,
  scope: 'scripts:write',
  reach: 'site',
  tag,
  summary: 'Make a script',
  description: 'It runs nowhere until a second person has approved it.',
  headers: idempotencyHeaders,
  body: newScriptBodySchema,
  response: scriptSchema,
  status: 201,
  responseHeaders: { ...responseHeaders, Location: 'What was made.' },
  example: { name: 'Free space', language: 'zsh', text: '#!/bin/zsh\ndf -h /\n' },
});

const readScript = defineEndpoint({
  method: 'GET',
  path: `${PATH}/:id`,
  scope: 'scripts:read',
  reach: 'self',
  tag,
  summary: 'See a script',
  params,
  response: scriptSchema,
  responseHeaders,
});

const readScriptText = defineEndpoint({
  method: 'GET',
  path: `${PATH}/:id/text`,
  scope: 'scripts:read',
  // Scripts hold passwords, however often people are told not to.
  reach: 'site',
  tag,
  summary: 'See the text of a script',
  params,
  response: scriptTextSchema,
});

const changeScript = defineEndpoint({
  method: 'PATCH',
  path: `${PATH}/:id`,
  scope: 'scripts:write',
  reach: 'site',
  tag,
  summary: 'Change a script',
  description:
    'Other text, language or parameters make a new version, which waits for approval again. What was asked for before stays with the version that it was asked for.',
  params,
  headers: conditionalHeaders,
  body: scriptChangeBodySchema,
  response: scriptSchema,
  responseHeaders,
});

const deleteScript = defineEndpoint({
  method: 'DELETE',
  path: `${PATH}/:id`,
  scope: 'scripts:write',
  reach: 'site',
  tag,
  summary: 'Delete a script',
  description: 'What waits for devices is taken back.',
  params,
  headers: conditionalHeaders,
});

const decision = {
  method: 'POST',
  scope: 'approvals:decide',
  reach: 'site',
  tag,
  params,
  headers: conditionalHeaders,
  body: scriptDecisionBodySchema,
  response: scriptSchema,
  responseHeaders,
  description: DECIDES,
} as const;

const approveScript = defineEndpoint({
  ...decision,
  path: `${PATH}/:id/approve`,
  summary: 'Approve the newest version of a script',
});

const denyScript = defineEndpoint({
  ...decision,
  path: `${PATH}/:id/deny`,
  summary: 'Deny the newest version of a script',
});

/** `/api/v1/scripts`. */
@Controller()
export class ScriptController {
  constructor(
    @Inject(ScriptService) private readonly scripts: ScriptService,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
  ) {}

  @Endpoint(listScripts)
  listScripts(@Input() { query }: InputOf<typeof listScripts>): Promise<ResultOf<typeof listScripts>> {
    return this.scripts.list(query);
  }

  @Endpoint(createScript)
  async createScript(
    @Input() { body, headers }: InputOf<typeof createScript>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createScript>> {
    const request = { callerId: caller.credentialId, key: headers['idempotency-key'], body };
    const { id } = await this.idempotency.run(request, async (tx) => ({
      id: (await this.scripts.create(tx, body, personOf(caller))).id,
    }));
    void reply.header('location', `${PATH}/${id}`);
    return answer(reply, await this.scripts.get(id));
  }

  @Endpoint(readScript)
  async readScript(
    @Input() { params: { id } }: InputOf<typeof readScript>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readScript>> {
    return answer(reply, await this.scripts.get(id));
  }

  @Endpoint(readScriptText)
  readScriptText(
    @Input() { params: { id } }: InputOf<typeof readScriptText>,
  ): Promise<ResultOf<typeof readScriptText>> {
    return this.scripts.text(id);
  }

  @Endpoint(changeScript)
  async changeScript(
    @Input() { params: { id }, headers, body }: InputOf<typeof changeScript>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof changeScript>> {
    return answer(reply, await this.scripts.change(id, body, headers['if-match'], personOf(caller)));
  }

  @Endpoint(deleteScript)
  deleteScript(@Input() { params: { id }, headers }: InputOf<typeof deleteScript>): Promise<void> {
    return this.scripts.delete(id, headers['if-match']);
  }

  @Endpoint(approveScript)
  approveScript(
    @Input() input: InputOf<typeof approveScript>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof approveScript>> {
    return this.decide('approved', input, caller, reply);
  }

  @Endpoint(denyScript)
  denyScript(
    @Input() input: InputOf<typeof denyScript>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof denyScript>> {
    return this.decide('denied', input, caller, reply);
  }

  private async decide(
    decided: 'approved' | 'denied',
    { params: { id }, headers, body }: Pick<InputOf<typeof approveScript>, 'params' | 'headers' | 'body'>,
    caller: Caller,
    reply: FastifyReply,
  ): Promise<Script> {
    const request = { comment: body.comment, ifMatch: headers['if-match'] };
    return answer(reply, await this.scripts.decide(id, decided, personOf(caller), request));
  }
}

function answer(reply: FastifyReply, script: Script): Script {
  setEtag(reply, script.version);
  return script;
}
