import { Controller, Inject } from '@nestjs/common';
import {
  apiTokenSchema,
  newApiTokenBodySchema,
  newApiTokenSchema,
  nextCursorSchema,
  pageQuery,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { ApiTokenService } from './api-token.service.js';

const listTokens = defineEndpoint({
  method: 'GET',
  path: '/api/v1/tokens',
  scope: 'tokens:admin',
  reach: 'self',
  tag: 'API tokens',
  summary: 'List API tokens',
  description:
    "Your own or, with administrators:admin, everybody's; newest first, with those that are revoked or expired. Never the tokens themselves.",
  query: z.object(pageQuery),
  response: z.object({ items: z.array(apiTokenSchema), nextCursor: nextCursorSchema }),
});

const createToken = defineEndpoint({
  method: 'POST',
  path: '/api/v1/tokens',
  scope: 'tokens:admin',
  reach: 'self',
  tag: 'API tokens',
  summary: 'Make an API token',
  description:
    'The answer shows the token this once. It can have no scope that the caller does not have, and never does more than the roles of its administrator allow. For somebody else it needs administrators:admin.',
  body: newApiTokenBodySchema,
  response: newApiTokenSchema,
  status: 201,
  example: { name: 'nightly report', scopes: ['devices:read'], expiresInDays: 90 },
});

const revokeToken = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/tokens/:id',
  scope: 'tokens:admin',
  reach: 'self',
  tag: 'API tokens',
  summary: 'Revoke an API token',
  description:
    'Takes effect at once on this replica and within a few seconds on all. Repeating it is harmless.',
  params: z.object({ id: z.uuid() }),
});

@Controller()
export class ApiTokenController {
  constructor(@Inject(ApiTokenService) private readonly tokens: ApiTokenService) {}

  @Endpoint(listTokens)
  listTokens(
    @Input() { query }: InputOf<typeof listTokens>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listTokens>> {
    return this.tokens.list(query.limit, query.cursor, caller);
  }

  @Endpoint(createToken)
  async createToken(
    @Input() { body }: InputOf<typeof createToken>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof createToken>> {
    return this.tokens.create(body, caller);
  }

  @Endpoint(revokeToken)
  async revokeToken(
    @Input() { params }: InputOf<typeof revokeToken>,
    @FromCaller() caller: Caller,
  ): Promise<void> {
    await this.tokens.revoke(params.id, caller);
  }
}
