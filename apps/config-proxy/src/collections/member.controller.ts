import { Controller, Inject } from '@nestjs/common';
import {
  collectionIdSchema,
  collectionMemberPageSchema,
  listQuery,
  membershipSchema,
  membershipsSchema,
  pageQuery,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { Visibility } from '../access/visibility.service.js';
import { collectionParams, collectionTag } from './collection.controller.js';
import { MembershipExplainer } from './membership.explainer.js';
import { MemberService } from './member.service.js';

const resourceId = z.coerce.number('must be a number').int().min(1).max(2_147_483_647);
const read = { method: 'GET', scope: 'collections:read', tag: collectionTag } as const;

const listMembers = defineEndpoint({
  ...read,
  path: '/api/v1/collections/:id/members',
  reach: { collection: 'id' },
  summary: 'List the members of a collection',
  description: 'By id unless told. Fields for filter and orderBy: resourceId, name, isDirect, joinedAt.',
  params: collectionParams,
  query: z.object(listQuery),
  response: collectionMemberPageSchema,
});

const explainMember = defineEndpoint({
  ...read,
  path: '/api/v1/collections/:id/members/:resourceId',
  reach: { collection: 'id' },
  summary: 'See why a device or user is, or is not, in a collection',
  description: 'By the rules and facts as they stand now, each rule with what it says.',
  params: z.object({ id: collectionIdSchema, resourceId }),
  response: membershipSchema,
});

const listDeviceCollections = defineEndpoint({
  ...read,
  path: '/api/v1/devices/:id/collections',
  reach: { device: 'id' },
  summary: 'List the collections of a device',
  description: 'Each with the rules that make the device a member.',
  params: z.object({ id: resourceId }),
  query: z.object(pageQuery),
  response: membershipsSchema,
});

@Controller()
export class MemberController {
  constructor(
    @Inject(MemberService) private readonly members: MemberService,
    @Inject(MembershipExplainer) private readonly explainer: MembershipExplainer,
    @Inject(Visibility) private readonly visibility: Visibility,
  ) {}

  @Endpoint(listMembers)
  listMembers(
    @Input() { params, query }: InputOf<typeof listMembers>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listMembers>> {
    const within = this.visibility.devices(caller, 'collections:read', 'm.resource_id');
    return this.members.list(params.id, query, within);
  }

  @Endpoint(explainMember)
  async explainMember(
    @Input() { params }: InputOf<typeof explainMember>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof explainMember>> {
    await this.visibility.requireDevices([params.resourceId], caller.reach('collections:read'));
    return this.explainer.explainMembership(params.id, params.resourceId);
  }

  @Endpoint(listDeviceCollections)
  async listDeviceCollections(
    @Input() { params, query }: InputOf<typeof listDeviceCollections>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof listDeviceCollections>> {
    const within = await this.visibility.collections(caller, 'collections:read', 'collection_id');
    return this.explainer.memberships(params.id, query, within);
  }
}
