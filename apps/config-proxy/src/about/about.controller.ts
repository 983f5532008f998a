import { Controller, Inject, Res } from '@nestjs/common';
import { whoamiSchema, type ApiScope } from '@espalier/contracts';
import { defineEndpoint, Endpoint, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { ApprovalPolicyService } from '../approvals/approval-policy.service.js';
import { FromCaller, type Caller } from '../access/caller.js';
import { ApiDocument } from './api-document.js';
import { indexPage } from './index-page.js';

const tag = 'About';

const showIndex = defineEndpoint({
  method: 'GET',
  path: '/',
  scope: 'public',
  tag,
  summary: 'A page that names the API',
  contentType: 'text/html',
  ownAnswer: true,
});

const showOpenApi = defineEndpoint({
  method: 'GET',
  path: '/api/v1/openapi.json',
  scope: 'public',
  tag,
  summary: 'This document',
  response: z.looseObject({ openapi: z.string() }),
});

const whoami = defineEndpoint({
  method: 'GET',
  path: '/api/v1/whoami',
  scope: 'any',
  reach: 'self',
  tag,
  summary: 'See who you are, which roles you have, and what you may do where',
  response: whoamiSchema,
});

@Controller()
export class AboutController {
  constructor(
    @Inject(ApiDocument) private readonly document: ApiDocument,
    @Inject(ApprovalPolicyService) private readonly policies: ApprovalPolicyService,
  ) {}

  @Endpoint(showIndex)
  async showIndex(@Res() reply: FastifyReply): Promise<void> {
    await reply.type('text/html; charset=utf-8').send(indexPage(this.document.openApi));
  }

  @Endpoint(showOpenApi)
  showOpenApi(): ResultOf<typeof showOpenApi> {
    return { ...this.document.openApi };
  }

  @Endpoint(whoami)
  whoami(@FromCaller() caller: Caller): ResultOf<typeof whoami> {
    const { administrator, method, token, credentialId, scopes, expiresAt } = caller;
    return {
      type: token === undefined ? administrator.kind : 'api-token',
      id: credentialId,
      name: token?.name ?? administrator.name,
      method,
      administrator: { id: administrator.id, name: administrator.name },
      roles: [...administrator.assignments],
      scopes: [...scopes],
      reach: Object.fromEntries([...scopes].map((scope) => [scope, reached(caller, scope)])),
      expiresAt,
      approvals: this.policies.mode,
    };
  }
}

function reached(caller: Caller, scope: ApiScope): string[] | null {
  const reach = caller.reach(scope);
  return reach === 'site' ? null : [...reach];
}
