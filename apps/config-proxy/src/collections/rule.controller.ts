import { Controller, Inject, Res } from '@nestjs/common';
import {
  collectionDetailSchema,
  collectionIdSchema,
  conditionalHeaders,
  directRulePageSchema,
  directRulesBodySchema,
  directRulesResultSchema,
  newCollectionRuleSchema,
  pageQuery,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import { setEtag } from '../http/etag.js';
import { collectionParams, collectionTag, etagHeaders, matching } from './collection.controller.js';
import { DirectRuleService } from './direct-rule.service.js';
import { RuleService } from './rule.service.js';

const write = {
  scope: 'collections:write',
  tag: collectionTag,
  headers: conditionalHeaders,
  responseHeaders: etagHeaders,
} as const;

const addRule = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/:id/rules',
  reach: { collection: 'id' },
  summary: 'Add a query, include or exclude rule',
  description: 'A rule that is there already stays as it is. Members are evaluated at once.',
  params: collectionParams,
  body: newCollectionRuleSchema,
  response: collectionDetailSchema,
  status: 200,
});

const removeRule = defineEndpoint({
  ...write,
  method: 'DELETE',
  path: '/api/v1/collections/:id/rules/:ruleId',
  reach: { collection: 'id' },
  summary: 'Remove a query, include or exclude rule',
  description: 'Members are evaluated at once.',
  params: z.object({ id: collectionIdSchema, ruleId: z.coerce.number('must be a number').int().min(1) }),
  response: collectionDetailSchema,
});

const listDirectRules = defineEndpoint({
  method: 'GET',
  path: '/api/v1/collections/:id/direct-rules',
  reach: { collection: 'id' },
  scope: 'collections:read',
  tag: collectionTag,
  summary: 'List the direct rules of a collection',
  description: 'By id of the device or user.',
  params: collectionParams,
  query: z.object(pageQuery),
  response: directRulePageSchema,
});

const addDirectRules = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/:id/direct-rules',
  reach: { collection: 'id' },
  summary: 'Add direct rules, up to 10,000 at once',
  description:
    'All of them or, where one names nobody, none. Those whom they name join at once, as far as they are in the limiting collection.',
  params: collectionParams,
  body: directRulesBodySchema,
  response: directRulesResultSchema,
  status: 200,
});

const removeDirectRules = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/:id/direct-rules/remove',
  reach: { collection: 'id' },
  summary: 'Remove direct rules, up to 10,000 at once',
  description: 'Those that are not there do not matter.',
  params: collectionParams,
  body: directRulesBodySchema,
  response: directRulesResultSchema,
  status: 200,
});

@Controller()
export class RuleController {
  constructor(
    @Inject(RuleService) private readonly rules: RuleService,
    @Inject(DirectRuleService) private readonly directRules: DirectRuleService,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(addRule)
  async addRule(
    @Input() { params, headers, body }: InputOf<typeof addRule>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof addRule>> {
    await this.visibility.requireChangeable(params.id, caller);
    if (body.kind !== 'query')
      await this.visibility.requireCollections([body.collectionId], caller.reach('collections:write'));
    const change = { id: params.id, by: caller.title, check: matching(headers) };
    const changed = await this.rules.add(change, body);
    setEtag(reply, changed.version);
    return changed;
  }

  @Endpoint(removeRule)
  async removeRule(
    @Input() { params, headers }: InputOf<typeof removeRule>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof removeRule>> {
    await this.visibility.requireChangeable(params.id, caller);
    const change = { id: params.id, by: caller.title, check: matching(headers) };
    const changed = await this.rules.remove(change, params.ruleId);
    setEtag(reply, changed.version);
    return changed;
  }

  @Endpoint(listDirectRules)
  listDirectRules(
    @Input() { params, query }: InputOf<typeof listDirectRules>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDirectRules>> {
    const within = this.visibility.devices(caller, 'collections:read', 'd.resource_id');
    return this.directRules.list(params.id, query, within);
  }

  @Endpoint(addDirectRules)
  addDirectRules(
    @Input() input: InputOf<typeof addDirectRules>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof addDirectRules>> {
    return this.writeDirect(input, 'add', caller, reply);
  }

  @Endpoint(removeDirectRules)
  removeDirectRules(
    @Input() input: InputOf<typeof removeDirectRules>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof removeDirectRules>> {
    return this.writeDirect(input, 'remove', caller, reply);
  }

  private async writeDirect(
    { params, headers, body }: Pick<InputOf<typeof addDirectRules>, 'params' | 'headers' | 'body'>,
    how: 'add' | 'remove',
    caller: Caller,
    reply: FastifyReply,
  ): Promise<ResultOf<typeof addDirectRules>> {
    await this.visibility.requireChangeable(params.id, caller);
    await this.visibility.requireDevices(body.resourceIds, caller.reach('collections:write'));
    const change = { id: params.id, by: caller.title, check: matching(headers) };
    const result = await this.rules.writeDirect(change, body.resourceIds, how);
    setEtag(reply, result.version);
    return result;
  }
}
