import { Controller, Inject, Res } from '@nestjs/common';
import { whoamiSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
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
  tag,
  summary: 'See whose API token this is and what it may do',
  response: whoamiSchema,
});

@Controller()
export class AboutController {
  constructor(@Inject(ApiDocument) private readonly document: ApiDocument) {}

  @Endpoint(showIndex)
  async showIndex(@Res() reply: FastifyReply): Promise<void> {
    await reply.type('text/html; charset=utf-8').send(indexPage(this.document.openApi));
  }

  @Endpoint(showOpenApi)
  showOpenApi(): ResultOf<typeof showOpenApi> {
    return { ...this.document.openApi };
  }

  @Endpoint(whoami)
  whoami(@FromCaller() { token }: Caller): ResultOf<typeof whoami> {
    const { id, name, scopes, expiresAt } = token;
    return { type: 'api-token', id, name, scopes, expiresAt };
  }
}
