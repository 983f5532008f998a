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
import { collectionParams, collectionTag } from './collection.controller.js';
import { MembershipExplainer } from './membership.explainer.js';
import { MemberService } from './member.service.js';

const resourceId = z.coerce.number('must be a number').int().min(1).max(2_147_483_647);
const read = { method: 'GET', scope: 'collections:read', tag: collectionTag } as const;

const listMembers = defineEndpoint({
  ...read,
  path: '/api/v1/collections/:id/members',
  summary: 'List the members of a collection',
  description: 'By id unless told. Fields for filter and orderBy: resourceId, name, isDirect, joinedAt.',
  params: collectionParams,
  query: z.object(listQuery),
  response: collectionMemberPageSchema,
});

const explainMember = defineEndpoint({
  ...read,
  path: '/api/v1/collections/:id/members/:resourceId',
  summary: 'See why a device or user is, or is not, in a collection',
  description: 'By the rules and facts as they stand now, each rule with what it says.',
  params: z.object({ id: collectionIdSchema, resourceId }),
  response: membershipSchema,
});

const listDeviceCollections = defineEndpoint({
  ...read,
  path: '/api/v1/devices/:id/collections',
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
  ) {}

  @Endpoint(listMembers)
  listMembers(
    @Input() { params, query }: InputOf<typeof listMembers>,
  ): Promise<ResultOf<typeof listMembers>> {
    return this.members.list(params.id, query);
  }

  @Endpoint(explainMember)
  explainMember(@Input() { params }: InputOf<typeof explainMember>): Promise<ResultOf<typeof explainMember>> {
    return this.explainer.explainMembership(params.id, params.resourceId);
  }

  @Endpoint(listDeviceCollections)
  listDeviceCollections(
    @Input() { params, query }: InputOf<typeof listDeviceCollections>,
  ): Promise<ResultOf<typeof listDeviceCollections>> {
    return this.explainer.memberships(params.id, query);
  }
}
