import { Controller } from '@nestjs/common';
import { administratorErrors, roleSchema } from '@espalier/contracts';
import { defineEndpoint, Endpoint, Input, type InputOf, type ResultOf } from '@espalier/nest-kit';
import { z } from 'zod';
import { findRole, roles } from './role.catalogue.js';

const tag = 'Roles';

const listRoles = defineEndpoint({
  method: 'GET',
  path: '/api/v1/roles',
  scope: 'any',
  reach: 'self',
  tag,
  summary: 'List roles',
  description: 'The built-in roles, with what each allows.',
  response: z.object({ items: z.array(roleSchema) }),
});

const readRole = defineEndpoint({
  method: 'GET',
  path: '/api/v1/roles/:id',
  scope: 'any',
  reach: 'self',
  tag,
  summary: 'See one role',
  params: z.object({ id: z.string().min(1).max(64) }),
  response: roleSchema,
});

@Controller()
export class RoleController {
  @Endpoint(listRoles)
  listRoles(): ResultOf<typeof listRoles> {
    return { items: [...roles] };
  }

  @Endpoint(readRole)
  readRole(@Input() { params }: InputOf<typeof readRole>): ResultOf<typeof readRole> {
    const role = findRole(params.id);
    if (role === undefined) throw administratorErrors.ESP_ROLE_UNKNOWN({ detail: params.id });
    return role;
  }
}
