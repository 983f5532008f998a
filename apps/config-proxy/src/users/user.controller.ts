import { Controller, Inject, Res } from '@nestjs/common';
import {
  affinityBodySchema,
  affinitySchema,
  conditionalHeaders,
  listQuery,
  newUserBodySchema,
  resourceIdParamSchema,
  userBodySchema,
  userPageSchema,
  userSchema,
} from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { FromCaller, type Caller } from '../access/caller.js';
import { setEtag } from '../http/etag.js';
import { idempotencyHeaders } from '../idempotency/idempotency.headers.js';
import { IdempotencyService } from '../idempotency/idempotency.service.js';
import { UserService } from './user.service.js';

const tag = 'Users';
const params = z.object({ resourceId: resourceIdParamSchema });
const both = z.object({ resourceId: resourceIdParamSchema, userId: resourceIdParamSchema });
const affinityList = z.object({ items: z.array(affinitySchema) });
const responseHeaders = { ETag: 'Version of the record, for If-Match.' };

const listUsers = defineEndpoint({
  method: 'GET',
  path: '/api/v1/users',
  reach: 'site',
  scope: 'devices:read',
  tag,
  summary: 'List users',
  description: 'Users who enrolled on a device or were made here, a page at a time.',
  query: z.object(listQuery),
  response: userPageSchema,
});

const createUser = defineEndpoint({
  method: 'POST',
  path: '/api/v1/users',
  reach: 'site',
  scope: 'devices:write',
  tag,
  summary: 'Make a user known',
  description: 'Before the user enrols: whoever enrols with this short name is this user.',
  headers: idempotencyHeaders,
  body: newUserBodySchema,
  response: userSchema,
  status: 201,
  responseHeaders,
});

const readUser = defineEndpoint({
  method: 'GET',
  path: '/api/v1/users/:resourceId',
  reach: 'site',
  scope: 'devices:read',
  tag,
  summary: 'See one user',
  params,
  response: userSchema,
  responseHeaders,
});

const updateUser = defineEndpoint({
  method: 'PUT',
  path: '/api/v1/users/:resourceId',
  reach: 'site',
  scope: 'devices:write',
  tag,
  summary: 'Change what is kept of a user',
  description: 'Replaces full name and mail address.',
  params,
  headers: conditionalHeaders,
  body: userBodySchema,
  response: userSchema,
  responseHeaders,
});

const deleteUser = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/users/:resourceId',
  reach: 'site',
  scope: 'devices:write',
  tag,
  summary: 'Delete a user',
  description: 'Only where the user is enrolled nowhere. The user leaves all collections.',
  params,
  headers: conditionalHeaders,
});

const listUserDevices = defineEndpoint({
  method: 'GET',
  path: '/api/v1/users/:resourceId/devices',
  reach: 'site',
  scope: 'devices:read',
  tag,
  summary: 'List the devices that a user uses',
  params,
  response: affinityList,
});

const listDeviceUsers = defineEndpoint({
  method: 'GET',
  path: '/api/v1/devices/:resourceId/users',
  reach: { device: 'resourceId' },
  scope: 'devices:read',
  tag,
  summary: 'List who uses a device',
  params,
  response: affinityList,
});

const tieUser = defineEndpoint({
  method: 'PUT',
  path: '/api/v1/devices/:resourceId/users/:userId',
  reach: 'site',
  scope: 'devices:write',
  tag,
  summary: 'Say who uses a device',
  description:
    'User-device affinity by an admin. A device has at most one primary user. Repeating it is harmless.',
  params: both,
  body: affinityBodySchema,
  response: affinitySchema,
});

const untieUser = defineEndpoint({
  method: 'DELETE',
  path: '/api/v1/devices/:resourceId/users/:userId',
  reach: 'site',
  scope: 'devices:write',
  tag,
  summary: 'Say that somebody no longer uses a device',
  description: 'It comes back where the user enrols on the device again.',
  params: both,
});

@Controller()
export class UserController {
  constructor(
    @Inject(UserService) private readonly users: UserService,
    @Inject(IdempotencyService) private readonly idempotency: IdempotencyService,
  ) {}

  @Endpoint(listUsers)
  listUsers(@Input() { query }: InputOf<typeof listUsers>): Promise<ResultOf<typeof listUsers>> {
    return this.users.list(query);
  }

  @Endpoint(createUser)
  async createUser(
    @Input() { body, headers }: InputOf<typeof createUser>,
    @FromCaller() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof createUser>> {
    const { user, version } = await this.idempotency.run(
      { callerId: caller.credentialId, key: headers['idempotency-key'], body: { createUser: body } },
      (tx) => this.users.create(tx, body),
    );
    setEtag(reply, version);
    void reply.header('location', `/api/v1/users/${user.resourceId}`);
    return user;
  }

  @Endpoint(readUser)
  async readUser(
    @Input() { params: { resourceId } }: InputOf<typeof readUser>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof readUser>> {
    const { user, version } = await this.users.get(resourceId);
    setEtag(reply, version);
    return user;
  }

  @Endpoint(updateUser)
  async updateUser(
    @Input() { params: { resourceId }, body, headers }: InputOf<typeof updateUser>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultOf<typeof updateUser>> {
    const { user, version } = await this.users.update(resourceId, body, headers['if-match']);
    setEtag(reply, version);
    return user;
  }

  @Endpoint(deleteUser)
  deleteUser(@Input() { params: { resourceId }, headers }: InputOf<typeof deleteUser>): Promise<void> {
    return this.users.remove(resourceId, headers['if-match']);
  }

  @Endpoint(listUserDevices)
  async listUserDevices(
    @Input() { params: { resourceId } }: InputOf<typeof listUserDevices>,
  ): Promise<ResultOf<typeof listUserDevices>> {
    return { items: await this.users.affinities('user', resourceId) };
  }

  @Endpoint(listDeviceUsers)
  async listDeviceUsers(
    @Input() { params: { resourceId } }: InputOf<typeof listDeviceUsers>,
  ): Promise<ResultOf<typeof listDeviceUsers>> {
    return { items: await this.users.affinities('device', resourceId) };
  }

  @Endpoint(tieUser)
  tieUser(
    @Input() { params: { resourceId, userId }, body }: InputOf<typeof tieUser>,
    @FromCaller() caller: Caller,
  ): Promise<ResultOf<typeof tieUser>> {
    return this.users.tie(resourceId, userId, body.isPrimary, caller.title);
  }

  @Endpoint(untieUser)
  untieUser(@Input() { params: { resourceId, userId } }: InputOf<typeof untieUser>): Promise<void> {
    return this.users.untie(resourceId, userId);
  }
}
