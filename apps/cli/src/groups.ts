import type { Command } from 'commander';
import type { Cli } from './cli.js';

/** Adds arguments, options and subcommands to a command, and what they do. */
export type Define = (command: Command, cli: Cli) => void;

/** A word that may follow `espalier`. Its module is loaded only where it is used. */
export interface Group {
  readonly name: string;
  readonly summary: string;
  readonly heading: string;
  readonly load: () => Promise<Define>;
}

const group = (heading: string, name: string, summary: string, load: () => Promise<Define>): Group => ({
  name,
  summary,
  heading,
  load,
});

const EVERY_DAY = 'Every day:';
const DEPLOY = 'What is deployed where:';
const LIBRARY = 'What can be deployed:';
const SITE = 'The site:';
const ACCESS = 'Access:';

export const groups: readonly Group[] = [
  group(
    EVERY_DAY,
    'devices',
    'find, see and change devices',
    async () => (await import('./commands/devices.js')).devices,
  ),
  group(
    EVERY_DAY,
    'explain',
    'why a device has (not) got something',
    async () => (await import('./commands/explain.js')).explain,
  ),
  group(
    EVERY_DAY,
    'commands',
    'send commands to devices, see and cancel them',
    async () => (await import('./commands/commands.js')).commands,
  ),
  group(
    EVERY_DAY,
    'pivot',
    'ask devices a CMPivot query, and see their rows',
    async () => (await import('./commands/pivot.js')).pivot,
  ),
  group(
    EVERY_DAY,
    'users',
    'who uses which devices',
    async () => (await import('./commands/users.js')).users,
  ),
  group(
    DEPLOY,
    'deploy',
    'deploy something to a collection',
    async () => (await import('./commands/deploy.js')).deploy,
  ),
  group(
    DEPLOY,
    'deployments',
    'see and end deployments',
    async () => (await import('./commands/deployments.js')).deployments,
  ),
  group(
    DEPLOY,
    'collections',
    'sets of devices or users',
    async () => (await import('./commands/collections.js')).collections,
  ),
  group(
    DEPLOY,
    'windows',
    'maintenance windows of collections',
    async () => (await import('./commands/windows.js')).windows,
  ),
  group(
    DEPLOY,
    'variables',
    'variables of devices and collections',
    async () => (await import('./commands/variables.js')).variables,
  ),
  group(
    LIBRARY,
    'items',
    'configuration items: profiles, declarations, scripts',
    async () => (await import('./commands/items.js')).items,
  ),
  group(
    LIBRARY,
    'baselines',
    'configuration items that are deployed together',
    async () => (await import('./commands/baselines.js')).baselines,
  ),
  group(
    LIBRARY,
    'applications',
    'software that is installed, and how it is seen',
    async () => (await import('./commands/applications.js')).applications,
  ),
  group(
    LIBRARY,
    'packages',
    'files with programs that are run',
    async () => (await import('./commands/packages.js')).packages,
  ),
  group(
    LIBRARY,
    'scripts',
    'scripts that Mac clients run, once they are approved',
    async () => (await import('./commands/scripts.js')).scripts,
  ),
  group(
    LIBRARY,
    'content',
    'files that applications and packages are made of',
    async () => (await import('./commands/content.js')).content,
  ),
  group(
    SITE,
    'links',
    'links under which devices enrol: make, see and revoke them',
    async () => (await import('./commands/links.js')).links,
  ),
  group(SITE, 'jobs', 'long work: how far it is', async () => (await import('./commands/jobs.js')).jobs),
  group(
    SITE,
    'events',
    'follow what happens, live',
    async () => (await import('./commands/events.js')).events,
  ),
  group(
    SITE,
    'status',
    'what the services have to say to admins',
    async () => (await import('./commands/status.js')).status,
  ),
  group(
    SITE,
    'doctor',
    'check the connection and the site, and what to mend',
    async () => (await import('./commands/doctor.js')).doctor,
  ),
  group(ACCESS, 'login', 'sign in to a server', async () => (await import('./commands/login.js')).login),
  group(
    ACCESS,
    'logout',
    'forget how you sign in to a server',
    async () => (await import('./commands/login.js')).logout,
  ),
  group(
    ACCESS,
    'whoami',
    'who you are, and what you may do',
    async () => (await import('./commands/whoami.js')).whoami,
  ),
  group(
    ACCESS,
    'profiles',
    'the servers that you are signed in to',
    async () => (await import('./commands/profiles.js')).profiles,
  ),
  group(
    ACCESS,
    'tokens',
    'make, see and revoke API tokens',
    async () => (await import('./commands/tokens.js')).tokens,
  ),
  group(
    ACCESS,
    'administrators',
    'who may sign in, and what they may do',
    async () => (await import('./commands/administrators.js')).administrators,
  ),
  group(
    ACCESS,
    'roles',
    'what administrators can be allowed',
    async () => (await import('./commands/roles.js')).roles,
  ),
  group(
    ACCESS,
    'approve',
    'approve what somebody else asked for',
    async () => (await import('./commands/approvals.js')).approve,
  ),
  group(
    ACCESS,
    'approvals',
    'what waits for a second person',
    async () => (await import('./commands/approvals.js')).approvals,
  ),
  group(
    ACCESS,
    'policies',
    'what needs a second person',
    async () => (await import('./commands/policies.js')).policies,
  ),
  group(
    ACCESS,
    'audit',
    'who did what; verify and export the log',
    async () => (await import('./commands/audit.js')).audit,
  ),
  group(
    'More:',
    'api',
    'send any request to the JSON API',
    async () => (await import('./commands/api.js')).api,
  ),
  group(
    'More:',
    'completion',
    'completion for bash, zsh and fish',
    async () => (await import('./commands/completion.js')).completion,
  ),
];
