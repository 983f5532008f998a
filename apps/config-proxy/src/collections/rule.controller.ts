import { Controller, Inject, Res } from '@nestjs/common';
import {
  approvalSchema,
  collectionDetailSchema,
  collectionIdSchema,
  directRulePageSchema,
  directRulesBodySchema,
  directRulesResultSchema,
  newCollectionRuleSchema,
  pageQuery,
  type Approval,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import {
  approvalResponseHeaders,
  gatedHeaders,
  passGate,
  type GatedRequest,
} from '../approvals/approval.http.js';
import { ChangeGate } from '../approvals/change-gate.js';
import type { Weigh } from '../approvals/weigh.js';
import { setEtag } from '../http/etag.js';
import {
  collectionParams,
  collectionTag,
  etagHeaders,
  gatedAnswer,
  matching,
} from './collection.controller.js';
import { DirectRuleService } from './direct-rule.service.js';
import { RuleService, type RuleChange, type RuleEdit } from './rule.service.js';

const write = {
  scope: 'collections:write',
  tag: collectionTag,
  headers: gatedHeaders,
  responseHeaders: { ...etagHeaders, ...approvalResponseHeaders },
} as const;
const changedSchema = z.union([collectionDetailSchema, approvalSchema]);
const writtenSchema = z.union([directRulesResultSchema, approvalSchema]);

const addRule = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/:id/rules',
  reach: { collection: 'id' },
  summary: 'Add a query, include or exclude rule',
  description: `A rule that is there already stays as it is. Members are evaluated at once. ${gatedAnswer}`,
  params: collectionParams,
  body: newCollectionRuleSchema,
  response: changedSchema,
  status: 200,
});

const removeRule = defineEndpoint({
  ...write,
  method: 'DELETE',
  path: '/api/v1/collections/:id/rules/:ruleId',
  reach: { collection: 'id' },
  summary: 'Remove a query, include or exclude rule',
  description: `Members are evaluated at once. ${gatedAnswer}`,
  params: z.object({ id: collectionIdSchema, ruleId: z.coerce.number('must be a number').int().min(1) }),
  response: changedSchema,
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
  description: `All of them or, where one names nobody, none. Those whom they name join at once, as far as they are in the limiting collection. ${gatedAnswer}`,
  params: collectionParams,
  body: directRulesBodySchema,
  response: writtenSchema,
  status: 200,
});

const removeDirectRules = defineEndpoint({
  ...write,
  method: 'POST',
  path: '/api/v1/collections/:id/direct-rules/remove',
  reach: { collection: 'id' },
  summary: 'Remove direct rules, up to 10,000 at once',
  description: `Those that are not there do not matter. ${gatedAnswer}`,
  params: collectionParams,
  body: directRulesBodySchema,
  response: writtenSchema,
  status: 200,
});

interface ChangeRequest extends Omit<GatedRequest, 'params'> {
  readonly params: { readonly id: string };
}

@Controller()
export class RuleController {
  constructor(
    @Inject(RuleService) private readonly rules: RuleService,
    @Inject(DirectRuleService) private readonly directRules: DirectRuleService,
    @Inject(Visibility) private readonly visibility: Visibility,
    @Inject(ChangeGate) private readonly gate: ChangeGate,
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
    return this.change({ params, headers, caller, reply }, { add: [body] }, (change, edit, weigh) =>
      this.rules.edit(change, edit, weigh),
    );
  }

  @Endpoint(removeRule)
  async removeRule(
    @Input() { params, headers }: InputOf<typeof removeRule>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof removeRule>> {
    await this.visibility.requireChangeable(params.id, caller);
    return this.change(
      { params, headers, caller, reply },
      { remove: [params.ruleId] },
      (change, edit, weigh) => this.rules.edit(change, edit, weigh),
    );
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
    const { resourceIds } = body;
    const asked = how === 'add' ? { addDirect: resourceIds } : { removeDirect: resourceIds };
    return this.change({ params, headers, caller, reply }, asked, (change, _edit, weigh) =>
      this.rules.writeDirect(change, resourceIds, how, weigh),
    );
  }

  private async change<T extends { readonly version: number }>(
    { params, headers, caller, reply }: ChangeRequest,
    edit: RuleEdit,
    perform: (change: RuleChange, edit: RuleEdit, weigh: Weigh) => Promise<T>,
  ): Promise<T | Approval> {
    const change = { id: params.id, by: caller.title, check: matching(headers) };
    const asked = { what: 'edit', collectionId: params.id, ...edit } as const;
    const passed = await passGate(this.gate, { params: asked, headers, caller, reply }, (weigh) =>
      perform(change, edit, weigh),
    );
    if ('approval' in passed) return passed.approval;
    setEtag(reply, passed.done.version);
    return passed.done;
  }
}
