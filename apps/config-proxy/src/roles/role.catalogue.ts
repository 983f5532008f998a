import { allApiScopes, type ApiScope, type Role, type RoleId } from '@espalier/contracts';

/** What everybody needs who looks at devices and what is deployed to them. */
const look = [
  'devices:read',
  'collections:read',
  'library:read',
  'deployments:read',
  'status:read',
  'commands:read',
  'scripts:read',
  'tokens:admin',
] as const satisfies readonly ApiScope[];

const allBut = (...scopes: readonly ApiScope[]): ApiScope[] =>
  allApiScopes.filter((scope) => !scopes.includes(scope));

const catalogue: Readonly<Record<RoleId, Omit<Role, 'id'>>> = {
  'full-administrator': {
    name: 'Full Administrator',
    description: 'Everything.',
    scopes: [...allApiScopes],
  },
  'operations-administrator': {
    name: 'Operations Administrator',
    description: 'Everything but administrators, the audit log and escrowed secrets.',
    scopes: allBut('administrators:admin', 'audit:read', 'secrets:read'),
  },
  'infrastructure-administrator': {
    name: 'Infrastructure Administrator',
    description: 'How devices enrol, and how the services are.',
    scopes: [...look, 'events:read', 'enrollment:write'],
  },
  'security-administrator': {
    name: 'Security Administrator',
    description:
      'Administrators, as far as they are given no more than this role has; approvals and audit to read.',
    scopes: [...look, 'events:read', 'administrators:admin', 'approvals:read', 'audit:read'],
  },
  'compliance-settings-manager': {
    name: 'Compliance Settings Manager',
    description: 'Configuration items, baselines and scripts, and where they are deployed.',
    scopes: [
      ...look,
      'devices:push',
      'library:write',
      'deployments:write',
      'scripts:write',
      'approvals:read',
    ],
  },
  'application-administrator': {
    name: 'Application Administrator',
    description: 'Applications and packages, where they are deployed, and the collections for that.',
    scopes: [
      ...look,
      'devices:push',
      'collections:write',
      'library:write',
      'deployments:write',
      'approvals:read',
    ],
  },
  'remote-tools-operator': {
    name: 'Remote Tools Operator',
    description: 'Commands to devices that lose nothing and lock nobody out.',
    scopes: [
      'devices:read',
      'collections:read',
      'commands:read',
      'devices:push',
      'commands:write',
      'tokens:admin',
    ],
  },
  helpdesk: {
    name: 'Helpdesk',
    description: 'Helps people with their devices: commands, what is kept of devices, recovery keys.',
    scopes: [...look, 'devices:push', 'devices:write', 'commands:write', 'approvals:read', 'secrets:read'],
  },
  'read-only-analyst': {
    name: 'Read-only Analyst',
    description: 'Sees everything but the audit log and secrets, changes nothing.',
    scopes: [...look, 'events:read', 'approvals:read'],
  },
  auditor: {
    name: 'Auditor',
    description: 'Sees what the Read-only Analyst sees, and the audit log.',
    scopes: [...look, 'events:read', 'approvals:read', 'audit:read'],
  },
};

/** The built-in roles, those that may do most first. */
export const roles: readonly Role[] = Object.entries(catalogue).map(([id, role]) => ({
  id: id as RoleId,
  ...role,
  // In one order everywhere, so that roles are easily compared.
  scopes: allApiScopes.filter((scope) => role.scopes.includes(scope)),
}));

const byId = new Map(roles.map((role) => [role.id, role]));

export const findRole = (id: string): Role | undefined => byId.get(id as RoleId);
