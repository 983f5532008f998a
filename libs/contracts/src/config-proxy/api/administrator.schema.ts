import { z } from 'zod';
import { collectionIdSchema } from '../../policy/policy.schema.js';
import { plainTextSchema } from '../../mdm/enrollment.schema.js';
import { apiScopeSchema } from '../api-scope.js';
import { approvalModeSchema } from './approval.schema.js';
import { nextCursorSchema } from '../console-api.schema.js';

/** Ids of the built-in roles, with ConfigMgr's names; `helpdesk` and `auditor` are ours. */
export const roleIds = [
  'full-administrator',
  'operations-administrator',
  'infrastructure-administrator',
  'security-administrator',
  'compliance-settings-manager',
  'application-administrator',
  'remote-tools-operator',
  'helpdesk',
  'read-only-analyst',
  'auditor',
] as const;
export type RoleId = (typeof roleIds)[number];
export const roleIdSchema = z.enum(roleIds).meta({ description: 'Id of a role: see /api/v1/roles.' });

export const roleSchema = z
  .object({
    id: roleIdSchema,
    name: z.string(),
    description: z.string(),
    scopes: z.array(apiScopeSchema).meta({ description: 'What the role allows.' }),
  })
  .meta({ id: 'Role', description: 'A named set of scopes.' });
export type Role = z.output<typeof roleSchema>;

/** A role of an administrator, and where it holds. */
export const roleAssignmentSchema = z.strictObject({
  roleId: roleIdSchema,
  collectionIds: z
    .array(collectionIdSchema)
    .min(1)
    .max(100)
    .nullable()
    .meta({ description: 'Collections that the role is limited to; null for the whole site.' }),
});
export type RoleAssignment = z.output<typeof roleAssignmentSchema>;

/** `oidc:<issuer>#<subject>`, `kerberos:<principal>` or `certificate:<SHA-256 of the public key's SPKI, hex>`. */
export const identityKeySchema = plainTextSchema
  .max(400)
  .regex(
    /^(oidc:[^#\s]+#\S.*|kerberos:[^@\s]+@[^@\s]+|certificate:[0-9a-f]{64})$/,
    'must be oidc:<issuer>#<subject>, kerberos:<principal> or certificate:<SHA-256 of the SPKI, hex>',
  );

export const administratorKindSchema = z.enum(['person', 'service']);
export type AdministratorKind = z.output<typeof administratorKindSchema>;

const name = plainTextSchema.trim().min(1).max(100).meta({ description: 'Logon name, as in CORP\\anna.' });
const displayName = plainTextSchema.trim().max(255).meta({ description: 'As people say it.' });
const isEnabled = z.boolean().meta({ description: 'False: neither tokens nor other ways to sign in work.' });

export const administratorSchema = z
  .object({
    id: z.uuid(),
    name,
    displayName,
    kind: administratorKindSchema,
    isEnabled,
    isBuiltIn: z.boolean(),
    assignments: z.array(roleAssignmentSchema),
    identities: z.array(z.string()).meta({ description: 'Ways to sign in besides API tokens.' }),
    version: z.number().int(),
    createdAt: z.number().int(),
    createdBy: z.string(),
    changedAt: z.number().int(),
    changedBy: z.string(),
  })
  .meta({
    id: 'Administrator',
    description: 'A person or service account. Times are epoch milliseconds, UTC.',
  });
export type Administrator = z.output<typeof administratorSchema>;

export const administratorPageSchema = z.object({
  items: z.array(administratorSchema),
  nextCursor: nextCursorSchema,
});

export const newAdministratorBodySchema = z.strictObject({
  name,
  displayName: displayName.default(''),
  kind: administratorKindSchema.default('person'),
});
export type NewAdministrator = z.output<typeof newAdministratorBodySchema>;

export const administratorBodySchema = z.strictObject({ name, displayName, isEnabled });
export type AdministratorChange = z.output<typeof administratorBodySchema>;

export const assignmentsBodySchema = z.strictObject({
  assignments: z.array(roleAssignmentSchema).max(20),
});
export const identitiesBodySchema = z.strictObject({
  identities: z
    .array(identityKeySchema)
    .max(20)
    .transform((keys) => [...new Set(keys)]),
});

export const whoamiSchema = z.object({
  type: z.enum(['api-token', 'person', 'service']),
  id: z.string().meta({ description: 'Of the token, or of the way to sign in.' }),
  name: z.string().meta({ description: 'Of the token or, without one, of the administrator.' }),
  method: z.enum(['token', 'oidc', 'kerberos', 'certificate']),
  administrator: z.object({ id: z.string(), name: z.string() }),
  roles: z.array(roleAssignmentSchema).meta({ description: 'Of the administrator; a token may allow less.' }),
  scopes: z.array(apiScopeSchema).meta({ description: 'What may be done with this request.' }),
  reach: z
    .partialRecord(apiScopeSchema, z.array(z.string()).nullable())
    .meta({ description: 'Scope to the collections where it holds; null for the whole site.' }),
  expiresAt: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'When this stops working, epoch milliseconds; null where it does not.' }),
  approvals: approvalModeSchema.meta({
    description: 'off: nothing waits for a second person at this site (ESPALIER_APPROVALS).',
  }),
});
