import { z } from 'zod';

/** What an API token may be allowed to do, each with what it says to people. */
export const apiScopes = {
  'devices:read': 'See devices.',
  'devices:push': 'Wake devices and have them evaluated.',
  'devices:write':
    'Change what is kept of devices and users: extension data, affinity, records that are obsolete.',
  'collections:read': 'See collections, their rules and members.',
  'collections:write': 'Make, change and delete collections, and have them evaluated.',
  'library:read': 'See configuration items, baselines, applications and packages, with their content.',
  'library:write': 'Make, change and delete what can be deployed, and upload content.',
  'deployments:read': 'See deployments and how devices stand with them.',
  'deployments:write': 'Deploy things to collections, change and end deployments.',
  'status:read': 'See status messages of the services.',
  'commands:read': 'See commands and what devices answered.',
  'commands:write': 'Send commands to devices and take them back.',
  'commands:destructive':
    'With commands:write: send commands that lose data, lock people out, interrupt their work, or bring profiles and software, and commands that are not known here.',
  'scripts:read':
    'See scripts and what came of running them; with reach over the whole site also their text.',
  'scripts:write': 'Make, change and delete scripts.',
  'scripts:run': 'Have Mac clients run approved scripts and CMPivot queries.',
  'enrollment:write': 'Make links under which devices enrol.',
  'events:read': 'Follow live events.',
  'tokens:admin':
    'See, make and revoke API tokens of your own; with administrators:admin those of others. A token can only give scopes that it has itself.',
  'administrators:admin':
    'With reach over the whole site: see and change administrators, their identities, roles and tokens. Nobody can give more than they have.',
  'approvals:read': 'See requests for approval and what became of them.',
  'approvals:decide': 'Approve or reject what others asked for.',
  'audit:read': 'See and export the audit log.',
  'secrets:read': 'Read secrets that devices escrowed, such as recovery keys. Each reading is recorded.',
} as const satisfies Readonly<Record<string, string>>;

export type ApiScope = keyof typeof apiScopes;

export const allApiScopes = Object.keys(apiScopes) as readonly ApiScope[];

export const apiScopeSchema = z.enum(Object.keys(apiScopes) as [ApiScope, ...ApiScope[]]);

/** An API token as text: `esp_` and 256 random bits as base64url. */
export const apiTokenTextSchema = z
  .string()
  .regex(/^esp_[A-Za-z0-9_-]{43}$/, 'must be esp_ and 43 characters of base64url (32 random bytes)');
